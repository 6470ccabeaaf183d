//! IAM: what the caller may do.

use std::sync::Arc;

use aws_sdk_iam::types::{
    ContextEntry, ContextKeyTypeEnum, EvaluationResult, PolicyEvaluationDecisionType,
};

use super::{Answers, Query, Reads, all};
use crate::{
    aws::{Called, error::none_if_missing},
    error::Result,
};

/// Which actions of whom on which resources.
type Asked = (String, Vec<String>, Vec<String>);

#[derive(Debug)]
pub(super) struct Known {
    role: Answers<String, Option<String>>,
    simulated: Answers<Asked, Vec<Evaluation>>,
}

impl Default for Known {
    fn default() -> Self {
        Self {
            role: Answers::to(Query::GetRole),
            simulated: Answers::to(Query::SimulatePrincipalPolicy),
        }
    }
}

/// What policies come to for an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Decision {
    /// It is allowed.
    Allowed,
    /// Nothing allows it.
    NotAllowed,
    /// The permissions boundary does not allow it.
    Bounded,
    /// The organisation does not allow it.
    Organization,
    /// A statement denies it.
    Denied,
    /// It depends on what was not told.
    Unclear,
}

/// What policies say to an action on a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evaluation {
    /// IAM's name for the action.
    pub action: String,
    /// The resource's ARN, or `*`.
    pub resource: String,
    /// What they come to.
    pub decision: Decision,
    /// The keys of conditions whose values were missing.
    pub missing: Vec<String>,
}

impl From<EvaluationResult> for Evaluation {
    /// IAM API reference, `EvaluationResult`: the details say whose no it is.
    fn from(result: EvaluationResult) -> Self {
        let organization = result.organizations_decision_detail;
        let organization = organization.is_some_and(|one| !one.allowed_by_organizations);
        let boundary = result.permissions_boundary_decision_detail;
        let boundary = boundary.is_some_and(|one| !one.allowed_by_permissions_boundary);
        let missing = result.missing_context_values.unwrap_or_default();
        let decision = match result.eval_decision {
            PolicyEvaluationDecisionType::Allowed => Decision::Allowed,
            _ if organization => Decision::Organization,
            PolicyEvaluationDecisionType::ExplicitDeny => Decision::Denied,
            _ if boundary => Decision::Bounded,
            _ if !missing.is_empty() => Decision::Unclear,
            _ => Decision::NotAllowed,
        };
        Self {
            action: result.eval_action_name,
            resource: result.eval_resource_name.unwrap_or_else(|| "*".to_owned()),
            decision,
            missing,
        }
    }
}

impl Reads {
    /// The ARN of a role, with its path; none if it is not there.
    pub async fn role(&self, named: &str) -> Result<Arc<Option<String>>> {
        let call = self.aws.iam.get_role().role_name(named);
        let known = &self.memory.iam.role;
        self.get(known, named.to_owned(), |name| async move {
            let answer = none_if_missing(call.send().await.called(name))?;
            Ok(answer.and_then(|answer| answer.role).map(|role| role.arn))
        })
        .await
    }

    /// What the policies of a user or role say to these actions on these
    /// resources, for requests with these values of conditions' keys.
    ///
    /// IAM API reference, `SimulatePrincipalPolicy`: identity policies, the
    /// boundary, and those of the organisation; not the resources' own.
    pub async fn simulated(
        &self,
        whose: &str,
        actions: Vec<String>,
        resources: Vec<String>,
        context: &[(&str, &str)],
    ) -> Result<Arc<Vec<Evaluation>>> {
        let entries = context.iter().map(|(key, value)| {
            ContextEntry::builder()
                .context_key_name(*key)
                .context_key_type(ContextKeyTypeEnum::String)
                .context_key_values(*value)
                .build()
        });
        let call = self.aws.iam.simulate_principal_policy();
        let call = call
            .policy_source_arn(whose)
            .set_action_names(Some(actions.clone()))
            .set_resource_arns(Some(resources.clone()))
            .set_context_entries(Some(entries.collect()));
        let pages = call.into_paginator().items();
        let known = &self.memory.iam.simulated;
        let about = (whose.to_owned(), actions, resources);
        self.get(known, about, |name| async move {
            let results = all(pages.send(), name).await?.into_iter();
            Ok(results.map(Evaluation::from).collect())
        })
        .await
    }
}
