//! Servers that answer by a script, and what is sent to them.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::SystemTime,
};

use aws_smithy_runtime_api::{
    client::{
        http::{
            HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector,
            http_client_fn,
        },
        interceptors::context::Input,
        orchestrator::{HttpRequest, HttpResponse, OrchestratorError},
        result::ConnectorError,
    },
    http::StatusCode,
};
use aws_smithy_types::{
    body::SdkBody,
    date_time::{DateTime, Format},
};

use super::*;
use crate::{
    aws::{Called, Connection},
    stop::Why,
};

/// A server whose clock is ahead, and which believes no other.
#[derive(Debug)]
struct Ahead {
    by: Duration,
    /// Whether it refuses even what its own clock has signed.
    stubborn: bool,
    /// The code of a refusal.
    code: &'static str,
    asked: AtomicUsize,
}

impl Ahead {
    fn answer(&self, request: &HttpRequest) -> HttpResponse {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let now = SystemTime::now() + self.by;
        let date = DateTime::from(now);
        let iso = date
            .fmt(Format::DateTime)
            .expect("a date")
            .replace(['-', ':'], "");
        let signed = request.headers().get("x-amz-date").unwrap_or_default();
        // The same minute, give or take none: the test is quick.
        let fits = iso.get(..11) == signed.get(..11);
        let (status, body) = if fits && !self.stubborn {
            let account = "<GetCallerIdentityResponse><GetCallerIdentityResult><Account>111122223333</Account></GetCallerIdentityResult></GetCallerIdentityResponse>";
            (200, account.to_owned())
        } else {
            let code = self.code;
            let error = format!(
                "<ErrorResponse><Error><Code>{code}</Code><Message>no</Message></Error></ErrorResponse>"
            );
            (403, error)
        };
        let status = StatusCode::try_from(status).expect("a status");
        let mut reply = HttpResponse::new(status, SdkBody::from(body));
        let date = date.fmt(Format::HttpDate).expect("a date");
        reply.headers_mut().insert("date", date);
        reply
    }
}

#[derive(Debug)]
struct Door(Arc<Ahead>);

impl HttpConnector for Door {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::ready(Ok(self.0.answer(&request)))
    }
}

fn server(by: Duration, stubborn: bool) -> (Arc<Ahead>, Connection) {
    let code = "RequestTimeTooSkewed";
    ahead(Ahead {
        by,
        stubborn,
        code,
        asked: AtomicUsize::new(0),
    })
}

/// A server that refuses everything with this code.
fn refusing(by: Duration, code: &'static str) -> (Arc<Ahead>, Connection) {
    ahead(Ahead {
        by,
        stubborn: true,
        code,
        asked: AtomicUsize::new(0),
    })
}

fn ahead(server: Ahead) -> (Arc<Ahead>, Connection) {
    let server = Arc::new(server);
    let door = SharedHttpConnector::new(Door(Arc::clone(&server)));
    let client: SharedHttpClient = http_client_fn(move |_, _| door.clone());
    let connection = Connection::through(client, "111122223333", "eu-central-1", Clock::REAL);
    (server, connection)
}

#[tokio::test]
async fn a_wrong_clock_is_corrected_by_one_more_signature() {
    let (server, connection) = server(Duration::from_hours(1), false);
    let sts = connection.reader().sts;
    let answer = sts
        .get_caller_identity()
        .send()
        .await
        .called("GetCallerIdentity");
    assert_eq!(answer.expect("signed anew").account(), Some("111122223333"));
    assert_eq!(server.asked.load(Ordering::Relaxed), 2);
    let late = connection.journal.clock_is_late_by();
    assert!(late.is_some_and(|late| late > 3_500), "{late:?}");
    // The next call knows.
    let again = sts.get_caller_identity().send().await;
    assert!(again.is_ok());
    assert_eq!(server.asked.load(Ordering::Relaxed), 3);
}

#[tokio::test]
async fn a_clock_that_cannot_be_corrected_is_named() {
    let (server, connection) = server(Duration::from_hours(1), true);
    let sts = connection.reader().sts;
    let answer = sts
        .get_caller_identity()
        .send()
        .await
        .called("GetCallerIdentity");
    let error = answer.expect_err("it is stubborn");
    assert_eq!(server.asked.load(Ordering::Relaxed), 2);
    let hints = error.hints.join("; ");
    assert!(hints.contains("minutes behind: AWS says"), "{hints}");
}

