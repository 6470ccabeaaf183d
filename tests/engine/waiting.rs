//! Those who wait ask together.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use hybridgw::{
    event::{Event, Happening, Silent, Sink},
    pipeline::{Report, apply},
    stop::{Stop, Why},
};

use crate::support::{fake::name, listed::List};

/// Makes things of these names, each create of which takes so long.
async fn up(list: &List, wishes: &[(&str, Duration)]) -> Report {
    let (stack, look) = (list.stack(wishes), list.look());
    apply(&stack, &list.writer(), &look, &Silent, &Stop::default()).await
}

/// What was waited for.
#[derive(Default)]
struct Waits(Mutex<Vec<String>>);

impl Sink for Waits {
    fn emit(&self, event: Event) {
        if let Happening::Waiting(why) = event.happening {
            let mut waits = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            waits.push(format!("{}: {why}", event.key));
        }
    }
}

const NAMES: [&str; 20] = [
    "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p", "q", "r", "s",
    "t",
];

/// Creates that end at unequal times, so that nobody begins to wait with another.
fn wishes(count: usize) -> Vec<(&'static str, Duration)> {
    let names = NAMES.iter().take(count).zip(0..);
    names
        .map(|(name, place)| (*name, Duration::from_millis(10 + 7 * place)))
        .collect()
}

#[tokio::test(start_paused = true)]
async fn twenty_that_wait_ask_hardly_more_often_than_one() {
    let ready_after = Duration::from_mins(1);
    let alone = List::of_things_ready_after(ready_after);
    assert!(up(&alone, &wishes(1)).await.ok());
    let together = List::of_things_ready_after(ready_after);
    assert!(up(&together, &wishes(20)).await.ok());
    assert!(alone.reads() >= 10, "it waits: {}", alone.reads());
    // One more for those who wrote while the first one's question was on its way.
    let most = alone.reads() + 3;
    assert!(together.reads() <= most, "{} > {most}", together.reads());
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_was_asked_before_a_write_is_not_taken_for_what_came_of_it() {
    let list = List::of_things_ready_after(Duration::ZERO);
    // The second one is written while the first one's question is on its way.
    let wishes = [
        ("first", Duration::from_millis(10)),
        ("second", Duration::from_millis(500)),
    ];
    let (stack, look, waits) = (list.stack(&wishes), list.look(), Waits::default());
    let report = apply(&stack, &list.writer(), &look, &waits, &Stop::default()).await;
    assert!(report.ok(), "{report:?}");
    let waits = waits.0.into_inner().expect("no test panics with it");
    assert_eq!(waits, Vec::<String>::new());
    assert_eq!(list.reads(), 3, "before, after the first, after the second");
}

#[tokio::test(start_paused = true)]
async fn a_question_that_fails_fails_only_who_asked_it() {
    let list = List::of_things_ready_after(Duration::from_secs(5));
    list.refuse(1);
    let report = up(&list, &wishes(5)).await;
    let failed: Vec<String> = report.failed.iter().map(|(key, _)| name(key)).collect();
    assert_eq!(failed, ["a"]);
    assert_eq!(report.created.len(), 4, "{report:?}");
    assert!(report.unsettled.is_empty() && report.not_started.is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_interruption_in_the_middle_of_a_shared_question_ends_all_that_wait() {
    let list = List::of_things_ready_after(Duration::from_mins(5));
    let (stack, look, stop) = (list.stack(&wishes(5)), list.look(), Stop::default());
    let aws = list.writer();
    let run = apply(&stack, &aws, &look, &Silent, &stop);
    let interrupt = async {
        tokio::time::sleep(Duration::from_millis(20_500)).await;
        stop.set(Why::Interrupted);
    };
    let (report, ()) = tokio::join!(run, interrupt);
    assert_eq!(report.unsettled.len(), 5, "{report:?}");
    // The reads are as good as before.
    assert_eq!(look.rest_apis().await.expect("they are").len(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_dropped_in_the_middle_of_a_question_leaves_reads_that_work() {
    let list = List::of_things_ready_after(Duration::from_mins(1));
    let (stack, look, stop) = (list.stack(&wishes(5)), list.look(), Stop::default());
    let aws = list.writer();
    let run = apply(&stack, &aws, &look, &Silent, &stop);
    let dropped = tokio::time::timeout(Duration::from_millis(1_500), run).await;
    assert!(dropped.is_err(), "it waits");
    let report = apply(&stack, &aws, &look, &Silent, &stop).await;
    assert!(report.ok(), "{report:?}");
    assert_eq!(report.created.len(), 0, "they were there already");
}
