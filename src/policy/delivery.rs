//! Whether a bucket's policy lets a load balancer deliver logs.

use super::{Answer, Caller, Known, Policy, Request};

/// Who delivers (ELB user guide, "Enable access logs", "Bucket policy").
pub const SERVICE: &str = "logdelivery.elasticloadbalancing.amazonaws.com";

/// A delivery of logs, as policies see it.
#[derive(Clone, Copy, Debug)]
pub struct Delivery<'a> {
    /// The load balancer's region.
    pub region: &'a str,
    /// Its partition.
    pub partition: &'a str,
    /// Its account.
    pub account: &'a str,
    /// Its name.
    pub balancer: &'a str,
    /// The folder that the objects come into, as an ARN.
    pub folder: &'a str,
}

/// The accounts that deliver in regions from before August 2022, in policies
/// of that time (ELB user guide, "Enable access logs", legacy bucket policy).
const ACCOUNTS: &[(&str, &str)] = &[
    ("af-south-1", "098369216593"),
    ("ap-east-1", "754344448648"),
    ("ap-northeast-1", "582318560864"),
    ("ap-northeast-2", "600734575887"),
    ("ap-northeast-3", "383597477331"),
    ("ap-south-1", "718504428378"),
    ("ap-southeast-1", "114774131450"),
    ("ap-southeast-2", "783225319266"),
    ("ap-southeast-3", "589379963580"),
    ("ca-central-1", "985666609251"),
    ("cn-north-1", "638102146993"),
    ("cn-northwest-1", "037604701340"),
    ("eu-central-1", "054676820928"),
    ("eu-north-1", "897822967062"),
    ("eu-south-1", "635631232127"),
    ("eu-west-1", "156460612806"),
    ("eu-west-2", "652711504416"),
    ("eu-west-3", "009996457667"),
    ("me-south-1", "076674570225"),
    ("sa-east-1", "507241528517"),
    ("us-east-1", "127311923021"),
    ("us-east-2", "033677994240"),
    ("us-gov-east-1", "190560391635"),
    ("us-gov-west-1", "048591011584"),
    ("us-west-1", "027434742980"),
    ("us-west-2", "797873946194"),
];

/// Judges a bucket's policy. Where it lets the service in, or the account that
/// delivered before there was one, logs come; else what is said to the service
/// counts, unless only the account is spoken of.
pub fn judge(policy: &str, asked: &Delivery<'_>) -> Answer {
    let policy = Policy::of_bucket(policy);
    let by_service = policy.judge(&asked.by_service());
    let of_old = ACCOUNTS.iter().find(|(region, _)| *region == asked.region);
    let Some((_, account)) = of_old.filter(|_| !by_service.is_yes()) else {
        return by_service;
    };
    let by_account = policy.judge(&asked.by_account(account));
    let is_silent = by_service.is_no() && !by_service.is_denied();
    if by_account.is_yes() || is_silent {
        by_account
    } else {
        by_service
    }
}

