//! The patch operations that API Gateway's updates take.

use aws_sdk_apigateway::types::{Op, PatchOperation};

/// Sets the value at a path.
pub(super) fn replace(path: &str, value: impl Into<String>) -> PatchOperation {
    patch(Op::Replace, path, value)
}

/// Adds a value to the set at a path.
pub(super) fn add(path: &str, value: impl Into<String>) -> PatchOperation {
    patch(Op::Add, path, value)
}

/// Takes a value out of the set at a path.
pub(super) fn remove(path: &str, value: impl Into<String>) -> PatchOperation {
    patch(Op::Remove, path, value)
}

fn patch(op: Op, path: &str, value: impl Into<String>) -> PatchOperation {
    let operation = PatchOperation::builder().op(op).path(path);
    operation.value(value).build()
}

/// A change that needs no value.
pub(super) fn bare(op: Op, path: &str) -> PatchOperation {
    PatchOperation::builder().op(op).path(path).build()
}
