//! `verify` weighs a policy with how the methods authorize: what a signature or an authorizer makes
//! good is not accused, and what nothing makes good is.

use std::collections::BTreeSet;

use hybridgw::{
    checks::{Check, Verdict},
    simulator::world::Ctx,
};

use crate::bench::{ACCOUNT, Bench, REGION};
use crate::verify::{accused, api, change, endpoint, standing, walk};

/// Denies what comes through others, and allows nobody.
fn silent(endpoint: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Deny","Principal":"*","Action":"execute-api:Invoke",
        "Resource":"*","Condition":{{"StringNotEquals":{{"aws:SourceVpce":"{endpoint}"}}}}}}]}}"#
    )
}

/// Allows everybody, but for whom an organization has not.
fn of_organization(_: &str) -> String {
    r#"{"Version":"2012-10-17","Statement":[
        {"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke","Resource":"*"},
        {"Effect":"Deny","Principal":"*","Action":"execute-api:Invoke","Resource":"*",
         "Condition":{"StringNotEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}}}]}"#
        .to_owned()
}

fn of_another(_: &str) -> String {
    hybridgw::policy::only_through("vpce-0ffffffffffffffff").to_string()
}

fn of_a_role(_: &str) -> String {
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*",
        "Principal":{"AWS":"arn:aws:iam::111122223333:role/team"}}]}"#
        .to_owned()
}

/// Makes every method authorize so, and deploys that with this policy.
fn authorize(ctx: &mut Ctx<'_>, how: &str, policy: Option<&str>) {
    let mut all = ctx.here.apigateway.apis.iter();
    let (id, _) = all.find(|(_, api)| !api.tags.is_empty()).expect("an API");
    // API Gateway keeps the whole ARN.
    let inside = format!("arn:aws:execute-api:{REGION}:{ACCOUNT}:{id}/");
    let policy = policy.map(|text| text.replace("execute-api:/", &inside));
    let api = api(ctx);
    let policy = policy.or_else(|| api.content.policy.clone());
    api.content.policy.clone_from(&policy);
    for resource in api.resources.values_mut() {
        for method in resource.methods.values_mut() {
            how.clone_into(&mut method.authorization);
        }
    }
    for deployment in api.deployments.values_mut() {
        deployment.snapshot.content.policy.clone_from(&policy);
        let verbs = deployment.snapshot.operations.values_mut();
        for method in verbs.flat_map(|verbs| verbs.values_mut()) {
            how.clone_into(&mut method.authorization);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_policy_is_accused_only_where_the_methods_authorization_does_not_make_it_good() {
    type Text = fn(&str) -> String;
    let bench = standing("placeholder.toml").await;
    let well = bench.simulator.world();
    let of_api: [(&str, Text, &str); 12] = [
        ("NONE", silent, "api-policy/no-allow"),
        ("COGNITO_USER_POOLS", silent, "api-policy/no-allow"),
        ("CUSTOM", silent, ""),
        ("AWS_IAM", silent, ""),
        ("NONE", of_another, "api-policy/denies"),
        ("COGNITO_USER_POOLS", of_another, "api-policy/denies"),
        ("CUSTOM", of_another, "api-policy/denies"),
        ("AWS_IAM", of_another, "api-policy/denies"),
        // Only a signature tells of an organization.
        ("NONE", of_organization, "api-policy/denies"),
        ("COGNITO_USER_POOLS", of_organization, "api-policy/denies"),
        ("CUSTOM", of_organization, "api-policy/denies"),
        ("AWS_IAM", of_organization, ""),
    ];
    let of_endpoint: [(&str, Text, &str); 3] = [
        ("NONE", of_a_role, "endpoint-policy/no-allow"),
        ("CUSTOM", of_a_role, "endpoint-policy/no-allow"),
        ("AWS_IAM", of_a_role, ""),
    ];
    for (how, text, expected) in of_api {
        change(&bench, |ctx| {
            let text = text(&endpoint(ctx));
            authorize(ctx, how, Some(&text));
        });
        judged(&bench, how, expected).await;
        let world = well.clone();
        let done = bench.simulator.edit(|now, _| *now = world);
        done.expect("it is in memory");
    }
    for (how, text, expected) in of_endpoint {
        change(&bench, |ctx| {
            authorize(ctx, how, None);
            let own = endpoint(ctx);
            let text = text(&own);
            ctx.here.ec2.endpoints.get_mut(&own).expect("it").policy = text;
        });
        judged(&bench, how, expected).await;
        let world = well.clone();
        let done = bench.simulator.edit(|now, _| *now = world);
        done.expect("it is in memory");
    }
}

async fn judged(bench: &Bench, how: &str, expected: &str) {
    let findings = walk(bench, true).await;
    let expected: BTreeSet<String> = Some(expected.to_owned())
        .filter(|code| !code.is_empty())
        .into_iter()
        .collect();
    assert_eq!(accused(&findings), expected, "{how}: {findings:#?}");
    if expected.is_empty() {
        let one = findings.iter().find(|one| one.check == Check::ApiPolicy);
        let one = one.expect("it is judged");
        assert_eq!(one.verdict, Verdict::Ok, "{one:?}");
    }
}
