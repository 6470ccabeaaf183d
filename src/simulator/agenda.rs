//! What lies ahead, in all services.

use serde::{Deserialize, Serialize};

use super::acm::state as acm;
use super::apigateway::state as apigateway;
use super::clock::Time;
use super::ec2::state as ec2;
use super::elbv2::state as elbv2;
use super::route53::state as route53;

/// Something that lies ahead.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Event {
    /// In ACM.
    Acm(acm::Event),
    /// In EC2.
    Ec2(ec2::Event),
    /// In `ELBv2`.
    Elbv2(elbv2::Event),
    /// In API Gateway.
    ApiGateway(apigateway::Event),
    /// In Route 53.
    Route53(route53::Event),
}

/// What lies ahead, the next first.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Agenda(Vec<Due>);

/// One entry.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Due {
    /// When.
    pub at: Time,
    /// The account.
    pub account: String,
    /// The region.
    pub region: String,
    /// What.
    pub event: Event,
}

impl Agenda {
    /// Adds an entry, behind those of the same time.
    pub fn add(&mut self, due: Due) {
        let place = self.0.partition_point(|other| other.at <= due.at);
        self.0.insert(place, due);
    }

    /// Takes the next entry, if it is due.
    pub fn next(&mut self, now: Time) -> Option<Due> {
        self.0
            .first()
            .is_some_and(|due| due.at <= now)
            .then(|| self.0.remove(0))
    }

    /// Returns when the next entry is due.
    pub fn first(&self) -> Option<Time> {
        self.0.first().map(|due| due.at)
    }
}
