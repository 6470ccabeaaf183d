//! Tests of the configuration: a file that uses every key, and one that uses only
//! those it must.

use std::path::Path;

use super::*;

mod declarations;
mod reading;
mod rules;
mod schema;

/// A file that uses every key.
const FULL: &str = r#"stack   = "orders-dev"
region  = "eu-central-1"
account = "111122223333"
mode    = "regional-domain"

[tags]
team = "orders"

[network]
vpc     = "vpc-0a1b2c3d4e5f60718"
subnets = ["subnet-0aaaaaaaaaaaaaaaa", "subnet-0bbbbbbbbbbbbbbbb"]
clients = ["10.0.0.0/8", "pl-0a1b2c3d4e5f60718", "sg-0a1b2c3d"]

[domain]
name        = "Orders.corp.example.com."
zone        = "Z0123456789ABCDEFGHIJ"
certificate = "arn:aws:acm:eu-central-1:111122223333:certificate/12345678-1234-1234-1234-123456789012"

[[domain.aliases]]
name        = "Shop.corp.example.com."
certificate = "arn:aws:acm:eu-central-1:111122223333:certificate/aaaaaaaa-1234-1234-1234-123456789012"
zone        = "corp.example.com"

[[domain.aliases]]
name        = "orders.example.org"
certificate = "arn:aws:acm:eu-central-1:111122223333:certificate/bbbbbbbb-1234-1234-1234-123456789012"

[endpoint]
private_dns = true
addresses   = ["10.0.1.10", "10.0.2.10"]

[load_balancer]
tls_policy          = "ELBSecurityPolicy-TLS13-1-2-2021-06"
deletion_protection = true
idle_timeout        = 120
access_logs         = "s3://logs/orders"
connection_logs     = "s3://logs"
health_check_logs   = "s3://checks/orders/health"
drop_invalid_headers = false
health_check        = { path = "/alive", matcher = "200-299" }

[[route]]
path = "/"
api  = { openapi = "openapi.json", stage = "prod" }

[[route]]
path = "/borrowed"
api  = { id = "a1b2c3d4e5", stage = "v2" }

[[route]]
path = "/function"

[route.api]
lambda    = "arn:aws:lambda:eu-central-1:111122223333:function:orders:live"
variables = { backend = "a.internal" }
tracing   = true

[route.api.access_logs]
destination = "arn:aws:logs:eu-central-1:111122223333:log-group:orders"
format      = "$context.requestId $context.status"

[[route]]
path = "/nothing"
api  = { placeholder = true }

[[route]]
path   = "/sms"
lambda = "arn:aws:lambda:eu-central-1:111122223333:function:sms"

[[route]]
path = "/sms/status"

[route.lambda]
function            = "arn:aws:lambda:eu-central-1:111122223333:function:status:live"
multi_value_headers = true
health_check        = { path = "/alive", matcher = "200,301", interval = 60 }

[[route]]
path = "/app"
site = { bucket = "orders-frontend", index = "main/start.html", manage_policy = true, files = ["/assets/*", "*.js"] }

[[route]]
path = "/app/help"
site = { bucket = "orders.help" }
"#;

/// A file that uses only the keys it must.
const LEAST: &str = r#"stack = "orders-dev"
[network]
vpc = "vpc-0a1b2c3d"
subnets = ["subnet-0aaaaaaa", "subnet-0bbbbbbb"]
clients = ["10.0.0.0/8"]
[domain]
name = "orders.corp.example.com"
zone = "corp.example.com"
certificate = "arn:aws:acm:eu-central-1:111122223333:certificate/12345678-1234-1234-1234-123456789012"
[[route]]
path = "/"
api = { placeholder = true }
"#;

fn unset(_: &str) -> Option<String> {
    None
}

fn read(text: &str) -> Result<Config, ConfigErrors> {
    Config::parse(text, Path::new("hybridgw.toml"), &[], &unset)
}

fn read_with(text: &str, sets: &[&str]) -> Result<Config, ConfigErrors> {
    let sets: Vec<String> = sets.iter().map(|set| (*set).to_owned()).collect();
    Config::parse(text, Path::new("hybridgw.toml"), &sets, &unset)
}

/// What is said about `text`.
fn errors(text: &str) -> String {
    read(text).unwrap_err().to_string()
}

/// What is said about the least file with one line changed.
fn errors_with(from: &str, to: &str) -> String {
    assert!(LEAST.contains(from), "no `{from}` in the file");
    match read(&LEAST.replacen(from, to, 1)) {
        Ok(_) => "accepted".to_owned(),
        Err(errors) => errors.to_string(),
    }
}
