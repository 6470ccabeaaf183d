//! Deletions that AWS takes its time for, refuses, or has nothing to delete for.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures_util::future::BoxFuture;
use hybridgw::{
    Error, Result,
    aws::{
        Aws,
        read::{Moment, Reads},
    },
    error::{ErrorKind, Unseen},
    event::{Event, Happening, Sink},
    graph::{Owned, Removable},
    pipeline::{Report, remove::remove_in_order},
    resource::Key,
    stop::Stop,
};
use tokio::time::Instant;

use crate::support::fake::{key, look, writer};

/// A thing that answers deletions by a script.
struct Scripted {
    /// What the deletions are answered, in this order; then each is taken.
    refusals: Mutex<VecDeque<ErrorKind>>,
    /// What every one is answered, if anything.
    always: Option<ErrorKind>,
    /// How long it is there once a deletion was taken; none: it never was.
    stands: Option<Duration>,
    /// When deletions were sent, since the beginning.
    sent: Mutex<Vec<Duration>>,
    taken: Mutex<Option<Instant>>,
    began: Instant,
}

impl Scripted {
    fn new(stands: Option<Duration>) -> Self {
        Self {
            refusals: Mutex::default(),
            always: None,
            stands,
            sent: Mutex::default(),
            taken: Mutex::default(),
            began: Instant::now(),
        }
    }

    fn refusing(self, kinds: impl IntoIterator<Item = ErrorKind>) -> Self {
        Self {
            refusals: Mutex::new(kinds.into_iter().collect()),
            ..self
        }
    }

    fn always(self, kind: ErrorKind) -> Self {
        Self {
            always: Some(kind),
            ..self
        }
    }

    fn sent(&self) -> Vec<u64> {
        let sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        sent.iter().map(Duration::as_secs).collect()
    }

    fn is_there(&self) -> bool {
        let taken = *self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        match (self.stands, taken) {
            (None, _) => false,
            (Some(_), None) => true,
            (Some(stands), Some(taken)) => taken.elapsed() < stands,
        }
    }
}

/// The handle by which the engine removes it.
struct Handle(Arc<Scripted>);

impl Removable for Handle {
    fn delete<'a>(&'a self, _aws: &'a Aws) -> BoxFuture<'a, Result<()>> {
        let thing = &self.0;
        let mut sent = thing.sent.lock().unwrap_or_else(PoisonError::into_inner);
        sent.push(thing.began.elapsed());
        let mut refusals = thing
            .refusals
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let refusal = refusals.pop_front().or_else(|| thing.always.clone());
        if refusal.is_none() {
            let mut taken = thing.taken.lock().unwrap_or_else(PoisonError::into_inner);
            taken.get_or_insert_with(Instant::now);
        }
        let answer = refusal.map_or(Ok(()), |kind| Err(Error::new(kind, "as the test wants it")));
        Box::pin(std::future::ready(answer))
    }

    fn again<'a>(
        &'a self,
        _reads: &'a Reads,
        _moment: Moment,
    ) -> BoxFuture<'a, Result<Option<Arc<dyn Removable>>>> {
        let same = Self(Arc::clone(&self.0));
        let stands = self
            .0
            .is_there()
            .then(|| Arc::new(same) as Arc<dyn Removable>);
        Box::pin(std::future::ready(Ok(stands)))
    }
}

fn owned(name: &str, parent: Option<&str>, thing: &Arc<Scripted>) -> Owned {
    Owned {
        key: key(name),
        id: name.to_owned(),
        scope: String::new(),
        state: "available".to_owned(),
        parent: parent.map(str::to_owned),
        protection: None,
        created: None,
        thing: Arc::new(Handle(Arc::clone(thing))),
    }
}

/// What each thing was said to be queued behind.
#[derive(Default)]
struct Queues(Mutex<Vec<String>>);

impl Sink for Queues {
    fn emit(&self, event: Event) {
        if let Happening::Queued(behind) = event.happening {
            let mut queues = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            queues.push(format!("{} behind {behind}", event.key));
        }
    }
}

async fn removed(doomed: &[Owned], sink: &Queues) -> Report {
    let never = |_: &Key, _: &Key| false;
    let (aws, look, stop) = (writer(), look(), Stop::default());
    remove_in_order(doomed, &never, &aws, &look, sink, &stop).await
}

/// Removes one thing; how it ended, and after how many seconds.
async fn alone(thing: Scripted) -> (Arc<Scripted>, Report, u64) {
    let thing = Arc::new(thing);
    let began = Instant::now();
    let report = removed(&[owned("a", None, &thing)], &Queues::default()).await;
    (thing, report, began.elapsed().as_secs())
}

