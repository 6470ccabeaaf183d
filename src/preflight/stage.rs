//! What the stages of the stack's own APIs ask for.

use super::finding::{Finding, Warning, failed};
use crate::{
    aws::read::{Reads, stands_aside},
    checks::codes,
    config::Config,
    resources::stage::LOG_ROLE,
};

/// Checks that API Gateway may write to log groups, if it is to. Returns
/// warnings.
pub(super) async fn check(config: &Config, reads: &Reads) -> Finding<Vec<Warning>> {
    let apis = config.routes.iter().filter_map(|route| route.api());
    let logs = apis.filter_map(|api| api.access_logs.as_ref());
    // To Firehose it writes by a role of its own.
    let mut to_groups = logs.filter(|logs| logs.destination.contains(":log-group:"));
    if to_groups.next().is_none() {
        return Ok(Vec::new());
    }
    match reads.gateway_account().await {
        Ok(account) if account.cloudwatch_role_arn().is_none() => {
            let found = format!("access_logs: {LOG_ROLE}");
            Ok(vec![Warning::bare(codes::LOGS_NO_ROLE, found)])
        }
        Err(error) if !stands_aside(&error) => Err(failed(error)),
        _ => Ok(Vec::new()),
    }
}
