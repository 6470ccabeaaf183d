//! The policies of buckets: what S3 keeps, and what is public.

use serde_json::Value;

use super::vocabulary::{FIXED, KEYS, OPERATORS, VERBS};
use crate::codec::Refusal;

/// S3 API reference, "Error responses": `MalformedPolicy`.
fn malformed(text: &str) -> Refusal {
    Refusal::new("MalformedPolicy", text)
}

/// Reads a policy of a bucket, and refuses one that S3 would not keep.
pub fn check(bucket: &str, text: &str) -> Result<Value, Refusal> {
    if text.len() > 20 * 1024 {
        return Err(Refusal::new(
            "PolicyTooLarge",
            "The policy is larger than 20 KB",
        ));
    }
    let tree: Value = serde_json::from_str(text)
        .map_err(|_| malformed("Policies must be valid JSON and the first byte must be '{'"))?;
    // IAM user guide, "JSON policy elements: Version": two of them. The words here are an assumption.
    let version = tree.get("Version");
    if version.is_some_and(|version| version != "2012-10-17" && version != "2008-10-17") {
        return Err(malformed("The policy must contain a valid version string"));
    }
    let mut fields = tree.as_object().into_iter().flatten();
    if let Some((field, _)) = fields.find(|(field, _)| !WHOLE.contains(&field.as_str())) {
        return Err(malformed(&format!("Unknown field {field}")));
    }
    let statements = statements(&tree);
    if statements.is_empty() {
        return Err(malformed("Missing required field Statement"));
    }
    let mut ids: Vec<&str> = Vec::new();
    for statement in statements {
        check_statement(bucket, statement)?;
        if let Some(id) = statement["Sid"].as_str().filter(|id| !id.is_empty()) {
            // IAM user guide, "JSON policy elements: Sid": unique within a policy. The words are observed.
            if ids.contains(&id) {
                return Err(malformed(
                    "Statement IDs (SID) in a single policy must be unique",
                ));
            }
            ids.push(id);
        }
    }
    Ok(tree)
}

/// What a policy has beside its statements.
const WHOLE: &[&str] = &["Id", "Statement", "Version"];

/// Whether S3 knows an action: `*`, or a verb of its own, in any case, with wildcards.
fn is_action(action: &str) -> bool {
    if action == "*" {
        return true;
    }
    let Some(name) = action
        .to_ascii_lowercase()
        .strip_prefix("s3:")
        .map(str::to_owned)
    else {
        return false;
    };
    let plain = name.split(['*', '?']).next().unwrap_or_default();
    let known = |verb: &str| {
        let verb = verb.to_ascii_lowercase();
        // A wildcard may cut a verb short.
        name.starts_with(&verb) && name.len() > verb.len()
            || plain.len() < name.len() && verb.starts_with(plain)
    };
    VERBS.iter().any(|verb| known(verb))
}

/// Whether an action can fit a resource: those of objects need a key (the words are those S3 is seen to use).
fn fit_together(actions: &[&str], resources: &[&str]) -> bool {
    const OF_OBJECTS: &[&str] = &[
        "s3:getobject",
        "s3:putobject",
        "s3:deleteobject",
        "s3:getobjectacl",
        "s3:putobjectacl",
        "s3:getobjectversion",
        "s3:deleteobjectversion",
        "s3:getobjecttagging",
        "s3:putobjecttagging",
        "s3:abortmultipartupload",
        "s3:restoreobject",
    ];
    const OF_BUCKETS: &[&str] = &[
        "s3:listbucket",
        "s3:getbucketlocation",
        "s3:getbucketacl",
        "s3:getbucketpolicy",
        "s3:putbucketpolicy",
        "s3:listbucketversions",
        "s3:listbucketmultipartuploads",
        "s3:deletebucket",
    ];
    let object =
        |resource: &&str| *resource == "*" || resource.contains('/') || resource.ends_with('*');
    let bucket = |resource: &&str| {
        *resource == "*"
            || !resource.contains('/')
            || resource.ends_with('*') && !resource.contains("/*")
    };
    actions.iter().all(|action| {
        let action = action.to_ascii_lowercase();
        if OF_OBJECTS.contains(&action.as_str()) {
            resources.iter().any(object)
        } else if OF_BUCKETS.contains(&action.as_str()) {
            resources.iter().any(bucket)
        } else {
            true
        }
    })
}

/// Checks the operators and the keys of conditions (S3's words: "Policy has an
/// invalid condition key", "Invalid Condition type"; observed).
fn check_conditions(block: &Value) -> Result<(), Refusal> {
    for (operator, keys) in block.as_object().into_iter().flatten() {
        let plain = operator.rsplit(':').next().unwrap_or(operator);
        let plain = plain.strip_suffix("IfExists").unwrap_or(plain);
        let set = operator.split_once(':').map(|(set, _)| set);
        if !OPERATORS.contains(&plain)
            || !matches!(set, None | Some("ForAllValues" | "ForAnyValue"))
        {
            return Err(malformed(&format!("Invalid Condition type : {operator}")));
        }
        for key in keys.as_object().into_iter().flatten().map(|(key, _)| key) {
            let lower = key.to_ascii_lowercase();
            let known = match lower.split_once(':') {
                Some(("s3", name)) => KEYS.iter().any(|known| {
                    name == *known
                        || (known.ends_with('/') || known.ends_with('-')) && name.starts_with(known)
                }),
                Some((_, name)) => !name.is_empty(),
                None => false,
            };
            if !known {
                return Err(malformed("Policy has an invalid condition key"));
            }
        }
    }
    Ok(())
}

