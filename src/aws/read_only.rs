//! The guard that makes `plan` unable to write.
//!
//! It sits below the commands and the resources, in the SDK's own pipeline, and
//! stops every operation whose class is not that of a read before a request is
//! even built.

use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        interceptors::{Intercept, context::BeforeSerializationInterceptorContextRef},
        orchestrator::Metadata,
        runtime_components::RuntimeComponents,
    },
};
use aws_smithy_types::config_bag::ConfigBag;

use super::retry::{self, Class};

/// Refuses operations that are not reads.
#[derive(Debug)]
pub(super) struct Guard;

fn is_read(operation: &str) -> bool {
    retry::class(operation) == Some(Class::Read)
}

impl Intercept for Guard {
    fn name(&self) -> &'static str {
        "ReadOnlyGuard"
    }

    fn read_before_serialization(
        &self,
        _context: &BeforeSerializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let operation = config.load::<Metadata>().map_or("?", Metadata::name);
        if is_read(operation) {
            Ok(())
        } else {
            Err(format!("{operation} writes, and this client may only read").into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_reads_pass() {
        for read in [
            "DescribeVpcs",
            "GetRestApis",
            "HeadBucket",
            "ListResourceRecordSets",
        ] {
            assert!(is_read(read), "{read}");
        }
        for write in [
            "CreateVpc",
            "PutRestApi",
            "TagResource",
            "RegisterTargets",
            "",
        ] {
            assert!(!is_read(write), "{write}");
        }
    }

    #[test]
    fn reads_are_called_what_aws_calls_them() {
        let verbs = ["Describe", "Get", "Head", "List"];
        for (class, operations) in retry::TABLE {
            for name in *operations {
                let reads = verbs.iter().any(|verb| name.starts_with(verb));
                assert_eq!(reads, *class == Class::Read, "{name}");
            }
        }
    }
}
