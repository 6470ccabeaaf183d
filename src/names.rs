//! Deterministic names: the same stack and key give the same name in every run.

use crate::{hash, resource::Key};

/// A security group's name: the stack, and what the group is of.
pub fn security_group(stack: &str, key: &Key) -> String {
    let of = key.as_str().trim_end_matches("-security-group");
    format!("{stack}-{of}")
}

/// What a rule says whose it is, in a group that is not the stack's.
pub fn opening(stack: &str) -> String {
    format!("hybridgw:{stack}")
}

/// A target group's name: the stack, and a hash of what the group is for. ELBv2
/// allows 32 characters; a stack's name has at most 24.
pub fn target_group(stack: &str, of: &str) -> String {
    format!("{stack}-{}", hash::short(of))
}

/// Whether a target group's name can be one of the stack's.
pub fn is_target_group(stack: &str, name: &str) -> bool {
    name.strip_prefix(stack)
        .and_then(|rest| rest.strip_prefix('-'))
        .is_some_and(|hash| hash.len() == 7 && hash.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// A REST API's name: the stack, and the route where it is not `/`.
pub fn rest_api(stack: &str, path: &str) -> String {
    match path.trim_start_matches('/') {
        "" => stack.to_owned(),
        route => format!("{stack}-{route}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_stack_name_still_fits_a_target_group() {
        let stack = "a".repeat(24);
        let name = target_group(&stack, "target-group");
        assert_eq!(name.len(), 32);
        assert!(is_target_group(&stack, &name));
    }

    #[test]
    fn another_stacks_target_group_is_not_taken_for_ours() {
        let name = target_group("orders-dev", "target-group");
        assert!(!is_target_group("orders", &name));
        assert!(!is_target_group("orders-dev", "orders-dev-backend"));
    }
}