#[tokio::test]
async fn an_operation_without_a_class_is_not_sent() {
    let (server, connection) = server(Duration::ZERO, false);
    let sts = connection.writer().sts;
    let answer = sts
        .get_session_token()
        .send()
        .await
        .called("GetSessionToken");
    let error = answer.expect_err("nobody classified it").to_string();
    assert!(error.contains("GetSessionToken has no class"), "{error}");
    assert_eq!(server.asked.load(Ordering::Relaxed), 0);
}

#[test]
fn waits_grow_to_a_limit_and_repeat_with_the_seed() {
    let waits = |seed| -> Vec<Duration> {
        let line = Line::new(Clock::REAL, seed);
        (1..200).map(|refusals| line.pause(refusals)).collect()
    };
    assert_eq!(waits(1), waits(1));
    assert_ne!(waits(1), waits(2));
    assert!(waits(1).iter().all(|wait| *wait <= WAIT.1));
    assert!(waits(1)[..2].iter().all(|wait| *wait <= WAIT.0 * 4));
    let long = waits(1)[10..]
        .iter()
        .filter(|wait| **wait > WAIT.1 / 2)
        .count();
    assert!(long > 60, "half of the late waits are long: {long}");
}

/// What a server does with a call.
#[derive(Clone, Copy, Debug)]
enum Answer {
    /// A status with a body and, for JSON services, a code.
    Says(u16, &'static str, &'static str),
    /// The connection breaks.
    Breaks,
}

/// A server that answers by a script; what comes after is the script's end, again
/// and again.
#[derive(Clone, Debug)]
struct Scripted {
    script: &'static [Answer],
    asked: Arc<AtomicUsize>,
}

impl HttpConnector for Scripted {
    fn call(&self, _request: HttpRequest) -> HttpConnectorFuture {
        let place = self.asked.fetch_add(1, Ordering::Relaxed);
        let last = self.script.len() - 1;
        HttpConnectorFuture::ready(match self.script[place.min(last)] {
            Answer::Breaks => Err(ConnectorError::io("it broke".into())),
            Answer::Says(status, code, body) => {
                let status = StatusCode::try_from(status).expect("a status");
                let mut reply = HttpResponse::new(status, SdkBody::from(body));
                if !code.is_empty() {
                    reply.headers_mut().insert("x-amzn-errortype", code);
                }
                Ok(reply)
            }
        })
    }
}

fn scripted(script: &'static [Answer]) -> (Scripted, Connection) {
    let server = Scripted {
        script,
        asked: Arc::default(),
    };
    let door = SharedHttpConnector::new(server.clone());
    let client: SharedHttpClient = http_client_fn(move |_, _| door.clone());
    let connection = Connection::through(client, "111122223333", "eu-central-1", Clock::REAL);
    (server, connection)
}

/// How often a server was asked.
fn asked(server: &Scripted) -> usize {
    server.asked.load(Ordering::Relaxed)
}

/// A deletion that may be repeated; whether it worked, how often it was sent, and
/// how long it took.
async fn delete_api(script: &'static [Answer]) -> (bool, usize, Duration) {
    let (server, connection) = scripted(script);
    let began = Instant::now();
    let call = connection.writer().apigateway.delete_rest_api();
    let ok = call.rest_api_id("a1b2c3").send().await.is_ok();
    (ok, asked(&server), began.elapsed())
}

/// A read.
async fn read(script: &'static [Answer]) -> (bool, usize) {
    let (server, connection) = scripted(script);
    let call = connection.reader().elb.describe_load_balancers();
    (call.send().await.is_ok(), asked(&server))
}

/// A call that makes a second thing when it is repeated.
async fn make_api(script: &'static [Answer]) -> (bool, usize) {
    let (server, connection) = scripted(script);
    let call = connection.writer().apigateway.create_rest_api();
    (call.name("orders").send().await.is_ok(), asked(&server))
}

