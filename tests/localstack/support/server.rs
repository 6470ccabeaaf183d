//! The LocalStack of this test run.

use std::{env, path::Path, process::Command, sync::OnceLock};

/// The endpoint's URL. Starts LocalStack when it is asked for the first time.
///
/// # Panics
///
/// It cannot be started: a test that cannot run has failed.
pub fn endpoint() -> &'static str {
    static ENDPOINT: OnceLock<String> = OnceLock::new();
    ENDPOINT.get_or_init(|| match env::var("HYBRIDGW_TEST_ENDPOINT") {
        Ok(url) if !url.is_empty() => url.trim_end_matches('/').to_owned(),
        _ => start(),
    })
}

/// Host and port of the endpoint.
pub fn address() -> &'static str {
    let url = endpoint();
    let address = url.strip_prefix("http://");
    address.unwrap_or_else(|| panic!("the endpoint is not http://HOST:PORT: {url}"))
}

fn start() -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("localstack/start");
    let done = Command::new(&script)
        .output()
        .unwrap_or_else(|error| panic!("{} cannot be run: {error}", script.display()));
    assert!(
        done.status.success(),
        "LocalStack does not start:\n{}",
        String::from_utf8_lossy(&done.stderr)
    );
    String::from_utf8_lossy(&done.stdout).trim().to_owned()
}
