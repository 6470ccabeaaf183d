//! The served account by outside witnesses: boto3, and LocalStack.
//!
//! The scripts in `tests/simulator/` are Python. They run with the environment
//! that `localstack/start` installs; the comparison runs against what it
//! starts, on `LOCALSTACK_PORT`.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

/// A folder of its own for each test, without a configuration; removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("hybridgw-simulator-{}-{count}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).expect("the folder can be made");
        Self(path)
    }

    /// `hybridgw simulate` here, with nothing of the caller's environment.
    fn simulate(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hybridgw"));
        command
            .arg("simulate")
            .args(arguments)
            .current_dir(&self.0)
            .env_clear()
            .env("HOME", &self.0)
            .stdin(Stdio::null());
        command
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A served account; killed if a test fails before it ends it.
struct Served {
    process: Child,
    endpoint: String,
}

impl Served {
    fn start(folder: &Folder, arguments: &[&str]) -> Self {
        let mut process = folder
            .simulate(&["--listen", "127.0.0.1:0"])
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program runs");
        let stdout = process.stdout.take().expect("it is piped");
        let mut line = String::new();
        BufReader::new(stdout)
            .read_line(&mut line)
            .expect("it prints its address");
        let endpoint = line.trim_end().to_owned();
        let served = Self { process, endpoint };
        assert!(
            served.endpoint.starts_with("http://127.0.0.1:"),
            "{line:?} is its address"
        );
        served
    }

    /// Sends a signal and waits for the end.
    fn signal(&mut self, name: &str) -> ExitStatus {
        let sent = Command::new("kill")
            .args(["-s", name, &self.process.id().to_string()])
            .status()
            .expect("kill runs");
        assert!(sent.success());
        let begin = Instant::now();
        loop {
            if let Some(status) = self.process.try_wait().expect("it can be waited for") {
                return status;
            }
            assert!(
                begin.elapsed() < Duration::from_secs(10),
                "SIG{name} ends it"
            );
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn end(mut self) {
        assert_eq!(self.signal("TERM").code(), Some(0), "a clean end");
    }

    /// Makes a request of Python's, as the shortest way to speak HTTP here.
    fn ask(&self, code: &str) -> String {
        let output = run(python()
            .args(["-c", &format!("{ASK}{code}")])
            .arg(&self.endpoint));
        String::from_utf8(output.stdout).expect("it is text")
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What the short pieces of Python share.
const ASK: &str = "import sys, boto3\n\
    ec2 = boto3.client('ec2', endpoint_url=sys.argv[1], region_name='eu-central-1', \
    aws_access_key_id='111122223333', aws_secret_access_key='secret')\n";

/// The folder of LocalStack in this checkout.
fn localstack() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("localstack")
}

/// LocalStack's address; it is installed and started at the first call.
fn emulator() -> &'static str {
    static ENDPOINT: OnceLock<String> = OnceLock::new();
    ENDPOINT.get_or_init(|| {
        let output = run(&mut Command::new(localstack().join("start")));
        let text = String::from_utf8(output.stdout).expect("it is text");
        text.trim_end().to_owned()
    })
}

/// The Python that LocalStack is installed in: it has boto3.
fn python() -> Command {
    static PATH: OnceLock<String> = OnceLock::new();
    let path = PATH.get_or_init(|| {
        emulator();
        let library = localstack().join("lib.sh");
        let output = run(Command::new("bash")
            .args(["-c", r#"source "$0" && installed_python"#])
            .arg(library));
        let text = String::from_utf8(output.stdout).expect("it is text");
        text.trim_end().to_owned()
    });
    let mut command = Command::new(path);
    // AWS settings of whoever runs the tests must not reach them.
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("AWS_") {
            command.env_remove(name);
        }
    }
    command
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("NO_PROXY", "127.0.0.1")
        .env("no_proxy", "127.0.0.1");
    command
}

/// Runs a command; a failure is shown with all that it said.
fn run(command: &mut Command) -> Output {
    let output = command
        .stdin(Stdio::null())
        .output()
        .expect("the command runs");
    assert!(
        output.status.success(),
        "{command:?}: {}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

/// Runs a script of `tests/simulator/` on a fresh account.
fn script(name: &str, more: &[&str]) {
    let folder = Folder::new();
    // The clock all but stands still: the scripts put it forward, however slow the machine.
    let served = Served::start(&folder, &["--speed", "0.01"]);
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/simulator")
        .join(name);
    let output = run(python().arg(path).arg(&served.endpoint).args(more));
    print!("{}", String::from_utf8_lossy(&output.stdout));
    served.end();
}

macro_rules! scripts {
    ($($test:ident: $file:literal;)*) => {
        $(#[test]
        fn $test() {
            script($file, &[]);
        })*

        /// A script without a test is one that never runs.
        #[test]
        fn every_script_has_a_test() {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/simulator");
            let mut found: Vec<_> = fs::read_dir(folder)
                .expect("the scripts are there")
                .map(|entry| entry.expect("it can be read").file_name().to_string_lossy().into_owned())
                .filter(|name| name.starts_with("boto3_") && name != "boto3_common.py")
                .collect();
            found.sort();
            assert_eq!(found, [$($file),*]);
        }
    };
}

scripts! {
    boto3_drives_acm: "boto3_acm.py";
    boto3_drives_api_gateway: "boto3_apigateway.py";
    boto3_drives_ec2: "boto3_ec2.py";
    boto3_drives_load_balancers: "boto3_elbv2.py";
    boto3_drives_lambda: "boto3_lambda.py";
    boto3_drives_route53: "boto3_route53.py";
    boto3_drives_s3: "boto3_s3.py";
    boto3_drives_the_three_ways: "boto3_ways.py";
}

/// The same scripts on both emulated clouds; see `tests/simulator/differential.py`.
#[test]
fn it_differs_from_localstack_only_as_listed() {
    script("differential.py", &[emulator()]);
}

#[test]
fn it_listens_on_loopback_only() {
    let folder = Folder::new();
    let mut process = folder
        .simulate(&["--listen", "0.0.0.0:0"])
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program runs");
    let mut stderr = String::new();
    let mut pipe = process.stderr.take().expect("it is piped");
    pipe.read_to_string(&mut stderr).expect("it is text");
    let status = process.wait().expect("it ends");
    assert_eq!(status.code(), Some(1), "{stderr}");
    assert!(
        stderr.contains("0.0.0.0:0 is not a loopback address"),
        "{stderr}"
    );
}

/// Sends bytes to a served account, and returns the first line of the answer.
fn raw(served: &Served, request: &str) -> String {
    let address = served.endpoint.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).expect("it listens");
    stream.write_all(request.as_bytes()).expect("it reads");
    let mut line = String::new();
    BufReader::new(stream)
        .read_line(&mut line)
        .expect("it answers");
    line.trim_end().to_owned()
}

#[test]
fn a_web_page_cannot_reach_it() {
    let folder = Folder::new();
    let served = Served::start(&folder, &[]);
    let post = |path: &str, headers: &str| {
        let request = format!("POST {path} HTTP/1.1\r\n{headers}Content-Length: 0\r\n\r\n");
        raw(&served, &request)
    };
    let here = "Host: 127.0.0.1:4567\r\n";
    for path in ["/_simulator/reset", "/"] {
        for headers in [
            "Host: rebound.example:4567\r\n",
            &format!("{here}Origin: https://evil.example\r\n"),
            &format!("{here}Sec-Fetch-Site: cross-site\r\n"),
        ] {
            let answer = post(path, headers);
            assert_eq!(answer, "HTTP/1.1 403 Forbidden", "{path} {headers:?}");
        }
    }
    assert_eq!(post("/_simulator/reset", here), "HTTP/1.1 200 OK");
    served.end();
}

#[test]
fn a_request_without_an_end_is_refused_before_it_is_read() {
    let folder = Folder::new();
    let served = Served::start(&folder, &[]);
    let headers = "POST / HTTP/1.1\r\nHost: localhost\r\n";
    let announced = raw(
        &served,
        &format!("{headers}Content-Length: 999999999999\r\n\r\n"),
    );
    assert_eq!(announced, "HTTP/1.1 413 Payload Too Large");
    let chunk = format!("{:x}\r\n{}\r\n", 17 << 20, " ".repeat(17 << 20));
    let chunked = raw(
        &served,
        &format!("{headers}Transfer-Encoding: chunked\r\n\r\n{chunk}0\r\n\r\n"),
    );
    assert_eq!(chunked, "HTTP/1.1 413 Payload Too Large");
    served.end();
}

#[test]
fn who_falls_silent_in_a_request_keeps_nobody_out() {
    let folder = Folder::new();
    let served = Served::start(&folder, &[]);
    let request = "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nab";
    let address = served.endpoint.trim_start_matches("http://");
    // As many as are served at once.
    let silent: Vec<TcpStream> = (0..256)
        .map(|_| {
            let mut stream = TcpStream::connect(address).expect("it listens");
            stream.write_all(request.as_bytes()).expect("it reads");
            stream
        })
        .collect();
    let answer = raw(
        &served,
        "GET /_simulator/journal HTTP/1.1\r\nHost: localhost\r\n\r\n",
    );
    assert_eq!(answer, "HTTP/1.1 200 OK");
    drop(silent);
    served.end();
}

#[test]
fn the_plan_names_every_endpoint_that_it_was_made_with() {
    let folder = Folder::new();
    let served = Served::start(&folder, &["--config", &example(), "--speed", "1000"]);
    let other = served.endpoint.replace("127.0.0.1", "localhost");
    let output = Command::new(env!("CARGO_BIN_EXE_hybridgw"))
        .args(["plan", "--config", &example()])
        .current_dir(&folder.0)
        .env_clear()
        .env("HOME", &folder.0)
        .env("AWS_ACCESS_KEY_ID", "111122223333")
        .env("AWS_SECRET_ACCESS_KEY", "simulated")
        .env("AWS_ENDPOINT_URL", &served.endpoint)
        .env("AWS_ENDPOINT_URL_ROUTE_53", &other)
        .output()
        .expect("the program runs");
    let text = String::from_utf8_lossy(&output.stderr);
    let header = format!("endpoint {}, {other} for Route 53)", served.endpoint);
    assert!(text.contains(&header), "{text}");
    assert_eq!(output.status.code(), Some(0), "{text}");
    served.end();
}

#[test]
fn it_is_empty_unless_a_file_is_named() {
    let folder = Folder::new();
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/examples/placeholder.toml");
    fs::copy(example, folder.0.join("hybridgw.toml")).expect("it can be copied");
    let count = "print(len(ec2.describe_subnets()['Subnets']))";
    let empty = Served::start(&folder, &[]);
    assert_eq!(empty.ask(count).trim(), "0", "a file that nobody named");
    empty.end();
    let furnished = Served::start(&folder, &["--config", "hybridgw.toml"]);
    assert_eq!(furnished.ask(count).trim(), "3");
    furnished.end();
}

#[test]
fn signals_end_it_cleanly() {
    for name in ["INT", "TERM"] {
        let folder = Folder::new();
        let mut served = Served::start(&folder, &[]);
        assert_eq!(served.signal(name).code(), Some(0), "SIG{name}");
    }
}

#[test]
fn a_world_file_keeps_the_account() {
    let folder = Folder::new();
    let world = ["--world", "world.json"];
    let served = Served::start(&folder, &world);
    let made = served.ask("print(ec2.create_vpc(CidrBlock='10.0.0.0/16')['Vpc']['VpcId'])");
    assert!(made.starts_with("vpc-"), "{made}");

    let second = folder
        .simulate(&["--listen", "127.0.0.1:0"])
        .args(world)
        .output()
        .expect("the program runs");
    let stderr = String::from_utf8_lossy(&second.stderr);
    assert_eq!(second.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("world.json"), "{stderr}");
    served.end();

    let served = Served::start(&folder, &world);
    let found = served.ask("print(*(vpc['VpcId'] for vpc in ec2.describe_vpcs()['Vpcs']))");
    assert_eq!(found, made);
    served.end();
}

/// `hybridgw selftest` of an example on a served account: the exit code and the report.
fn selftest(served: &Served, folder: &Folder, more: &[&str]) -> (Option<i32>, serde_json::Value) {
    let output = Command::new(env!("CARGO_BIN_EXE_hybridgw"))
        .args(["selftest", "--yes", "-o", "json", "--seed", "3"])
        .args(["--endpoint-url", &served.endpoint, "--config", &example()])
        .args(more)
        .current_dir(&folder.0)
        .env_clear()
        .env("HOME", &folder.0)
        .env("AWS_ACCESS_KEY_ID", "111122223333")
        .env("AWS_SECRET_ACCESS_KEY", "simulated")
        .output()
        .expect("the program runs");
    let said = String::from_utf8_lossy(&output.stderr);
    let report = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{said}"));
    (output.status.code(), report)
}

fn example() -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/examples/placeholder.toml");
    file.display().to_string()
}

#[test]
fn the_selftest_kills_repeats_alters_repairs_and_leaves_nothing() {
    let folder = Folder::new();
    let served = Served::start(&folder, &["--config", &example(), "--speed", "100"]);
    let (code, report) = selftest(&served, &folder, &["--create-vpc"]);
    assert_eq!(code, Some(0), "{report:#}");
    assert_eq!(report["ok"], true);
    let kills = report["kills"].as_u64().expect("a number");
    assert!(kills >= 5, "{report:#}");
    for none in ["duplicates", "orphans", "foreign_changes"] {
        assert_eq!(report[none], serde_json::json!([]), "{none}");
    }
}

#[test]
fn the_selftest_says_what_was_left_behind() {
    let folder = Folder::new();
    let faults = folder.0.join("faults.json");
    let refused = r#"{"faults":[{"operation":"*:DeleteTargetGroup","from":1,
        "then":{"refuse":{"code":"AccessDenied","status":403}}}]}"#;
    fs::write(&faults, refused).expect("the folder is there");
    let faults = faults.display().to_string();
    let arguments = [
        "--config",
        &example(),
        "--speed",
        "100",
        "--faults",
        &faults,
    ];
    let served = Served::start(&folder, &arguments);
    let (code, report) = selftest(&served, &folder, &[]);
    assert_eq!(code, Some(2), "{report:#}");
    assert_eq!(report["ok"], false);
    let orphans = report["orphans"].to_string();
    assert!(orphans.contains("target group"), "{orphans}");
}
