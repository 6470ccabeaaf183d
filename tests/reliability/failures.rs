//! Each call fails: once, twice, many times, for good, in every way it can.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::Arc,
};

use hybridgw::{
    pipeline::Report,
    resource::Key,
    simulator::{
        conditions::Conditions,
        faults::{Fault, Rule},
    },
};

use crate::{
    bench::{Bench, Outcome},
    support::{
        scene::{Scene, Verb, steady},
        sweep::{Breach, Findings, Ran, prepared, sample, sweep, whole},
    },
};

/// How often a call fails.
const TIMES: [Option<u64>; 4] = [Some(1), Some(2), Some(5), None];

/// One operation of a run, from one of its calls on.
pub struct Case {
    pub scene: Arc<Scene>,
    operation: String,
    from: u64,
    fault: Fault,
    times: Option<u64>,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fault = match &self.fault {
            Fault::Refuse { code, .. } => code.clone(),
            Fault::DropRequest => "request lost".to_owned(),
            Fault::DropReply => "reply lost".to_owned(),
            Fault::Hang => "silence".to_owned(),
            Fault::HangReply => "silence after all".to_owned(),
            other => format!("{other:?}"),
        };
        let times = self
            .times
            .map_or_else(|| "ever".to_owned(), |n| n.to_string());
        let (name, verb) = (self.scene.name, self.scene.verb);
        write!(
            f,
            "{name}/{verb}/{}#{}/{fault}/{times}",
            self.operation, self.from
        )
    }
}

impl Case {
    pub fn conditions(&self) -> Conditions {
        let rule = Rule {
            operation: self.operation.clone(),
            calls: None,
            from: Some(self.from),
            probability: None,
            times: self.times,
            then: self.fault.clone(),
        };
        Conditions {
            faults: vec![rule],
            ..steady()
        }
    }
}

/// The calls of an undisturbed run, and how often each is made.
async fn calls(scene: &Scene) -> BTreeMap<String, u64> {
    let bench = scene.bench(steady());
    let outcome = scene.go(&bench).await;
    assert!(outcome.ok(), "{outcome:?}");
    let mut calls = BTreeMap::new();
    for entry in bench.simulator.journal() {
        *calls.entry(entry.operation).or_default() += 1;
    }
    calls
}

fn refuse(code: &str, status: u16) -> Fault {
    Fault::Refuse {
        code: code.to_owned(),
        status,
        message: "as the test wants it".to_owned(),
    }
}

fn is_read(operation: &str) -> bool {
    let name = operation.rsplit(':').next().unwrap_or_default();
    ["Describe", "Get", "List"]
        .iter()
        .any(|read| name.starts_with(read))
}

/// What passes by itself: the retry list of each service.
fn passing(operation: &str) -> Vec<Fault> {
    let service = operation.split(':').next().unwrap_or_default();
    let mut faults = match service {
        "ec2" => vec![
            refuse("RequestLimitExceeded", 503),
            refuse("InternalError", 500),
            refuse("Unavailable", 503),
        ],
        "apigateway" => vec![
            refuse("TooManyRequestsException", 429),
            refuse("ServiceUnavailableException", 503),
            refuse("InternalFailure", 500),
        ],
        "lambda" => vec![
            refuse("TooManyRequestsException", 429),
            refuse("ServiceException", 500),
        ],
        _ => vec![
            refuse("Throttling", 400),
            refuse("ServiceUnavailable", 503),
            refuse("InternalFailure", 500),
        ],
    };
    faults.extend([
        Fault::DropRequest,
        Fault::DropReply,
        Fault::Hang,
        Fault::HangReply,
    ]);
    if !is_read(operation) {
        let later: &[(&str, u16)] = match service {
            "apigateway" => &[("ConflictException", 409)],
            "lambda" => &[("ResourceConflictException", 409)],
            "route53" => &[("PriorRequestNotComplete", 400)],
            _ => &[],
        };
        faults.extend(later.iter().map(|(code, status)| refuse(code, *status)));
    }
    let name = operation.rsplit(':').next().unwrap_or_default();
    let special: &[(&str, u16)] = match name {
        "DeleteSecurityGroup" => &[("DependencyViolation", 400), ("InvalidGroup.InUse", 400)],
        "DeleteTargetGroup" => &[("ResourceInUse", 400)],
        "CreateListener" => &[("CertificateNotFound", 400), ("LoadBalancerNotFound", 400)],
        "RegisterTargets" | "CreateRule" => &[("TargetGroupNotFound", 400)],
        "AuthorizeSecurityGroupIngress" | "AuthorizeSecurityGroupEgress" | "CreateVpcEndpoint" => {
            &[("InvalidGroup.NotFound", 400)]
        }
        "ModifyVpcEndpoint" => &[("InvalidVpcEndpointId.NotFound", 400)],
        "PutRestApi" | "CreateDeployment" => &[("NotFoundException", 404)],
        // What was made a moment ago does not show to every call yet (`aws/codes.rs`).
        "CreateStage" => &[("NotFoundException", 404), ("BadRequestException", 400)],
        "CreateBasePathMapping" => &[("BadRequestException", 400)],
        "PutBucketPolicy" => &[("OperationAborted", 409)],
        _ => &[],
    };
    faults.extend(special.iter().map(|(code, status)| refuse(code, *status)));
    faults
}

