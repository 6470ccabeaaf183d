//! The simulated account's data plane in the place of a network.
//!
//! Only what a client would see is taken from it: addresses, whether the
//! connection is made, names in the certificate, the status. Where a request
//! stopped is for the checks to find out.

use std::net::{IpAddr, Ipv4Addr};

use super::{Answer, Connected, Distrust, Handshake, Resolved, Shown};
use crate::simulator::{
    Simulator,
    dataplane::{self, Ask, Hop},
};

/// A client of a simulated account.
#[derive(Clone, Debug)]
pub struct Rehearsed {
    /// The account.
    pub simulator: Simulator,
    /// Its id.
    pub account: String,
    /// The region.
    pub region: String,
    /// Where the client is.
    pub client: Ipv4Addr,
}

impl Rehearsed {
    fn ask(&self, host: &str, path: &str) -> dataplane::Answer {
        let ask = Ask::new(host, path, self.client);
        self.simulator.ask(&self.account, &self.region, &ask)
    }

    pub(super) fn resolve(&self, host: &str) -> Resolved {
        let found = self.simulator.resolve(&self.account, &self.region, host);
        match found {
            None => Resolved::Nothing,
            Some(addresses) => Resolved::To(addresses.into_iter().map(IpAddr::V4).collect()),
        }
    }

    pub(super) fn connect(&self, host: &str, _address: IpAddr) -> Connected {
        let answer = self.ask(host, "/");
        match answer.hop {
            Some(Hop::Listener) => Connected::Refused,
            Some(Hop::SecurityGroup | Hop::LoadBalancer | Hop::Record) if answer.status == 0 => {
                Connected::TimedOut
            }
            _ => Connected::Open,
        }
    }

    pub(super) fn handshake(&self, host: &str) -> Handshake {
        let answer = self.ask(host, "/");
        let distrust = (answer.hop == Some(Hop::Certificate)).then_some(Distrust::WrongName);
        if answer.certificate.is_none() && distrust.is_none() {
            return Handshake::Refused(answer.why);
        }
        Handshake::Done(Box::new(Shown {
            distrust,
            ..Shown::default()
        }))
    }

    pub(super) fn get(&self, host: &str, path: &str) -> Result<Answer, String> {
        let answer = self.ask(host, path);
        if answer.status == 0 {
            return Err("nobody answers".to_owned());
        }
        // What API Gateway writes into `x-amzn-errortype` (research; gateway responses).
        let error = match (answer.status, answer.hop) {
            (403, Some(Hop::Mapping | Hop::Stage)) => Some("ForbiddenException"),
            (403, Some(Hop::EndpointPolicy | Hop::ApiPolicy)) => Some("AccessDeniedException"),
            (403, Some(Hop::Method)) => Some("MissingAuthenticationTokenException"),
            (500, _) => Some("InternalServerErrorException"),
            _ => None,
        };
        Ok(Answer {
            status: answer.status,
            error: error.map(str::to_owned),
            words: String::new(),
            is_application: answer.hop.is_none(),
        })
    }
}