const DONE: Answer = Answer::Says(202, "", "");
const NOTHING: Answer = Answer::Says(
    200,
    "",
    "<DescribeLoadBalancersResponse><DescribeLoadBalancersResult/></DescribeLoadBalancersResponse>",
);

#[tokio::test(start_paused = true)]
async fn only_a_conflict_that_asks_to_try_again_is_sent_again() {
    const BUSY: Answer = Answer::Says(
        400,
        "",
        "<ErrorResponse><Error><Code>ResourceInUse</Code><Message>in use, try again later</Message></Error></ErrorResponse>",
    );
    const UPDATING: Answer = Answer::Says(
        409,
        "ConflictException",
        r#"{"message": "The domain name is being updated"}"#,
    );
    const LOCKED: Answer = Answer::Says(
        409,
        "ConflictException",
        r#"{"message": "Unable to complete operation due to concurrent modification. Please try again later."}"#,
    );
    const IN_USE: Answer = Answer::Says(
        409,
        "ConflictException",
        r#"{"message": "Resource is in use"}"#,
    );
    let (ok, sent, _) = delete_api(&[LOCKED, LOCKED, DONE]).await;
    assert_eq!((ok, sent), (true, 3));
    let (ok, sent, _) = delete_api(&[IN_USE, DONE]).await;
    assert_eq!((ok, sent), (false, 1));

    // What takes longer is the engine's to wait for, and so is another code.
    let (server, connection) = scripted(&[UPDATING, DONE]);
    let call = connection.writer().apigateway.delete_domain_name();
    let sent = call.domain_name("orders.example.com").send().await;
    assert_eq!((sent.is_ok(), asked(&server)), (false, 1));
    let (server, connection) = scripted(&[BUSY, DONE]);
    let call = connection.writer().elb.delete_target_group();
    let sent = call.target_group_arn("arn:aws:x").send().await;
    assert_eq!((sent.is_ok(), asked(&server)), (false, 1));
}

