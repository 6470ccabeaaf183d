//! Whether a bucket's policy lets a load balancer deliver logs.

use serde_json::Value;

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
    /// The folder that the objects come into, as an ARN.
    pub folder: &'a str,
}

/// What a policy says to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It may.
    Yes,
    /// Nothing allows it.
    Silent,
    /// This statement denies it.
    Denied(String),
    /// It depends on this.
    Depends(String),
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

/// Whether something holds of the delivery.
#[derive(Clone, Debug, PartialEq)]
enum Met {
    Yes,
    No,
    /// Not known: this.
    Open(String),
}

/// Judges a bucket's policy (IAM user guide, "Policy evaluation logic").
pub fn judge(policy: &str, asked: &Delivery<'_>) -> Verdict {
    let policy: Value = serde_json::from_str(policy).unwrap_or_default();
    let statements = match &policy["Statement"] {
        Value::Array(all) => all.iter().collect(),
        single @ Value::Object(_) => vec![single],
        _ => Vec::new(),
    };
    let (mut allowed, mut open) = (false, None);
    for (index, statement) in statements.into_iter().enumerate() {
        let denies = statement["Effect"] == "Deny";
        match applies(statement, asked, denies) {
            Met::No => {}
            Met::Open(on) => open = Some(on),
            Met::Yes if denies => {
                let sid = statement["Sid"].as_str();
                let named = sid.map(|sid| format!("the statement {sid:?}"));
                return Verdict::Denied(named.unwrap_or(format!("statement {}", index + 1)));
            }
            Met::Yes => allowed = true,
        }
    }
    match (allowed, open) {
        (true, None) => Verdict::Yes,
        (_, Some(on)) => Verdict::Depends(on),
        (false, None) => Verdict::Silent,
    }
}

fn applies(statement: &Value, asked: &Delivery<'_>, denies: bool) -> Met {
    let listed = |field: &str, fits: &dyn Fn(&str) -> bool| {
        let negated = format!("Not{field}");
        match (statement.get(field), statement.get(&negated)) {
            (Some(values), _) => texts(values).any(fits),
            (None, Some(values)) => !texts(values).any(fits),
            (None, None) => false,
        }
    };
    let action = |one: &str| matches(&one.to_ascii_lowercase(), "s3:putobject");
    // Some object below the folder; a Deny of single ones is not a Deny of all.
    let object = format!("{}/elasticloadbalancing/a.log.gz", asked.folder);
    let principal = match (statement.get("Principal"), statement.get("NotPrincipal")) {
        (Some(principal), _) => names(principal, asked),
        (None, Some(others)) => !names(others, asked) && denies,
        (None, None) => false,
    };
    if !principal || !listed("Action", &action) || !listed("Resource", &|one| matches(one, &object))
    {
        return Met::No;
    }
    conditions(&statement["Condition"], asked)
}

fn names(principal: &Value, asked: &Delivery<'_>) -> bool {
    let everybody = principal == "*" || texts(&principal["AWS"]).any(|one| one == "*");
    let service = texts(&principal["Service"]).any(|one| one == SERVICE);
    let legacy = ACCOUNTS.iter().find(|(region, _)| *region == asked.region);
    let legacy = legacy.is_some_and(|(_, id)| {
        let root = format!("arn:{}:iam::{id}:root", asked.partition);
        texts(&principal["AWS"]).any(|one| one == *id || one == root)
    });
    everybody || service || legacy
}

fn conditions(condition: &Value, asked: &Delivery<'_>) -> Met {
    let operators = condition.as_object().into_iter().flatten();
    let tests = operators.flat_map(|(operator, keys)| {
        let keys = keys.as_object().into_iter().flatten();
        keys.map(move |(key, values)| test(operator, key, values, asked))
    });
    let all: Vec<Met> = tests.collect();
    if all.contains(&Met::No) {
        return Met::No;
    }
    let open = all.into_iter().find(|one| matches!(one, Met::Open(_)));
    open.unwrap_or(Met::Yes)
}

