//! Every call that makes something, and every way in which its answer can be wrong.
//!
//! All first calls of a run are struck at once, each with the same fault or with the
//! code of its own list: so the whole table is asked in a dozen runs, every time.

use std::{collections::BTreeSet, fmt, sync::Arc, time::Duration};

use hybridgw::{
    aws::retry::{Class, class},
    simulator::{
        conditions::Conditions,
        faults::{Fault, Rule},
    },
};

use crate::support::{
    scene::{Scene, Verb, steady},
    sweep::{Breach, Ran, prepared, seeds, sweep},
};

/// What befalls the first call of each operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    RequestLost,
    ReplyLost,
    FailedAfter,
    PageAfter,
    PageBefore,
    Before,
    /// The code at this place of the operation's own list.
    Code(usize),
}

/// What AWS says of each call while it is not to be had, and soon no more.
const CODES: &[(&str, &[(&str, u16)])] = &[
    (
        "ec2:CreateVpcEndpoint",
        &[
            ("InvalidGroup.NotFound", 400),
            ("RequestLimitExceeded", 503),
        ],
    ),
    (
        "ec2:CreateSecurityGroup",
        &[("InternalError", 500), ("Unavailable", 503)],
    ),
    (
        "ec2:AuthorizeSecurityGroupIngress",
        &[("InvalidGroup.NotFound", 400), ("InternalError", 500)],
    ),
    (
        "ec2:AuthorizeSecurityGroupEgress",
        &[("InvalidGroup.NotFound", 400), ("Unavailable", 503)],
    ),
    (
        "apigateway:CreateRestApi",
        &[
            ("ServiceUnavailableException", 503),
            ("TooManyRequestsException", 429),
            ("InternalServerErrorException", 500),
        ],
    ),
    (
        "apigateway:CreateDeployment",
        &[
            ("ConflictException", 409),
            ("NotFoundException", 404),
            ("ServiceUnavailableException", 503),
        ],
    ),
    (
        "apigateway:CreateStage",
        &[
            ("BadRequestException", 400),
            ("NotFoundException", 404),
            ("ConflictException", 409),
        ],
    ),
    (
        "apigateway:CreateDomainName",
        &[
            ("TooManyRequestsException", 429),
            ("ServiceUnavailableException", 503),
        ],
    ),
    (
        "apigateway:CreateBasePathMapping",
        &[
            ("BadRequestException", 400),
            ("ConflictException", 409),
            ("NotFoundException", 404),
        ],
    ),
    (
        "lambda:AddPermission",
        &[
            ("ServiceException", 500),
            ("ResourceConflictException", 409),
            ("ResourceNotFoundException", 404),
        ],
    ),
    (
        "s3:PutBucketPolicy",
        &[("OperationAborted", 409), ("SlowDown", 503)],
    ),
    (
        "elasticloadbalancing:CreateLoadBalancer",
        &[("InternalFailure", 500), ("Throttling", 400)],
    ),
    (
        "elasticloadbalancing:CreateTargetGroup",
        &[("InternalFailure", 500), ("ServiceUnavailable", 503)],
    ),
    (
        "elasticloadbalancing:CreateListener",
        &[
            ("CertificateNotFound", 400),
            ("LoadBalancerNotFound", 400),
            ("TargetGroupNotFound", 400),
        ],
    ),
    (
        "elasticloadbalancing:CreateRule",
        &[
            ("TargetGroupNotFound", 400),
            ("ListenerNotFound", 400),
            ("PriorityInUse", 400),
        ],
    ),
    (
        "elasticloadbalancing:RegisterTargets",
        &[
            ("HealthUnavailable", 500),
            ("TargetGroupNotFound", 400),
            ("InvalidTarget", 400),
        ],
    ),
    (
        "route53:ChangeResourceRecordSets",
        &[("PriorRequestNotComplete", 400), ("Throttling", 400)],
    ),
];

impl Fate {
    fn all() -> Vec<Self> {
        let longest = CODES.iter().map(|(_, codes)| codes.len()).max();
        let fates = [
            Self::RequestLost,
            Self::ReplyLost,
            Self::FailedAfter,
            Self::PageAfter,
            Self::PageBefore,
            Self::Before,
        ];
        let codes = (0..longest.unwrap_or_default()).map(Self::Code);
        fates.into_iter().chain(codes).collect()
    }

    fn of(self, codes: &[(&str, u16)]) -> Fault {
        let refuse = |code: &str, status| Fault::Refuse {
            code: code.to_owned(),
            status,
            message: "as the test wants it".to_owned(),
        };
        match self {
            Self::RequestLost => Fault::DropRequest,
            Self::ReplyLost => Fault::DropReply,
            Self::FailedAfter => Fault::RefuseReply {
                code: "InternalFailure".to_owned(),
                status: 500,
            },
            Self::PageAfter => Fault::Page {
                status: 502,
                applied: true,
            },
            Self::PageBefore => Fault::Page {
                status: 504,
                applied: false,
            },
            Self::Before => refuse("ServiceUnavailable", 503),
            Self::Code(place) => {
                let (code, status) = codes[place % codes.len()];
                refuse(code, status)
            }
        }
    }
}

