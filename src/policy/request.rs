//! A request as policies see it: who asks, for what, and what is known of it.

use std::collections::BTreeMap;

use ipnet::{IpNet, Ipv4Net};

use super::{authorization::Authorization, pattern::Texts};

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    /// Somebody without a signature of AWS's: a browser through the load
    /// balancer. A bearer token makes no other of them (API Gateway developer
    /// guide, "Use VPC endpoint policies for private APIs").
    Anonymous,
    /// Somebody with a signature, of whom nothing else is known.
    Signed,
    /// A service of AWS, as in `logging.s3.amazonaws.com`.
    Service(String),
    /// A user or a role.
    Identity {
        /// The ARN of the user or role.
        arn: String,
        /// For a role: the ARN of its session.
        session: Option<String>,
    },
}

impl Caller {
    /// The account of an identity.
    pub(super) fn account(&self) -> Option<&str> {
        match self {
            Self::Identity { arn, .. } => arn.split(':').nth(4),
            Self::Anonymous | Self::Signed | Self::Service(_) => None,
        }
    }
}

/// What a key of the request holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Held {
    /// The request has no such key.
    Absent,
    /// One value.
    Text(String),
    /// A key with several values, or with none.
    Several(Vec<String>),
}

/// What is known of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Known {
    /// Nothing: neither its value nor whether it is there.
    Nothing,
    /// It holds one of these.
    Either(Vec<Held>),
    /// It is there, and an address of these ranges.
    Within(Vec<IpNet>),
}

impl Known {
    /// It holds this text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Either(vec![Held::Text(text.into())])
    }

    /// The request has no such key.
    pub fn absent() -> Self {
        Self::Either(vec![Held::Absent])
    }
}

/// The way of a request: through an interface endpoint.
#[derive(Clone, Debug)]
pub struct Through<'a> {
    /// The endpoint's id; none of one that is still to come.
    pub endpoint: Option<&'a str>,
    /// The endpoint's VPC.
    pub vpc: &'a str,
    /// The addresses it may come from: those of the load balancer's subnets.
    /// Empty: not known.
    pub from: &'a [Ipv4Net],
}

/// Stands for the id of an endpoint that is still to come: it fits `vpce-*`, and
/// is no id that somebody may have written down.
const TO_COME: &str = "vpce-0(to-come)";

impl Through<'_> {
    /// The endpoint's id, or what stands for one that is still to come.
    pub fn id(&self) -> &str {
        self.endpoint.unwrap_or(TO_COME)
    }
}

/// What is asked of a policy.
#[derive(Clone, Debug)]
pub struct Request {
    pub(super) caller: Caller,
    pub(super) action: Texts,
    pub(super) resource: Texts,
    owner: Option<String>,
    keys: BTreeMap<String, Known>,
}

impl Request {
    /// A request of this caller for this ARN. Nothing else is known of it.
    pub fn new(caller: Caller, action: &str, resource: &str) -> Self {
        Self {
            caller,
            action: Texts::one(action),
            resource: Texts::one(resource),
            owner: resource.split(':').nth(4).map(str::to_owned),
            keys: BTreeMap::new(),
        }
    }

    /// An anonymous request for an API's method, through an endpoint.
    ///
    /// `api` is the API's ARN, `arn:aws:execute-api:<region>:<account>:<id>`, as
    /// in [`api_arn`]. Without a method or a path every one is meant: then the
    /// answer is yes if all pass, and no if none does. The path is the
    /// resource's, without the base path of the domain name, and begins with `/`;
    /// variables in it, `{id}` and `{proxy+}`, are every value (API Gateway
    /// developer guide, "Control access for invoking an API").
    pub fn invoke(
        api: &str,
        stage: Option<&str>,
        method: Option<&str>,
        path: Option<&str>,
        through: &Through<'_>,
    ) -> Self {
        let mut resource = Texts::set("");
        resource.push(&Texts::one(&format!("{api}/")));
        for part in [stage, method] {
            resource.push(&part.map_or_else(|| Texts::set("+"), Texts::one));
            resource.push(&Texts::one("/"));
        }
        let path = path.map(|path| path.strip_prefix('/').unwrap_or(path));
        resource.push(&path.map_or_else(|| Texts::set("*"), of_path));
        let account = api.split(':').nth(4).unwrap_or_default();
        let mut request = Self::anonymous("execute-api:Invoke", resource, through);
        // IAM user guide, "Global condition context keys": the account that owns
        // the resource.
        request.know("aws:ResourceAccount", Known::text(account));
        request.owner = Some(account.to_owned());
        request
    }

    /// An anonymous request for an object of a bucket, through an endpoint; for
    /// all of them without a key.
    pub fn read(partition: &str, bucket: &str, key: Option<&str>, through: &Through<'_>) -> Self {
        let mut resource = Texts::one(&format!("arn:{partition}:s3:::{bucket}/"));
        resource.push(&key.map_or_else(|| Texts::set("*"), Texts::one));
        let absent = [
            // S3 user guide, "Bucket policy examples using condition keys": these
            // are of requests through access points.
            "s3:DataAccessPointArn",
            "s3:DataAccessPointAccount",
            "s3:AccessPointNetworkOrigin",
        ];
        let request = Self::anonymous("s3:GetObject", resource, through)
            // The load balancer speaks TLS 1.2 or 1.3 to its targets (load
            // balancer guide, "Security policies": backend connections).
            .with(
                "s3:TlsVersion",
                Known::Either(["1.2", "1.3"].map(|one| Held::Text(one.to_owned())).into()),
            );
        absent
            .into_iter()
            .fold(request, |request, key| request.with(key, Known::absent()))
    }