/// One key under one operator. What AWS's examples of such policies use is known
/// of a delivery; what a caller without an organisation has not is absent.
fn test(operator: &str, key: &str, values: &Value, asked: &Delivery<'_>) -> Met {
    let region = format!(
        "arn:{}:elasticloadbalancing:{}:{}:loadbalancer/app/a/0",
        asked.partition, asked.region, asked.account
    );
    let name = operator.rsplit(':').next().unwrap_or(operator);
    let plain = name.strip_suffix("IfExists").unwrap_or(name);
    let actual = match key.to_ascii_lowercase().as_str() {
        "aws:sourceaccount" => asked.account,
        "aws:sourcearn" => &region,
        "aws:securetransport" | "aws:principalisawsservice" => "true",
        "s3:x-amz-acl" => "bucket-owner-full-control",
        "s3:x-amz-server-side-encryption" => "AES256",
        "aws:principalservicename" => SERVICE,
        _ => return Met::Open(key.to_owned()),
    };
    let any = |fits: &dyn Fn(&str) -> bool| match values {
        Value::Bool(value) => fits(&value.to_string()),
        values => texts(values).any(fits),
    };
    let fits = match plain {
        "StringEquals" | "StringNotEquals" | "Bool" => any(&|one| one == actual),
        "StringLike" | "StringNotLike" | "ArnLike" | "ArnNotLike" | "ArnEquals"
        | "ArnNotEquals" => any(&|one| matches(one, actual)),
        _ => return Met::Open(key.to_owned()),
    };
    if fits == plain.contains("Not") {
        return Met::No;
    }
    Met::Yes
}

/// One text, or the texts of a list.
fn texts(value: &Value) -> impl Iterator<Item = &str> {
    let several = value.as_array().into_iter().flatten();
    let several = several.filter_map(Value::as_str);
    value.as_str().into_iter().chain(several)
}

/// A pattern with `*` for any characters and `?` for one.
fn matches(pattern: &str, text: &str) -> bool {
    let mut letters = pattern.chars();
    let rest = letters.as_str();
    match letters.next() {
        None => text.is_empty(),
        Some('*') => {
            let after = rest.trim_start_matches('*');
            let places = text.char_indices().map(|(at, _)| at);
            let mut places = places.chain([text.len()]);
            places.any(|at| matches(after, &text[at..]))
        }
        Some(letter) => {
            let mut others = text.chars();
            let other = others.next();
            other.is_some_and(|other| letter == '?' || letter == other)
                && matches(letters.as_str(), others.as_str())
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ASKED: Delivery<'_> = Delivery {
        region: "eu-central-1",
        partition: "aws",
        account: "111122223333",
        folder: "arn:aws:s3:::logs/orders/AWSLogs/111122223333",
    };

    fn said(statements: &Value) -> Verdict {
        judge(&json!({ "Statement": statements }).to_string(), &ASKED)
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
            assert_eq!(said(&allow(&principal)), Verdict::Yes, "{principal}");
        }
        for principal in [
            json!({"Service": "delivery.logs.amazonaws.com"}),
            json!({"AWS": "arn:aws:iam::127311923021:root"}),
        ] {
            assert_eq!(said(&allow(&principal)), Verdict::Silent, "{principal}");
        }
        assert_eq!(judge("", &ASKED), Verdict::Silent);
    }

    #[test]
    fn another_folder_another_account_or_a_deny_is_no_delivery() {
        let mut other = allow(&json!({"Service": SERVICE}));
        other["Resource"] = json!("arn:aws:s3:::logs/AWSLogs/111122223333/*");
        assert_eq!(said(&other), Verdict::Silent);
        let mut condition = allow(&json!({"Service": SERVICE}));
        condition["Condition"] = json!({"StringEquals": {"aws:SourceAccount": "444455556666"}});
        assert_eq!(said(&condition), Verdict::Silent);
        condition["Condition"] = json!({"StringEquals": {"aws:SourceAccount": "111122223333"},
            "ArnLike": {"aws:SourceArn": "arn:aws:elasticloadbalancing:eu-central-1:111122223333:loadbalancer/*"}});
        assert_eq!(said(&condition), Verdict::Yes);
        condition["Condition"] = json!({"StringEquals": {"aws:SourceOrgID": "o-1"}});
        assert_eq!(
            said(&condition),
            Verdict::Depends("aws:SourceOrgID".to_owned())
        );
        let deny = |condition: Value| {
            json!({"Sid": "Tls", "Effect": "Deny", "Principal": "*", "Action": "s3:*",
                "Resource": "arn:aws:s3:::logs/*", "Condition": condition})
        };
        let own = allow(&json!({"Service": SERVICE}));
        let plain = deny(json!({"Bool": {"aws:SecureTransport": "false"}}));
        assert_eq!(said(&json!([own, plain])), Verdict::Yes);
        let all = deny(json!({}));
        assert_eq!(
            said(&json!([own, all])),
            Verdict::Denied("the statement \"Tls\"".to_owned())
        );
    }
}
