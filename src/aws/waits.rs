//! Who waits for a slot or a turn is told, and so is whoever looks on.
//!
//! A call that is paced stands in a line for half a minute, and a person sees
//! nothing happen. What waits knows nothing of resources, and what knows of
//! them nothing of lines: the one that starts the work says who wants to know.

use std::{future::Future, pin::pin};

use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

tokio::task_local! {
    /// Where the work that is under way says what it waits for.
    static TELL: UnboundedSender<String>;
}

/// Does the work, and hears what its calls wait for in the meantime.
pub async fn telling<T>(work: impl Future<Output = T>, hear: impl Fn(String)) -> T {
    let (tell, mut told) = unbounded_channel();
    let mut work = pin!(TELL.scope(tell, work));
    loop {
        tokio::select! {
            biased;
            Some(why) = told.recv() => hear(why),
            done = &mut work => return done,
        }
    }
}

/// Says what the call that is under way waits for.
pub(super) fn tell(why: String) {
    tracing::info!("{why}");
    // Nobody has to listen.
    let _ = TELL.try_with(|tell| tell.send(why));
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    #[tokio::test]
    async fn each_hears_of_its_own_work_and_what_nobody_hears_is_no_error() {
        let heard = RefCell::new(Vec::new());
        let hear = |name: &'static str| {
            let heard = &heard;
            move |why: String| heard.borrow_mut().push(format!("{name}: {why}"))
        };
        let work = async |why: &str| {
            tokio::task::yield_now().await;
            tell(why.to_owned());
            tokio::task::yield_now().await;
        };
        tokio::join!(
            telling(work("one"), hear("first")),
            telling(work("two"), hear("second")),
            work("three"),
        );
        let mut heard = heard.into_inner();
        heard.sort();
        assert_eq!(heard, ["first: one", "second: two"]);
    }
}