    fn anonymous(action: &str, resource: Texts, through: &Through<'_>) -> Self {
        let mut request = Self {
            caller: Caller::Anonymous,
            action: Texts::one(action),
            resource,
            owner: None,
            keys: BTreeMap::new(),
        };
        // IAM user guide, "Global condition context keys": a request through an
        // endpoint has these three, and no `aws:SourceIp`.
        request.know("aws:SourceVpce", Known::text(through.id()));
        request.know("aws:SourceVpc", Known::text(through.vpc));
        request.know("aws:SourceIp", Known::absent());
        if !through.from.is_empty() {
            let from = through.from.iter().copied().map(IpNet::V4);
            request.know("aws:VpcSourceIp", Known::Within(from.collect()));
        }
        // The load balancer speaks HTTPS to the endpoint.
        request.know("aws:SecureTransport", Known::text("true"));
        request
    }

    /// The account whose API is asked for.
    pub(super) fn owner(&self) -> Option<&str> {
        self.owner.as_deref()
    }

    /// The request, with this known of one of its keys.
    #[must_use]
    pub fn with(mut self, key: &str, known: Known) -> Self {
        self.know(key, known);
        self
    }

    /// The request of another caller.
    #[must_use]
    pub fn by(mut self, caller: Caller) -> Self {
        self.caller = caller;
        self
    }

    /// The request of those that a method lets in at all: with `AWS_IAM` they
    /// have signed it. A token of another kind signs nothing.
    #[must_use]
    pub fn for_method(self, authorization: Authorization) -> Self {
        match authorization {
            Authorization::Iam => self.by(Caller::Signed),
            Authorization::None | Authorization::Lambda | Authorization::Cognito => self,
        }
    }

    /// Names of keys have no case (IAM user guide, "Condition").
    fn know(&mut self, key: &str, known: Known) {
        self.keys.insert(key.to_ascii_lowercase(), known);
    }

    /// What is known of a key.
    pub(super) fn key(&self, key: &str) -> Known {
        let key = key.to_ascii_lowercase();
        let given = self.keys.get(&key).cloned();
        given.unwrap_or_else(|| of_caller(&self.caller, &key))
    }
}

/// The texts of a resource's path.
fn of_path(path: &str) -> Texts {
    let mut texts = Texts::one("");
    for (index, part) in path.split('/').enumerate() {
        if index > 0 {
            texts.push(&Texts::one("/"));
        }
        let inside = part
            .strip_prefix('{')
            .and_then(|part| part.strip_suffix('}'));
        texts.push(&match inside {
            // One character, and any more.
            Some(name) if name.ends_with('+') => Texts::set("+*"),
            Some(_) => Texts::set("+"),
            None => Texts::one(part),
        });
    }
    texts
}

/// What the caller alone tells of a key, in lower case (IAM user guide, "Global
/// condition context keys", by the availability of each).
fn of_caller(caller: &Caller, key: &str) -> Known {
    match caller {
        Caller::Anonymous => of_nobody(key),
        Caller::Signed => match key {
            "aws:principalisawsservice" => Known::text("false"),
            "aws:principalservicename" | "aws:principalservicenameslist" => Known::absent(),
            _ => Known::Nothing,
        },
        Caller::Identity { arn, .. } => match key {
            "aws:principalarn" => Known::text(arn),
            "aws:principalaccount" => Known::text(caller.account().unwrap_or_default()),
            "aws:principalisawsservice" => Known::text("false"),
            "aws:principalservicename" | "aws:principalservicenameslist" => Known::absent(),
            _ => Known::Nothing,
        },
        Caller::Service(name) => match key {
            "aws:principalservicename" => Known::text(name),
            "aws:principalisawsservice" => Known::text("true"),
            _ => Known::Nothing,
        },
    }
}

fn of_nobody(key: &str) -> Known {
    match key {
        // "Included for all requests including anonymous ones, which have
        // `anonymous`" (assumption for what older editions do not say), and
        // for APIs only with a signature (API Gateway developer guide, "AWS
        // condition keys that can be used in resource policies").
        "aws:principalaccount" => {
            Known::Either(vec![Held::Absent, Held::Text("anonymous".to_owned())])
        }
        // The kind of the principal is always there, and its words for nobody
        // are not written down; for APIs it needs a signature.
        "aws:principaltype" => {
            Known::Either(vec![Held::Absent, Held::Text("Anonymous".to_owned())])
        }
        // Nobody's id: absent, or S3's word for it (the same guide says the one
        // under "Global condition context keys", the other under "Variables").
        "aws:userid" => Known::Either(vec![Held::Absent, Held::Text("anonymous".to_owned())]),
        "aws:username"
        | "aws:federatedprovider"
        | "aws:tokenissuetime"
        | "aws:multifactorauthage"
        | "aws:multifactorauthpresent"
        | "aws:rolesessionname"
        | "aws:assumedroot"
        | "aws:sourceidentity"
        | "aws:calledvia"
        | "aws:calledviafirst"
        | "aws:calledvialast"
        // Those of requests that services of AWS make on somebody's behalf.
        | "aws:sourceaccount"
        | "aws:sourceowner"
        | "aws:sourceorgid"
        | "aws:sourceorgpaths" => Known::absent(),
        // "For most services": false, or not there.
        "aws:viaawsservice" => {
            Known::Either(vec![Held::Absent, Held::Text("false".to_owned())])
        }
        _ if key.starts_with("aws:principal") || key.starts_with("aws:ec2instancesource") => {
            Known::absent()
        }
        _ => Known::Nothing,
    }
}

/// The ARN of an API, before stage, method and path.
pub fn api_arn(partition: &str, region: &str, account: &str, api: &str) -> String {
    format!("arn:{partition}:execute-api:{region}:{account}:{api}")
}
