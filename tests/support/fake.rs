//! A small world of fake resources that take time, fail and lag on demand.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use aws_smithy_runtime_api::client::{
    http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn},
    orchestrator::HttpRequest,
    result::ConnectorError,
};
use futures_util::future::BoxFuture;
use hybridgw::{
    Error, Result,
    aws::{
        Aws, Connection,
        read::{Moment, Query, Reads},
    },
    clock::Clock,
    error::ErrorKind,
    graph::{Node, Owned, Removable, Step},
    resource::{Drift, Found, Key, Kind, Mark, Need, Ours, Resource, Settled},
    stack::Stack,
};
use strum::{Display, EnumIter};
use tokio::{sync::Notify, time::Instant};

/// The key of the fake with this name.
pub fn key(name: &str) -> Key {
    Key::of_route(Kind::Targets, name)
}

/// The name of the fake with this key.
pub fn name(key: &Key) -> String {
    key.path().trim_start_matches('/').to_owned()
}

/// How a call goes wrong.
#[derive(Clone, Debug)]
pub enum Fault {
    /// It is not applied and fails with this kind.
    Refuse(ErrorKind),
    /// It is applied, and the answer is lost.
    LoseReply,
    /// It succeeds and does nothing.
    Ignore,
}

/// Where a run is killed: at the n-th call that writes.
#[derive(Clone, Copy, Debug)]
pub enum Kill {
    BeforeApplied(usize),
    AfterApplied(usize),
}

/// What is wanted of one resource.
#[derive(Clone)]
struct Wish {
    seconds: u64,
    needs: Vec<Need>,
}

/// A thing that exists.
#[derive(Clone)]
struct Thing {
    made: Instant,
    ready: Instant,
    altered: bool,
    doomed: bool,
}