struct Case {
    scene: Arc<Scene>,
    fate: Fate,
    /// Those of the table that an undisturbed run calls.
    called: Arc<BTreeSet<String>>,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{:?}", self.scene.name, self.fate)
    }
}

impl Case {
    fn conditions(&self) -> Conditions {
        let called = CODES
            .iter()
            .filter(|(operation, _)| self.called.contains(*operation));
        let rule = |(operation, codes): &(&str, &[(&str, u16)])| Rule {
            operation: (*operation).to_owned(),
            calls: Some(vec![1]),
            from: None,
            probability: None,
            times: None,
            then: self.fate.of(codes),
        };
        Conditions {
            faults: called.map(rule).collect(),
            ..steady()
        }
    }
}

/// The operations of an undisturbed run.
async fn operations(scene: &Scene) -> BTreeSet<String> {
    let bench = scene.bench(steady());
    let outcome = scene.go(&bench).await;
    assert!(outcome.ok(), "{outcome:?}");
    let journal = bench.simulator.journal().into_iter();
    journal.map(|entry| entry.operation).collect()
}

#[test]
fn every_create_survives_every_wrong_answer_to_its_first_call() {
    let mut cases = Vec::new();
    let mut asked = BTreeSet::new();
    for name in ["everything.toml"] {
        let scene = Scene::of(name, Verb::Up);
        let undisturbed = Arc::clone(&scene);
        let called = Arc::new(prepared(async move || operations(&undisturbed).await));
        // What may not be sent twice blindly is in the table, all of it.
        let twice = called.iter().filter(|operation| {
            let name = operation.rsplit(':').next().unwrap_or_default();
            let class = class(name);
            let makes = matches!(
                class,
                Some(Class::UniqueKey | Class::Duplicates | Class::Token)
            );
            makes && !name.starts_with("Update") && !name.starts_with("Revoke")
        });
        for operation in twice {
            let is_there = CODES.iter().any(|(name, _)| name == operation);
            assert!(is_there, "{operation} is not in the table");
        }
        asked.extend(called.iter().cloned());
        cases.extend(Fate::all().into_iter().map(|fate| Case {
            scene: Arc::clone(&scene),
            fate,
            called: Arc::clone(&called),
        }));
    }
    let never: Vec<_> = CODES
        .iter()
        .filter(|(operation, _)| !asked.contains(*operation))
        .collect();
    assert!(never.is_empty(), "never called: {never:?}");
    sweep("every_create_survives", &cases, async |case| {
        let bench = case.scene.bench(case.conditions());
        let outcome = case.scene.go(&bench).await;
        let idle = bench.simulator.idle();
        bench.simulator.set_faults(Vec::new());
        let mut ran = Ran::with(case.scene.judge(&bench, &outcome).await);
        ran.count(
            "calls struck",
            case.called
                .iter()
                .filter(|one| CODES.iter().any(|(name, _)| name == one))
                .count() as u64,
        );
        ran.findings.extend(
            idle.into_iter()
                .map(|rule| (Breach::Report, format!("idle: {rule}"))),
        );
        ran
    });
}

struct Unwell {
    scene: Arc<Scene>,
    seed: u64,
}

impl fmt::Display for Unwell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.seed)
    }
}

#[test]
fn a_share_of_5xx_makes_nothing_twice_and_leaves_nothing_unsaid() {
    let verbs = [Verb::Up, Verb::Down, Verb::Change];
    let case = |seed: u64| Unwell {
        scene: Scene::of(
            "everything.toml",
            verbs[usize::try_from(seed % 3).expect("it is small")],
        ),
        seed,
    };
    let cases: Vec<Unwell> = seeds(3).into_iter().map(case).collect();
    sweep("a_share_of_5xx", &cases, async |case| {
        let bench = case.scene.bench(Conditions {
            seed: case.seed,
            errors: 0.05,
            ..steady()
        });
        let mut ran = Ran::default();
        let runs = async {
            let outcome = case.scene.go(&bench).await;
            bench.simulator.set_conditions(steady());
            tokio::time::sleep(Duration::from_secs(1)).await;
            if outcome.ok() {
                return outcome;
            }
            ran.count("needed one more run", 1);
            case.scene.go(&bench).await
        };
        let (outcome, outage) = case.scene.asking(&bench, runs).await;
        ran.findings = case.scene.judge(&bench, &outcome).await;
        ran.findings.extend(outage);
        ran
    });
}