impl Delivery<'_> {
    /// Some object below the folder; what a statement says of a single one is not
    /// asked. How logs are written is an assumption beyond the bucket's encryption.
    fn by(&self, caller: Caller) -> Request {
        let object = format!("{}/elasticloadbalancing/a.log.gz", self.folder);
        Request::new(caller, "s3:PutObject", &object)
            .with("aws:SecureTransport", Known::text("true"))
            .with("s3:x-amz-acl", Known::text("bucket-owner-full-control"))
            .with("s3:x-amz-server-side-encryption", Known::text("AES256"))
    }

    /// ELB user guide, same page: the service names the load balancer it acts for.
    fn by_service(&self) -> Request {
        let source = format!(
            "arn:{}:elasticloadbalancing:{}:{}:loadbalancer/app/{}/0",
            self.partition, self.region, self.account, self.balancer
        );
        self.by(Caller::Service(SERVICE.to_owned()))
            .with("aws:SourceAccount", Known::text(self.account))
            .with("aws:SourceArn", Known::text(source))
    }

    fn by_account(&self, id: &str) -> Request {
        self.by(Caller::Identity {
            arn: format!("arn:{}:iam::{id}:root", self.partition),
            session: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const ASKED: Delivery<'_> = Delivery {
        region: "eu-central-1",
        partition: "aws",
        account: "111122223333",
        balancer: "orders",
        folder: "arn:aws:s3:::logs/orders/AWSLogs/111122223333",
    };

    fn said(statements: &Value) -> Answer {
        said_of(&json!({ "Version": "2012-10-17", "Statement": statements }).to_string())
    }

    fn is_silent(answer: &Answer) -> bool {
        answer.is_no() && !answer.is_denied()
    }

    fn said_of(policy: &str) -> Answer {
        judge(policy, &ASKED)
    }

    fn allow(principal: &Value) -> Value {
        json!({
            "Effect": "Allow", "Principal": principal, "Action": "s3:PutObject",
            "Resource": "arn:aws:s3:::logs/orders/AWSLogs/111122223333/*",
        })
    }

    #[test]
    fn the_service_may_deliver_and_so_may_the_account_of_old_policies() {
        for principal in [
            json!({"Service": SERVICE}),
            json!({"Service": ["delivery.logs.amazonaws.com", SERVICE]}),
            json!({"AWS": "arn:aws:iam::054676820928:root"}),
            json!({"AWS": "054676820928"}),
            json!("*"),
        ] {
            assert!(said(&allow(&principal)).is_yes(), "{principal}");
        }
        for principal in [
            json!({"Service": "delivery.logs.amazonaws.com"}),
            json!({"AWS": "arn:aws:iam::127311923021:root"}),
        ] {
            assert!(is_silent(&said(&allow(&principal))), "{principal}");
        }
        assert!(is_silent(&said_of("")));
    }

    #[test]
    fn another_folder_another_account_or_a_deny_is_no_delivery() {
        let mut other = allow(&json!({"Service": SERVICE}));
        other["Resource"] = json!("arn:aws:s3:::logs/AWSLogs/111122223333/*");
        assert!(is_silent(&said(&other)));
        let mut condition = allow(&json!({"Service": SERVICE}));
        condition["Condition"] = json!({"StringEquals": {"aws:SourceAccount": "444455556666"}});
        assert!(is_silent(&said(&condition)));
        condition["Condition"] = json!({"StringEquals": {"aws:SourceAccount": "111122223333"},
            "ArnLike": {"aws:SourceArn": "arn:aws:elasticloadbalancing:eu-central-1:111122223333:loadbalancer/*"}});
        assert!(said(&condition).is_yes());
        condition["Condition"] = json!({"StringEquals": {"aws:SourceOrgID": "o-1"}});
        let open = said(&condition).to_string();
        assert!(open.contains("depends on aws:SourceOrgID"), "{open}");
        let deny = |condition: Value| {
            json!({"Sid": "Tls", "Effect": "Deny", "Principal": "*", "Action": "s3:*",
                "Resource": "arn:aws:s3:::logs/*", "Condition": condition})
        };
        let own = allow(&json!({"Service": SERVICE}));
        let plain = deny(json!({"Bool": {"aws:SecureTransport": "false"}}));
        assert!(said(&json!([own, plain])).is_yes());
        let all = deny(json!({}));
        let denied = said(&json!([own, all]));
        assert!(denied.is_denied(), "{denied}");
        assert!(denied.to_string().contains("Tls"), "{denied}");
        // The load balancer is known by its name.
        condition["Condition"] = json!({"ArnLike": {"aws:SourceArn":
            "arn:aws:elasticloadbalancing:eu-central-1:111122223333:loadbalancer/app/billing/*"}});
        assert!(is_silent(&said(&condition)));
        // A Deny for everybody but the service strikes nobody who delivers.
        let others = json!({"Effect": "Deny", "Principal": "*", "Action": "s3:PutObject",
            "Resource": "arn:aws:s3:::logs/*",
            "Condition": {"StringNotEquals": {"aws:PrincipalServiceName": SERVICE}}});
        assert!(said(&json!([own, others])).is_yes());
    }
}
