//! The guard that makes `plan` unable to write.
//!
//! It sits below the commands and the resources, in the SDK's own pipeline, and
//! stops every operation whose class is not that of a read before a request is
//! even built. For `doctor` there is one that lets EC2's dry runs pass, and looks
//! at what is sent: EC2 only says whether the caller may (EC2 API reference,
//! "Common query parameters": `DryRun`).

use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        interceptors::{
            Intercept,
            context::{
                BeforeSerializationInterceptorContextRef, BeforeTransmitInterceptorContextRef,
            },
        },
        orchestrator::Metadata,
        runtime_components::RuntimeComponents,
    },
};
use aws_smithy_types::config_bag::ConfigBag;

use super::retry::{self, Class};

/// Refuses operations that are not reads.
#[derive(Debug)]
pub(super) struct Guard;

/// Refuses operations that are not reads, but for those that say that they are to
/// be tried only.
#[derive(Debug)]
pub(super) struct DryRuns;

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

impl Intercept for DryRuns {
    fn name(&self) -> &'static str {
        "DryRunGuard"
    }

    fn read_before_signing(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let (service, operation) = config
            .load::<Metadata>()
            .map_or(("?", "?"), |call| (call.service(), call.name()));
        let body = context.request().body().bytes().unwrap_or_default();
        if is_read(operation) || (service == "EC2" && is_dry_run(body)) {
            Ok(())
        } else {
            Err(format!("{operation} writes, and this client may only try").into())
        }
    }
}

/// Whether a request of EC2's query protocol is to be tried only.
fn is_dry_run(body: &[u8]) -> bool {
    let mut parts = body.split(|byte| *byte == b'&');
    parts.any(|part| part == b"DryRun=true")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dry_run_says_so_in_a_parameter_of_its_own() {
        assert!(is_dry_run(
            b"Action=CreateVpc&DryRun=true&Version=2016-11-15"
        ));
        for real in [
            "Action=CreateVpc&Version=2016-11-15",
            "Action=CreateVpc&DryRun=false",
            "Action=CreateTags&Tag.1.Value=DryRun%3Dtrue",
            "Action=CreateTags&Tag.1.Value=x%26DryRun=true",
            "",
        ] {
            assert!(!is_dry_run(real.as_bytes()), "{real}");
        }
    }

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
        let verbs = ["Describe", "Get", "Head", "List", "Simulate"];
        for (class, operations) in retry::TABLE {
            for name in *operations {
                let reads = verbs.iter().any(|verb| name.starts_with(verb));
                assert_eq!(reads, *class == Class::Read, "{name}");
            }
        }
    }
}
