//! What is remembered of AWS's answers, and for how long it counts.
//!
//! Every answer carries the moment at which it was asked. Whoever has written
//! says so, and takes only answers that were asked afterwards; others may go on
//! with what there is. So nothing has to be forgotten, and one question serves
//! all that wait for its answer.

use std::{
    collections::{BTreeMap, HashMap},
    future::Future,
    hash::Hash,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use super::Query;
use crate::error::Result;

/// A point in the order in which a run asks and writes. Not a time: two things
/// may happen in one instant, and still one of them comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(u64);

/// Tells the moments of a run.
#[derive(Debug, Default)]
pub(super) struct Order(AtomicU64);

impl Order {
    /// A moment after all that were told before.
    pub fn now(&self) -> Moment {
        Moment(self.0.fetch_add(1, Ordering::Relaxed) + 1)
    }
}

/// The answers to one query, by what was asked about.
#[derive(Debug)]
pub(super) struct Answers<K, T> {
    query: Query,
    subjects: Mutex<HashMap<K, Arc<Subject<T>>>>,
    /// Held while a question about many subjects is on its way.
    turn: tokio::sync::Mutex<()>,
}

/// What was answered about one subject, and whose turn it is to ask.
#[derive(Debug)]
struct Subject<T> {
    answer: Mutex<Option<(Moment, Arc<T>)>>,
    /// Held while a question is on its way. Those who wait get it in the order
    /// in which they came; one that is dropped makes room for the next.
    turn: tokio::sync::Mutex<()>,
}

impl<T> Default for Subject<T> {
    fn default() -> Self {
        Self {
            answer: Mutex::new(None),
            turn: tokio::sync::Mutex::new(()),
        }
    }
}

impl<T> Subject<T> {
    /// The answer, if it was asked at this moment or later.
    fn since(&self, since: Moment) -> Option<Arc<T>> {
        let answer = self.answer.lock().unwrap_or_else(PoisonError::into_inner);
        let (asked, answer) = answer.as_ref()?;
        (*asked >= since).then(|| Arc::clone(answer))
    }

    fn remember(&self, asked: Moment, answer: Arc<T>) {
        let mut place = self.answer.lock().unwrap_or_else(PoisonError::into_inner);
        *place = Some((asked, answer));
    }
}

impl<K: Eq + Hash + Clone, T> Answers<K, T> {
    /// No answers to this query yet.
    pub fn to(query: Query) -> Self {
        Self {
            query,
            subjects: Mutex::default(),
            turn: tokio::sync::Mutex::new(()),
        }
    }

    /// The query.
    pub fn query(&self) -> Query {
        self.query
    }

    fn subject(&self, about: &K) -> Arc<Subject<T>> {
        let mut subjects = self.subjects.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(subjects.entry(about.clone()).or_default())
    }

    /// How many subjects something is remembered about.
    pub fn len(&self) -> usize {
        let subjects = self.subjects.lock().unwrap_or_else(PoisonError::into_inner);
        subjects.len()
    }

    /// What is remembered about a subject, however old.
    pub fn known(&self, about: &K) -> Option<Arc<T>> {
        self.subject(about).since(Moment::default())
    }

    /// An answer that was asked at `since` or later: a remembered one, or one
    /// that is asked for now. One question about a subject is on its way at a
    /// time. A failure is not remembered, and fails only who asked: the next in
    /// line asks again.
    pub async fn get<F>(
        &self,
        about: &K,
        since: Moment,
        order: &Order,
        ask: impl FnOnce() -> F,
    ) -> Result<Arc<T>>
    where
        F: Future<Output = Result<T>>,
    {
        let subject = self.subject(about);
        if let Some(answer) = subject.since(since) {
            return Ok(answer);
        }
        let _turn = subject.turn.lock().await;
        if let Some(answer) = subject.since(since) {
            return Ok(answer);
        }
        let asked = order.now();
        // Boxed: the futures of all who ask would be as big as this one.
        let answer = Arc::new(Box::pin(ask()).await?);
        subject.remember(asked, Arc::clone(&answer));
        Ok(answer)
    }

    /// Answers about many subjects, each asked at its moment or later. What has
    /// to be asked for is asked together, so many at once; what is not answered
    /// has the default. One such question is on its way at a time.
    pub async fn get_all<F>(
        &self,
        wanted: &[(K, Moment)],
        at_once: usize,
        order: &Order,
        ask: impl Fn(Vec<K>) -> F,
    ) -> Result<Vec<Arc<T>>>
    where
        K: Ord,
        T: Default,
        F: Future<Output = Result<BTreeMap<K, T>>>,
    {
        let missing = || -> Vec<K> {
            let old = wanted.iter().filter(|(about, since)| {
                let subject = self.subject(about);
                subject.since(*since).is_none()
            });
            old.map(|(about, _)| about.clone()).collect()
        };
        if !missing().is_empty() {
            let _turn = self.turn.lock().await;
            for some in missing().chunks(at_once) {
                let asked = order.now();
                let mut answers = Box::pin(ask(some.to_vec())).await?;
                for about in some {
                    let answer = answers.remove(about).unwrap_or_default();
                    self.subject(about).remember(asked, Arc::new(answer));
                }
            }
        }
        let known = wanted.iter().map(|(about, since)| {
            let answer = self.subject(about).since(*since);
            answer.unwrap_or_default()
        });
        Ok(known.collect())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::{sleep, timeout};

    use super::*;
    use crate::error::Error;

    /// A service that takes a second for an answer, which is how often it was asked.
    struct Service {
        order: Order,
        answers: Answers<&'static str, u64>,
        asked: AtomicU64,
        fails: AtomicU64,
    }

    impl Service {
        fn failing(times: u64) -> Self {
            Self {
                order: Order::default(),
                answers: Answers::to(Query::GetRestApis),
                asked: AtomicU64::new(0),
                fails: AtomicU64::new(times),
            }
        }

        async fn call(&self) -> Result<u64> {
            let number = self.asked.fetch_add(1, Ordering::Relaxed) + 1;
            sleep(Duration::from_secs(1)).await;
            let fails = self.fails.load(Ordering::Relaxed);
            if number > fails {
                Ok(number)
            } else {
                Err(Error::invalid(format!("failure {number}")))
            }
        }

        async fn ask(&self, since: Moment) -> Result<u64> {
            let answer = self
                .answers
                .get(&"apis", since, &self.order, || self.call())
                .await?;
            Ok(*answer)
        }

        /// Writes something now, and asks as soon as that is done.
        async fn write_and_ask(&self, at: Duration) -> Result<u64> {
            sleep(at).await;
            self.ask(self.order.now()).await
        }
    }

    const fn millis(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[tokio::test(start_paused = true)]
    async fn those_who_wait_for_the_same_news_ask_once() {
        let service = Service::failing(0);
        let since = service.order.now();
        let all = futures_util::future::join_all((0..40).map(|_| service.ask(since))).await;
        assert!(all.iter().all(|answer| *answer.as_ref().unwrap() == 1));
        assert_eq!(service.ask(since).await.unwrap(), 1, "it is remembered");
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_counts_only_for_those_who_had_written_before_it_was_asked() {
        let service = Service::failing(0);
        // The second and third write while the first one's question is on its
        // way: one more question serves both.
        let answers = tokio::join!(
            service.write_and_ask(millis(0)),
            service.write_and_ask(millis(200)),
            service.write_and_ask(millis(400)),
        );
        let answers = [answers.0, answers.1, answers.2].map(Result::unwrap);
        assert_eq!(answers, [1, 2, 2]);
    }

    #[tokio::test(start_paused = true)]
    async fn who_needs_no_news_does_not_wait_for_them() {
        let service = Service::failing(0);
        service.ask(Moment::default()).await.unwrap();
        let (news, old) = tokio::join!(
            service.write_and_ask(millis(0)),
            timeout(millis(1), service.ask(Moment::default())),
        );
        assert_eq!((news.unwrap(), old.unwrap().unwrap()), (2, 1));
    }

    #[tokio::test(start_paused = true)]
    async fn a_failure_fails_who_asked_and_is_not_remembered() {
        let service = Service::failing(1);
        let since = service.order.now();
        let answers = tokio::join!(
            service.ask(since),
            service.ask(since),
            service.ask(since),
            service.ask(since),
        );
        assert_eq!(answers.0.unwrap_err().to_string(), "failure 1");
        let others = [answers.1, answers.2, answers.3].map(Result::unwrap);
        assert_eq!(others, [2, 2, 2], "they asked once more, together");
    }

    #[tokio::test(start_paused = true)]
    async fn who_leaves_in_the_middle_of_a_question_stands_in_nobodys_way() {
        let service = Service::failing(0);
        let since = service.order.now();
        let (left, stayed) = tokio::join!(
            timeout(millis(500), service.ask(since)),
            timeout(millis(1_600), service.ask(since)),
        );
        assert!(left.is_err());
        assert_eq!(stayed.expect("it asks for itself").unwrap(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn many_subjects_are_asked_about_together_and_only_where_that_is_due() {
        let order = Order::default();
        let answers: Answers<u32, u32> = Answers::to(Query::DescribeTags);
        let questions = Mutex::new(Vec::new());
        let ask = |some: Vec<u32>| async {
            questions.lock().unwrap().push(some.clone());
            sleep(Duration::from_secs(1)).await;
            Ok(some.into_iter().map(|one| (one, one)).collect())
        };
        let first = Moment::default();
        let all = [1, 2, 3].map(|one| (one, first));
        let (a, b) = tokio::join!(
            answers.get_all(&all, 2, &order, ask),
            answers.get_all(&all[..2], 2, &order, ask),
        );
        assert_eq!((a.unwrap().len(), b.unwrap().len()), (3, 2));
        let later = order.now();
        let wanted = [(1, first), (2, later), (4, first)];
        let found = answers.get_all(&wanted, 2, &order, ask).await.unwrap();
        assert_eq!(found.iter().map(|one| **one).collect::<Vec<_>>(), [1, 2, 4]);
        assert_eq!(
            *questions.lock().unwrap(),
            [vec![1, 2], vec![3], vec![2, 4]]
        );
    }
}
