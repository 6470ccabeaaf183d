//! A service is a name, a protocol, and a table of operations.

use super::codec::{Input, Output, Protocol, Refusal, Route};
use super::world::Ctx;

/// A service of the account.
#[derive(Debug)]
pub struct Service {
    /// The name in `SigV4` credential scopes: `ec2`, `elasticloadbalancing`.
    pub name: &'static str,
    /// The protocol it speaks.
    pub protocol: Protocol,
    /// The XML namespace, or for [`Protocol::Json`] the prefix of `X-Amz-Target`.
    pub namespace: &'static str,
    /// Its operations; for REST the first whose route fits wins.
    pub operations: &'static [Operation],
}

/// The parameter that the header `Accept` is, for operations that take it.
pub const ACCEPT: &str = "accept";

/// The body of an operation.
pub type Run = fn(&mut Ctx<'_>, &Input) -> Result<Output, Refusal>;

/// One operation.
#[derive(Clone, Copy, Debug)]
pub struct Operation {
    /// AWS's name of it.
    pub name: &'static str,
    /// Whether it reads or writes.
    pub access: Access,
    /// The top-level parameters it knows; any other is refused, for silence would be a yes. Empty: not checked.
    pub takes: &'static [&'static str],
    /// The route, for REST services.
    pub route: Route,
    /// The body.
    pub run: Run,
}

/// Whether an operation may change the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// It changes nothing, and may lag behind.
    Read,
    /// It changes the world, or refuses and changes nothing.
    Write,
}

/// Returns an operation that reads.
pub const fn read(name: &'static str, run: Run, takes: &'static [&'static str]) -> Operation {
    Operation {
        name,
        access: Access::Read,
        takes,
        route: Route(""),
        run,
    }
}

/// Returns an operation that writes.
pub const fn write(name: &'static str, run: Run, takes: &'static [&'static str]) -> Operation {
    Operation {
        name,
        access: Access::Write,
        takes,
        route: Route(""),
        run,
    }
}

impl Operation {
    /// Sets the route: `"GET /restapis/{restApiId}"`.
    #[must_use]
    pub const fn at(mut self, route: &'static str) -> Self {
        self.route = Route(route);
        self
    }

    /// Refuses a top-level parameter that the operation does not know.
    pub fn check(&self, input: &Input) -> Result<(), Refusal> {
        let unknown = input
            .names()
            .find(|name| !self.takes.is_empty() && !self.takes.contains(name));
        unknown.map_or(Ok(()), |name| {
            // EC2 API reference, "Error codes": UnknownParameter. Also for what AWS knows and this simulator does not.
            Err(Refusal::new(
                "UnknownParameter",
                format!("The parameter {name} is not recognized (or not simulated)"),
            ))
        })
    }
}
