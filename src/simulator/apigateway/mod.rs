//! API Gateway: REST APIs, their deployments and stages, custom domain names and their mappings.
//!
//! Wire names are those of the API's model of 2015-07-09.

mod access;
mod authorizer;
mod body;
mod certificate;
mod common;
mod data;
mod deployment;
mod domain;
mod endpoint;
mod event;
mod export;
mod export_integration;
pub mod furnish;
mod gateway_response;
mod import;
mod integration;
mod integration_check;
mod integration_view;
mod mapping;
mod method;
mod model;
mod operations;
mod parameters;
mod patch;
mod policy;
mod regional;
mod resource;
mod response;
mod rest_api;
mod rest_api_update;
mod stage;
mod stage_update;
pub mod state;
mod tag;
mod validator;

pub use data::{Mapped, deployed, mapping_for, users_of_certificate};
pub use state::{
    Api, Association, Content, Deployment, Domain, Event, Integration, Mapping, Members, Method,
    Operations, Parts, Resource, Snapshot, Stage, State, Tags,
};

use super::codec::Protocol;
use super::service::Service;

/// The service.
pub const SERVICE: Service = Service {
    name: "apigateway",
    protocol: Protocol::RestJson,
    namespace: "",
    operations: operations::OPERATIONS,
};

#[cfg(test)]
mod tests;