#[derive(Default)]
struct State {
    wishes: Vec<(Key, Wish)>,
    things: BTreeMap<Key, Thing>,
    made: BTreeMap<Key, usize>,
    order: Vec<(&'static str, Key, Instant)>,
    faults: BTreeMap<(String, Key), (Fault, usize)>,
    attempts: BTreeMap<(&'static str, Key), usize>,
    calls: usize,
    kill: Option<Kill>,
    lag: Duration,
}

/// The fake world.
pub struct World {
    state: Mutex<State>,
    began: Instant,
    killed: Notify,
}

impl World {
    /// A world in which these are wanted: name, seconds until ready, needs.
    pub fn new<N: Into<String>>(
        wishes: impl IntoIterator<Item = (N, u64, Vec<Need>)>,
    ) -> Arc<Self> {
        let wishes = wishes
            .into_iter()
            .map(|(name, seconds, needs)| (key(&name.into()), Wish { seconds, needs }));
        Arc::new(Self {
            state: Mutex::new(State {
                wishes: wishes.collect(),
                ..State::default()
            }),
            began: Instant::now(),
            killed: Notify::new(),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state
            .lock()
            .expect("no test panics while it holds the world")
    }

    /// Calls that tried to write.
    pub fn calls(&self) -> usize {
        self.state().calls
    }

    /// How often a verb was tried on a thing.
    pub fn attempts(&self, verb: &'static str, name: &str) -> usize {
        let attempts = &self.state().attempts;
        attempts.get(&(verb, key(name))).copied().unwrap_or(0)
    }

    /// When a thing was made.
    pub fn created_at(&self, name: &str) -> Option<Duration> {
        let state = self.state();
        let created = state
            .order
            .iter()
            .find(|(verb, made, _)| *verb == "create" && *made == key(name));
        created.map(|(_, _, at)| *at - self.began)
    }

    /// How many things were made more than once.
    pub fn duplicates(&self) -> usize {
        self.state()
            .made
            .values()
            .filter(|count| **count > 1)
            .count()
    }

    /// Changes a thing behind the engine's back.
    pub fn alter(&self, name: &str) {
        self.thing(name, |thing| thing.altered = true);
    }

    /// Lets a thing fail for good.
    pub fn doom(&self, name: &str) {
        self.thing(name, |thing| thing.doomed = true);
    }

    fn thing(&self, name: &str, change: impl FnOnce(&mut Thing)) {
        let mut state = self.state();
        change(state.things.get_mut(&key(name)).expect("it exists"));
    }

    /// Takes a resource out of the configuration.
    pub fn forget_wish(&self, name: &str) {
        let forgotten = key(name);
        self.state().wishes.retain(|(key, _)| *key != forgotten);
    }

    /// Lets the next `times` calls of a verb on a thing go wrong.
    pub fn fault(&self, verb: &str, name: &str, fault: Fault, times: usize) {
        let place = (verb.to_owned(), key(name));
        self.state().faults.insert(place, (fault, times));
    }

    /// Lets reads show things only this long after they were made.
    pub fn lag(&self, lag: Duration) {
        self.state().lag = lag;
    }

    /// Kills the run at a call: it never returns.
    pub fn kill_at(&self, kill: Kill) {
        self.state().kill = Some(kill);
    }

    /// Returns when the run is dead; the next one is not killed.
    pub async fn killed(&self) {
        self.killed.notified().await;
        self.state().kill = None;
    }

    /// Everything that needs a thing, however indirectly.
    pub fn descendants(&self, name: &str) -> BTreeSet<Key> {
        let state = self.state();
        let mut found = BTreeSet::from([key(name)]);
        for (key, wish) in &state.wishes {
            if wish.needs.iter().any(|need| found.contains(need.key())) {
                found.insert(key.clone());
            }
        }
        found.remove(&key(name));
        found
    }

    /// Everything that exists, as things that can be removed.
    pub fn owned(self: &Arc<Self>) -> Vec<Owned> {
        let state = self.state();
        let things = state.things.keys().map(|key| Owned {
            key: key.clone(),
            id: key.to_string(),
            scope: String::new(),
            state: "available".to_owned(),
            parent: None,
            protection: None,
            created: None,
            thing: Arc::new(Doomed {
                world: Arc::clone(self),
                key: key.clone(),
            }),
        });
        things.collect()
    }

    /// Whether the first thing stays until the second one is gone: while that
    /// needs it.
    pub fn order(&self) -> impl Fn(&Key, &Key) -> bool + Sync + use<> {
        let wishes = self.state().wishes.clone();
        move |thing, other| {
            let user = wishes.iter().find(|(key, _)| key == other);
            user.is_some_and(|(_, wish)| wish.needs.iter().any(|need| need.key() == thing))
        }
    }

    /// Every creation came after what the thing needs.
    pub fn assert_created_in_order(&self) {
        let state = self.state();
        let at = |key: &Key| {
            let made = |(verb, made, _): &&(&str, Key, Instant)| *verb == "create" && made == key;
            state
                .order
                .iter()
                .find(made)
                .map(|(_, _, at)| *at)
                .expect("it was made")
        };
        for (key, wish) in &state.wishes {
            for need in &wish.needs {
                let ready = match need {
                    Need::Exists(needed) => at(needed),
                    Need::Settled(needed) => state.things[needed].ready,
                };
                assert!(at(key) >= ready, "{key} came before {need:?}");
            }
        }
    }

    /// Every deletion came after those of the thing's users.
    pub fn assert_deleted_in_order(&self) {
        let state = self.state();
        let place = |key: &Key| {
            let gone = |(verb, gone, _): &(&str, Key, Instant)| *verb == "delete" && gone == key;
            state.order.iter().position(gone).expect("it was deleted")
        };
        for (key, wish) in &state.wishes {
            for need in &wish.needs {
                assert!(
                    place(key) < place(need.key()),
                    "{key} went after {}",
                    need.key()
                );
            }
        }
    }

    /// One call that writes: killed, failed or applied, as ordered.
    async fn call(
        &self,
        verb: &'static str,
        key: &Key,
        apply: impl FnOnce(&mut State),
    ) -> Result<()> {
        let (fault, kill, number) = {
            let mut state = self.state();
            state.calls += 1;
            *state.attempts.entry((verb, key.clone())).or_default() += 1;
            let fault = state
                .faults
                .get_mut(&(verb.to_owned(), key.clone()))
                .filter(|(_, times)| *times > 0)
                .map(|(fault, times)| {
                    *times -= 1;
                    fault.clone()
                });
            (fault, state.kill, state.calls)
        };
        if matches!(kill, Some(Kill::BeforeApplied(at)) if at == number) {
            self.die().await;
        }
        match fault {
            Some(Fault::Refuse(kind)) => return Err(Error::new(kind, "refused by the test")),
            Some(Fault::Ignore) => return Ok(()),
            _ => {
                let mut state = self.state();
                apply(&mut state);
                state.order.push((verb, key.clone(), Instant::now()));
            }
        }
        if matches!(kill, Some(Kill::AfterApplied(at)) if at == number) {
            self.die().await;
        }
        match fault {
            Some(Fault::LoseReply) => Err(Error::new(ErrorKind::Unknown, "the reply was lost")),
            _ => Ok(()),
        }
    }

    async fn die(&self) {
        self.killed.notify_one();
        std::future::pending::<()>().await;
    }
}

/// The stack that the world wants.
pub fn stack(world: &Arc<World>) -> Stack {
    let wishes = world.state().wishes.clone();
    let steps = wishes.into_iter().map(|(key, wish)| {
        let step: Arc<dyn Step> = Node::new(Fake {
            world: Arc::clone(world),
            key,
            wish,
        });
        step
    });
    Stack {
        name: "fake".to_owned(),
        account: "111122223333".to_owned(),
        region: "eu-central-1".to_owned(),
        steps: steps.collect(),
    }
}

struct Fake {
    world: Arc<World>,
    key: Key,
    wish: Wish,
}

impl std::hash::Hash for Fake {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.key.hash(state);
    }
}

/// All that can differ of a fake.
#[derive(Clone, Debug, PartialEq, Eq, Display, EnumIter)]
#[strum(serialize_all = "lowercase")]
pub enum Field {
    Field,
}

/// What a look at a fake shows.
#[derive(Clone)]
pub struct Seen(Thing);

impl Resource for Fake {
    type Actual = Seen;
    type Field = Field;
    type Receipt = ();
    const READS: &'static [Query] = &[];

    fn key(&self) -> Key {
        self.key.clone()
    }

    fn needs(&self) -> Vec<Need> {
        self.wish.needs.clone()
    }

    fn summary(&self) -> String {
        String::new()
    }

    async fn discover(_reads: &Reads) -> Result<Vec<Found<Seen>>> {
        Ok(vec![])
    }

    async fn find(&self, _reads: &Reads) -> Result<Option<Found<Seen>>> {
        let state = self.world.state();
        let visible = |thing: &&Thing| thing.made.elapsed() >= state.lag;
        let thing = state.things.get(&self.key).filter(visible).cloned();
        Ok(thing.map(|thing| {
            let mark = Mark::signed("fake", self.key.clone(), true).expect("it says so");
            Found::ours(mark, self.key.to_string(), "available", Seen(thing))
        }))
    }

    fn diff(&self, actual: &Seen) -> Vec<Drift<Field>> {
        let drift = Drift::new(Field::Field, "altered", "as wanted");
        actual.0.altered.then_some(drift).into_iter().collect()
    }

    fn settled(&self, actual: &Seen) -> Settled {
        if actual.0.doomed {
            Settled::Never("failed".to_owned())
        } else if Instant::now() < actual.0.ready {
            Settled::NotYet("pending".to_owned())
        } else {
            Settled::Yes
        }
    }

    async fn create(&self, _aws: &Aws) -> Result<()> {
        let made = Instant::now();
        let thing = Thing {
            made,
            ready: made + Duration::from_secs(self.wish.seconds),
            altered: false,
            doomed: false,
        };
        self.world
            .call("create", &self.key, |state| {
                *state.made.entry(self.key.clone()).or_default() += 1;
                state.things.insert(self.key.clone(), thing);
            })
            .await
    }

    async fn update(
        &self,
        _aws: &Aws,
        _actual: &Ours<Seen>,
        _drift: &[Drift<Field>],
    ) -> Result<()> {
        self.world
            .call("update", &self.key, |state| {
                if let Some(thing) = state.things.get_mut(&self.key) {
                    thing.altered = false;
                }
            })
            .await
    }

    async fn delete(_aws: &Aws, _actual: &Ours<Seen>) -> Result<()> {
        Ok(())
    }
}

#[derive(Clone)]
struct Doomed {
    world: Arc<World>,
    key: Key,
}

impl Removable for Doomed {
    fn delete<'a>(&'a self, _aws: &'a Aws) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let gone = |state: &mut State| {
                state.things.remove(&self.key);
            };
            self.world.call("delete", &self.key, gone).await
        })
    }

    fn again<'a>(
        &'a self,
        _reads: &'a Reads,
        _moment: Moment,
    ) -> BoxFuture<'a, Result<Option<Arc<dyn Removable>>>> {
        Box::pin(async move {
            let stands = self.world.state().things.contains_key(&self.key);
            Ok(stands.then(|| Arc::new(self.clone()) as Arc<dyn Removable>))
        })
    }
}

/// Fails every call: the fakes must not reach AWS.
#[derive(Debug)]
struct Unreachable;

impl HttpConnector for Unreachable {
    fn call(&self, _request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::ready(Err(ConnectorError::user("a fake called AWS".into())))
    }
}

fn connection() -> Connection {
    let connector = SharedHttpConnector::new(Unreachable);
    let client = http_client_fn(move |_, _| connector.clone());
    Connection::through(client, "111122223333", "eu-central-1", Clock::REAL)
}

/// A look that must not reach AWS.
pub fn look() -> Reads {
    Reads::new(connection().reader(), "fake")
}

/// Read-only clients that must not reach AWS.
pub fn reader() -> Aws {
    connection().reader()
}

/// Clients that must not reach AWS.
pub fn writer() -> Aws {
    connection().writer()
}
