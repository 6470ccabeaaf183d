//! The functions that routes name.

use std::collections::BTreeMap;

use futures_util::future::join_all;

use super::finding::{Finding, Problems, failed, problem};
use crate::{
    aws::read::Reads,
    checks::codes,
    config::{ApiSource, Config, Route, Target},
};

/// The function that a route names, behind an API or straight.
fn function_of(route: &Route) -> Option<&str> {
    match &route.target {
        Target::Lambda(function) => Some(&function.arn),
        Target::Api(api) => match &api.source {
            ApiSource::Lambda(arn) => Some(arn),
            ApiSource::OpenApi(_) | ApiSource::Borrowed(_) | ApiSource::Placeholder => None,
        },
        Target::Site(_) => None,
    }
}

/// Checks that each function exists, with the version or alias that is named.
/// Region and account are in the ARN, and checked with the file.
pub(super) async fn check(config: &Config, reads: &Reads) -> Finding<()> {
    let mut named: BTreeMap<&str, &Route> = BTreeMap::new();
    for route in &config.routes {
        if let Some(arn) = function_of(route) {
            named.entry(arn).or_insert(route);
        }
    }
    let found = join_all(named.into_iter().map(|(arn, route)| async move {
        Ok((arn, route, reads.has_function(arn).await.map_err(failed)?))
    }));
    let mut problems = Problems::default();
    for finding in found.await {
        if let Some((arn, route, false)) = problems.take(finding) {
            problems.note(problem(
                codes::CONFIG_FUNCTION_MISSING,
                &format!("route {}", route.path),
                format!("the function {arn} does not exist"),
                "check the ARN, and its version or alias",
            ));
        }
    }
    problems.or(())
}