#[tokio::test(start_paused = true)]
async fn what_still_stands_is_deleted_again_once_a_minute() {
    let (thing, report, _) = alone(Scripted::new(Some(Duration::from_secs(150)))).await;
    assert_eq!(report.deleted, [key("a")]);
    let sent = thing.sent();
    assert_eq!(sent.len(), 3, "{sent:?}");
    for (first, second) in sent.iter().zip(&sent[1..]) {
        let between = second - first;
        assert!((60..=75).contains(&between), "{sent:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_of_what_is_gone_by_now_is_a_deletion() {
    // Somebody else is deleting it, and the thing is not there any more.
    let (thing, report, took) = alone(Scripted::new(None).always(ErrorKind::NotYet)).await;
    assert_eq!(report.deleted, [key("a")], "{report:?}");
    assert_eq!((thing.sent(), took), (vec![0], 0));
    // AWS says itself that it is not there.
    let (_, report, took) = alone(Scripted::new(None).always(ErrorKind::NotFound)).await;
    assert_eq!((report.deleted, took), (vec![key("a")], 0));
}

#[tokio::test(start_paused = true)]
async fn a_denied_deletion_has_failed_whatever_a_look_would_say() {
    let (thing, report, took) = alone(Scripted::new(None).always(ErrorKind::Denied)).await;
    assert_eq!(report.deleted, []);
    assert_eq!(report.failed.len(), 1, "{report:?}");
    assert_eq!((thing.sent(), took), (vec![0], 0));
}

/// What may pass by itself within a minute.
static SOON: Unseen = Unseen {
    code: "InvalidThing",
    minutes: 1,
};

#[tokio::test(start_paused = true)]
async fn what_may_pass_soon_has_its_minute_and_no_more() {
    let soon = ErrorKind::Unseen(&SOON);
    let passing = Scripted::new(Some(Duration::ZERO)).refusing(vec![soon.clone(); 4]);
    let (_, report, _) = alone(passing).await;
    assert_eq!(report.deleted, [key("a")], "{report:?}");
    let lasting = Scripted::new(Some(Duration::ZERO)).always(soon);
    let (_, report, took) = alone(lasting).await;
    assert_eq!(report.failed.len(), 1, "{report:?}");
    assert!((60..75).contains(&took), "{took} s");
}

#[tokio::test(start_paused = true)]
async fn what_passes_by_itself_is_waited_for_and_silence_for_a_minute() {
    for (kind, times) in [
        (ErrorKind::Throttled, 1),
        (ErrorKind::NotYet, 4),
        (ErrorKind::Unknown, 4),
    ] {
        let refusals = vec![kind.clone(); times];
        let (thing, report, took) =
            alone(Scripted::new(Some(Duration::ZERO)).refusing(refusals)).await;
        assert_eq!(report.deleted, [key("a")], "{kind:?}: {report:?}");
        assert_eq!(thing.sent().len(), times + 1, "{kind:?}");
        assert!(took < 60, "{kind:?}: {took} s");
    }
    let silent = Scripted::new(Some(Duration::ZERO)).always(ErrorKind::Unknown);
    let (_, report, took) = alone(silent).await;
    assert_eq!(report.failed.len(), 1, "{report:?}");
    assert!((60..75).contains(&took), "{took} s");
    // A call that is only throttled has been sent for ten minutes by then.
    let busy = Scripted::new(Some(Duration::ZERO)).always(ErrorKind::Throttled);
    let (thing, report, _) = alone(busy).await;
    assert_eq!(report.failed.len(), 1, "{report:?}");
    assert_eq!(thing.sent().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn what_goes_with_its_parent_is_not_deleted_and_waits_for_it() {
    let parent = Arc::new(Scripted::new(Some(Duration::from_secs(5))));
    let part = Arc::new(Scripted::new(Some(Duration::ZERO)));
    let queues = Queues::default();
    let doomed = [
        owned("part", Some("whole"), &part),
        owned("whole", None, &parent),
    ];
    let report = removed(&doomed, &queues).await;
    assert_eq!(report.deleted, [key("part"), key("whole")], "{report:?}");
    assert_eq!((part.sent().len(), parent.sent().len()), (0, 1));
    let queues = queues
        .0
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner);
    assert_eq!(queues, [format!("{} behind {}", key("part"), key("whole"))]);

    // A parent that stays keeps its part.
    let parent = Arc::new(Scripted::new(Some(Duration::ZERO)).always(ErrorKind::Denied));
    let doomed = [
        owned("part", Some("whole"), &part),
        owned("whole", None, &parent),
    ];
    let report = removed(&doomed, &Queues::default()).await;
    assert_eq!(report.deleted, []);
    assert_eq!(report.not_started.len(), 1, "{report:?}");
    assert_eq!(part.sent(), Vec::<u64>::new());
}