#[tokio::test(start_paused = true)]
async fn what_gets_no_answer_is_repeated_a_few_times_if_it_may_be() {
    const ERROR: Answer = Answer::Says(500, "InternalFailure", "{}");
    const CUT: Answer = Answer::Says(200, "", "<DescribeLoadBal");
    let most = 1 + usize::try_from(RESENDS).expect("it is small");
    for answer in [&[Answer::Breaks], &[ERROR], &[CUT]] {
        assert_eq!(read(answer).await, (false, most), "{answer:?}");
    }
    assert_eq!(
        read(&[Answer::Breaks, ERROR, CUT, NOTHING]).await,
        (true, 4)
    );
    for answer in [&[Answer::Breaks], &[ERROR]] {
        assert_eq!(make_api(answer).await, (false, 1), "{answer:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_for_good_is_sent_once() {
    const REFUSED: Answer = Answer::Says(
        400,
        "",
        "<ErrorResponse><Error><Code>ValidationError</Code><Message>no</Message></Error></ErrorResponse>",
    );
    assert_eq!(read(&[REFUSED, NOTHING]).await, (false, 1));
}

/// What was refused is known by its code, however the rest of the answer ends.
#[tokio::test(start_paused = true)]
async fn a_refusal_that_broke_off_is_one() {
    const CUT: Answer = Answer::Says(400, "BadRequestException", r#"{"mess"#);
    let (server, connection) = scripted(&[CUT]);
    let call = connection.reader().apigateway.get_rest_apis();
    let sent = call.send().await;
    assert_eq!((sent.is_ok(), asked(&server)), (false, 1));
}

#[tokio::test]
async fn a_refusal_for_another_cause_is_not_signed_anew_though_the_clock_is_wrong() {
    let (server, connection) = refusing(Duration::from_hours(1), "AccessDenied");
    let call = connection.reader().sts.get_caller_identity();
    assert!(call.send().await.is_err());
    assert_eq!(server.asked.load(Ordering::Relaxed), 1);
}

#[tokio::test(start_paused = true)]
async fn the_more_often_a_call_is_throttled_the_longer_it_waits() {
    const BUSY: Answer = Answer::Says(429, "TooManyRequestsException", "{}");
    let (server, connection) = scripted(&[BUSY]);
    let began = Instant::now();
    let call = connection.reader().apigateway.get_rest_apis();
    assert!(call.send().await.is_err(), "it is busy for ever");
    // Full jitter over up to 8 s: some four seconds a time.
    let each = began.elapsed() / u32::try_from(asked(&server)).expect("it is small");
    assert!(each > WAIT.0 * 5, "{each:?}");
}

/// API Gateway deletes one API in 30 s.
#[tokio::test(start_paused = true)]
async fn a_throttled_call_has_not_used_its_slot_and_a_lost_one_has() {
    const THROTTLED: Answer = Answer::Says(429, "TooManyRequestsException", "{}");
    let (ok, sent, took) = delete_api(&[THROTTLED, DONE]).await;
    assert_eq!((ok, sent), (true, 2));
    let throttled = took;
    let (ok, sent, took) = delete_api(&[Answer::Breaks, DONE]).await;
    assert_eq!((ok, sent), (true, 2));
    assert!(throttled < Duration::from_secs(5), "{throttled:?}");
    assert!(took >= Duration::from_secs(30), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_waits_for_its_slot_says_so() {
    let (_, connection) = scripted(&[DONE]);
    let heard = Mutex::new(Vec::new());
    let writer = connection.writer();
    let delete = || {
        writer
            .apigateway
            .delete_rest_api()
            .rest_api_id("a1b2c3")
            .send()
    };
    let both = async {
        assert!(delete().await.is_ok());
        assert!(delete().await.is_ok());
    };
    waits::telling(both, |why| heard.lock().expect("one thread").push(why)).await;
    let heard = heard.into_inner().expect("one thread");
    assert_eq!(heard.len(), 1, "{heard:?}");
    assert!(heard[0].starts_with("DeleteRestApi waits "), "{heard:?}");
}

/// A ticket of a call that was sent so often.
fn ticket(refusals: u32, lost: u32, due: Duration) -> Ticket {
    Ticket {
        class: Class::Read,
        due,
        slot: (false, false),
        troubled: None,
        refusals,
        lost,
        resigned: false,
        sent: false,
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_that_stops_sends_what_is_new_and_due_and_nothing_again() {
    let line = Arc::new(Line::new(Clock::REAL, 1));
    let stop = Arc::new(Stop::default());
    stop.set(Why::Interrupted);
    line.heed(&stop);
    let resend = Resend(line);
    let call = Metadata::new("GetCallerIdentity", "STS");
    let admitted = |mut ticket: Ticket| resend.admit(&call, &mut ticket);
    assert!(admitted(ticket(0, 0, Duration::ZERO)).is_ok());
    for (refusals, lost) in [(1, 0), (0, 1), (2, 3)] {
        let again = admitted(ticket(refusals, lost, Duration::ZERO));
        assert!(matches!(again, Err(PutOff::Stopped)), "{again:?}");
    }
    let late = admitted(ticket(0, 0, Duration::from_secs(9)));
    assert!(matches!(late, Err(PutOff::Stopped)), "{late:?}");
}

#[test]
fn a_connection_that_broke_is_not_used_again() {
    let mut context = InterceptorContext::new(Input::erase(()));
    let nothing = AsDecided.classify_retry(&context);
    assert_eq!(nothing, RetryAction::NoActionIndicated);
    context.enter_serialization_phase();
    context.fail(OrchestratorError::other("it broke"));
    let kind = |before: RetryAction| match AsDecided.classify_retry_v2(&context, &before) {
        RetryAction::RetryIndicated(RetryReason::RetryableError { kind, .. }) => kind,
        other => panic!("{other:?}"),
    };
    assert_eq!(
        kind(RetryAction::transient_error()),
        RetryKind::TransientError
    );
    assert_eq!(
        kind(RetryAction::NoActionIndicated),
        RetryKind::ThrottlingError
    );
}

#[test]
fn only_an_attempt_that_went_out_counts_as_sent() {
    let mut config = ConfigBag::base();
    assert!(!was_sent(&config), "nothing is known of it");
    for sent in [false, true] {
        let ticket = ticket(0, 0, Duration::ZERO);
        let state = config.interceptor_state();
        state.store_put(Ticket { sent, ..ticket });
        assert_eq!(was_sent(&config), sent);
    }
}