/// Checks a statement; the words are those that S3 was seen to use.
///
/// All words are observed.
fn check_statement(bucket: &str, statement: &Value) -> Result<(), Refusal> {
    for field in ["Effect", "Principal", "Action", "Resource"] {
        let (plain, negated) = (statement.get(field), statement.get(format!("Not{field}")));
        if plain.is_none() && (negated.is_none() || field == "Effect") {
            return Err(malformed(&format!("Missing required field {field}")));
        }
    }
    let known = [
        "Sid",
        "Effect",
        "Principal",
        "NotPrincipal",
        "Action",
        "NotAction",
        "Resource",
        "NotResource",
        "Condition",
    ];
    let mut fields = statement.as_object().into_iter().flatten();
    if let Some((field, _)) = fields.find(|(field, _)| !known.contains(&field.as_str())) {
        return Err(malformed(&format!("Unknown field {field}")));
    }
    let effect = statement["Effect"].as_str().unwrap_or_default();
    if !matches!(effect, "Allow" | "Deny") {
        return Err(malformed(&format!("Invalid effect: {effect}")));
    }
    for field in ["Principal", "NotPrincipal"] {
        if statement.get(field).is_some_and(|who| !is_principal(who)) {
            return Err(malformed("Invalid principal in policy"));
        }
    }
    check_conditions(&statement["Condition"])?;
    let mut actions = texts(&statement["Action"])
        .into_iter()
        .chain(texts(&statement["NotAction"]));
    if !actions.all(is_action) {
        return Err(malformed("Policy has invalid action"));
    }
    let own = format!(":s3:::{bucket}");
    let fits = |resource: &str| {
        let rest = resource.split_once(&own).map(|(_, rest)| rest);
        resource == "*"
            || rest.is_some_and(|rest| {
                rest.is_empty() || rest.starts_with('/') || rest.starts_with('*')
            })
    };
    let mut resources = texts(&statement["Resource"])
        .into_iter()
        .chain(texts(&statement["NotResource"]));
    if !resources.all(fits) {
        return Err(malformed("Policy has invalid resource"));
    }
    if statement.get("Resource").is_some()
        && !fit_together(&texts(&statement["Action"]), &texts(&statement["Resource"]))
    {
        let text = "Action does not apply to any resource(s) in statement";
        return Err(malformed(text));
    }
    Ok(())
}

/// IAM user guide, "JSON policy elements: Principal": `*`, or accounts, users, roles and services by name.
fn is_principal(who: &Value) -> bool {
    let account = |name: &str| name.len() == 12 && name.bytes().all(|byte| byte.is_ascii_digit());
    let Some(kinds) = who.as_object() else {
        return who == "*";
    };
    let fits = |(kind, names): (&String, &Value)| {
        let names = texts(names);
        let fit = |name: &&str| match kind.as_str() {
            // An ARN of IAM's or STS's: of an account's root, a user, a role.
            "AWS" => {
                let parts: Vec<&str> = name.split(':').collect();
                let arn = matches!(parts[..], ["arn", _, "iam" | "sts", "", number, ..] if account(number));
                *name == "*" || account(name) || arn
            }
            "Service" => name
                .strip_suffix(".cn")
                .unwrap_or(name)
                .strip_suffix(".amazonaws.com")
                .is_some_and(|service| !service.is_empty()),
            "Federated" | "CanonicalUser" => true,
            _ => false,
        };
        !names.is_empty() && names.iter().all(fit)
    };
    !kinds.is_empty() && kinds.iter().all(fits)
}

fn statements(tree: &Value) -> Vec<&Value> {
    match &tree["Statement"] {
        Value::Array(items) => items.iter().collect(),
        single @ Value::Object(_) => vec![single],
        _ => Vec::new(),
    }
}

fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect(),
        single => single.as_str().into_iter().collect(),
    }
}

/// Returns whether a policy lets everybody in: an Allow for all without a fixed value of such a key.
pub fn is_public(tree: &Value) -> bool {
    let public = |statement: &&Value| {
        let principal = &statement["Principal"];
        let everybody = principal == "*" || texts(&principal["AWS"]).contains(&"*");
        let conditions = statement["Condition"].as_object().into_iter().flatten();
        let fixed = conditions
            .filter(|(operator, _)| !operator.contains("Not"))
            .filter_map(|(_, keys)| keys.as_object())
            .flatten()
            .any(|(key, values)| {
                let known = FIXED.contains(&key.to_ascii_lowercase().as_str());
                known
                    && texts(values)
                        .iter()
                        .all(|value| !value.contains('*') && *value != "0.0.0.0/0")
            });
        statement["Effect"] == "Allow" && everybody && !fixed
    };
    statements(tree).iter().any(public)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn public_is_for_everybody_without_a_fixed_condition() {
        let policy = |condition: Value| json!({"Statement": {"Effect": "Allow", "Principal": "*", "Condition": condition}});
        assert!(is_public(&policy(json!({}))));
        assert!(is_public(&policy(
            json!({"StringLike": {"aws:SourceVpce": "vpce-*"}})
        )));
        assert!(!is_public(&policy(
            json!({"StringEquals": {"aws:SourceVpce": "vpce-1"}})
        )));
        let deny = json!({"Statement": [{"Effect": "Deny", "Principal": "*"}]});
        assert!(!is_public(&deny));
    }
}