/// What does not: no permission, a quota, nonsense.
pub fn lasting(operation: &str) -> Vec<Fault> {
    let service = operation.split(':').next().unwrap_or_default();
    let faults: &[(&str, u16)] = match service {
        "ec2" => &[
            ("UnauthorizedOperation", 403),
            ("VpcEndpointLimitExceeded", 400),
            ("InvalidParameterValue", 400),
        ],
        "elasticloadbalancing" => &[
            ("AccessDenied", 403),
            ("TooManyLoadBalancers", 400),
            ("ValidationError", 400),
        ],
        "apigateway" => &[
            ("AccessDeniedException", 403),
            ("LimitExceededException", 429),
            ("BadRequestException", 400),
        ],
        _ => &[("AccessDeniedException", 403), ("InvalidInput", 400)],
    };
    // These say so also of what is not visible yet, and are asked for a minute.
    let name = operation.rsplit(':').next().unwrap_or_default();
    let is_unclear = matches!(
        name,
        "CreateBasePathMapping" | "CreateStage" | "UpdateBasePathMapping" | "UpdateStage"
    );
    faults
        .iter()
        .filter(|(code, _)| !is_unclear || *code != "BadRequestException")
        .map(|(code, status)| refuse(code, *status))
        .collect()
}

fn every_failure(
    faults: impl Fn(&str) -> Vec<Fault>,
    times: &[Option<u64>],
    keep: usize,
) -> Vec<Case> {
    failures_of(Scene::all(), faults, times, keep)
}

/// Every call of these scenes failing in these ways.
pub fn failures_of(
    scenes: Vec<Arc<Scene>>,
    faults: impl Fn(&str) -> Vec<Fault>,
    times: &[Option<u64>],
    keep: usize,
) -> Vec<Case> {
    let mut cases = Vec::new();
    for scene in scenes {
        let undisturbed = Arc::clone(&scene);
        let calls = prepared(async move || calls(&undisturbed).await);
        for (operation, count) in calls {
            // The first call, one in the middle, the last; all of them in the full sweep.
            let places: BTreeSet<u64> = if whole() {
                (1..=count).collect()
            } else {
                [1, count.div_ceil(2), count].into()
            };
            for from in places {
                for fault in faults(&operation) {
                    for &times in times {
                        cases.push(Case {
                            scene: Arc::clone(&scene),
                            operation: operation.clone(),
                            from,
                            fault: fault.clone(),
                            times,
                        });
                    }
                }
            }
        }
    }
    sample(cases, keep)
}

/// The run under faults, then one without.
async fn failing(case: &Case) -> (Bench, Outcome, Ran) {
    let bench = case.scene.bench(case.conditions());
    let mut ran = Ran::default();
    let both = async {
        let first = case.scene.go(&bench).await;
        let idle = bench.simulator.idle();
        bench.simulator.set_faults(Vec::new());
        if first.ok() {
            return (first, idle, Outcome::default());
        }
        ran.count("needed one more run", 1);
        let second = case.scene.go(&bench).await;
        (first, idle, second)
    };
    let ((first, idle, second), outage) = case.scene.asking(&bench, both).await;
    ran.findings = case.scene.judge(&bench, &second).await;
    ran.findings.extend(outage);
    if !idle.is_empty() {
        ran.findings
            .push((Breach::Report, format!("{idle:?} has struck nothing")));
    }
    if !ran.findings.is_empty() {
        ran.findings
            .push((Breach::Report, format!("the first run ended so: {first:?}")));
    }
    (bench, first, ran)
}

#[test]
fn what_fails_once_or_twice_does_not_fail_the_run() {
    let cases = every_failure(passing, &TIMES[..2], 14);
    sweep("what_fails_once_or_twice", &cases, async |case| {
        let (_, first, mut ran) = failing(case).await;
        if !first.ok() {
            ran.findings
                .push((Breach::Report, format!("the run gave up: {first:?}")));
        }
        ran
    });
}

#[test]
fn what_fails_many_times_or_for_good_is_healed_by_the_next_run() {
    let cases = every_failure(passing, &TIMES[2..], 8);
    sweep("what_fails_many_times", &cases, async |case| {
        let (_, first, mut ran) = failing(case).await;
        ran.findings.extend(said(&first));
        ran
    });
}

/// A run that failed says what could not be done, in words of more than a code.
fn said(outcome: &Outcome) -> Findings {
    let Report {
        failed,
        unsettled,
        not_started,
        ..
    } = &outcome.report;
    let named = !failed.is_empty() || !unsettled.is_empty() || !not_started.is_empty();
    let said = outcome.error.as_ref();
    let mute = !outcome.ok() && !said.map_or(named, |error| !error.message.is_empty());
    let words = || (Breach::Report, format!("it does not say why: {outcome:?}"));
    mute.then(words).into_iter().collect()
}

#[test]
fn what_cannot_succeed_is_tried_once_and_nothing_that_needs_it_is_written() {
    let cases = every_failure(lasting, &TIMES[..1], 14);
    sweep("what_cannot_succeed", &cases, async |case| {
        let (_, first, mut ran) = failing(case).await;
        // `down` takes away what does not depend on what it could not read, and
        // looks at all of it again in the end.
        let is_looked_at_again = matches!(case.scene.verb, Verb::Down) && is_read(&case.operation);
        if first.ok() && !is_looked_at_again {
            // Struck once: whoever went on has tried again.
            ran.findings
                .push((Breach::Report, "it was tried again".to_owned()));
        }
        ran.findings.extend(said(&first));
        ran.findings.extend(dependents(case, &first.report).await);
        ran
    });
}

/// What a failed run has made although it needs what could not be made.
async fn dependents(case: &Case, report: &Report) -> Findings {
    let bench = case.scene.bench(steady());
    let Ok((stack, _)) = bench.plan(&bench.look()).await else {
        return Findings::new();
    };
    let failed = report.failed.iter().map(|(key, _)| key);
    let mut lost: BTreeSet<&Key> = failed.filter(|key| !report.created.contains(key)).collect();
    let standing: BTreeSet<Key> = {
        let there = stack.steps.iter().filter(|step| step.observed().is_some());
        there.map(|step| step.key()).collect()
    };
    lost.retain(|key| !standing.contains(*key));
    let mut findings = Findings::new();
    for step in &stack.steps {
        let key = step.key();
        let needs = step.needs();
        let lacking = needs.iter().find(|need| lost.contains(need.key()));
        if let Some(need) = lacking
            && report.created.contains(&key)
        {
            let words = format!("{key} was made, and it needs {}", need.key());
            findings.push((Breach::Report, words));
        }
    }
    findings
}
