//! A proxy in front of LocalStack: it says which operations passed, can hold
//! everything after a given write, so that a kill hits a known place, and can
//! refuse one kind of call.

use std::{
    io::{self, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Condvar, Mutex, PoisonError},
    thread,
    time::Duration,
};

use super::server;

/// A proxy on a port of its own.
pub struct Proxy {
    /// Where to send calls.
    pub url: String,
    state: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// `DescribeVpcs`, or method and path where the protocol has no name.
    calls: Vec<String>,
    writes: Vec<String>,
    /// Hold everything once this many writes have been applied.
    hold_after: Option<usize>,
    /// How many writes LocalStack has answered.
    applied: usize,
    released: bool,
    /// The operation to refuse where the body has this text, and with what code.
    refused: Option<[&'static str; 3]>,
}

impl State {
    fn holds(&self) -> bool {
        !self.released && self.hold_after.is_some_and(|most| self.applied >= most)
    }

    /// The code that a call is refused with.
    fn refusal(&self, operation: &str, body: &[u8]) -> Option<&'static str> {
        let [refused, text, code] = self.refused?;
        let is_meant = operation == refused && String::from_utf8_lossy(body).contains(text);
        is_meant.then_some(code)
    }
}

impl Proxy {
    /// Starts one that lets everything pass.
    pub fn start() -> Self {
        Self::holding(None)
    }

    /// Starts one that answers nothing any more once this many writes have
    /// been applied: the reply to the last of them is held back already.
    pub fn hold_after(writes: usize) -> Self {
        Self::holding(Some(writes))
    }

    /// Starts one that refuses this operation, where the body has this text,
    /// as services with the Query protocol do.
    pub fn refuse(operation: &'static str, text: &'static str, code: &'static str) -> Self {
        let proxy = Self::start();
        proxy.state.lock().refused = Some([operation, text, code]);
        proxy
    }

    fn holding(hold_after: Option<usize>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("a bound port");
        let state = Arc::new(Shared::default());
        state.lock().hold_after = hold_after;
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let shared = Arc::clone(&shared);
                thread::spawn(move || {
                    // A client that was killed closes its connections.
                    let _ = shared.serve(client);
                });
            }
        });
        Self {
            url: format!("http://{address}"),
            state,
        }
    }

    /// Every operation that passed.
    pub fn calls(&self) -> Vec<String> {
        self.state.lock().calls.clone()
    }

    /// Those that are not reads.
    pub fn writes(&self) -> Vec<String> {
        self.state.lock().writes.clone()
    }

    /// Forgets what has passed.
    pub fn clear(&self) {
        let mut state = self.state.lock();
        state.calls.clear();
        state.writes.clear();
    }

    /// Returns true when it holds, false when that has not come about in time.
    pub fn wait_until_it_holds(&self, time: Duration) -> bool {
        let state = self.state.lock();
        let (state, _) = self
            .state
            .changed
            .wait_timeout_while(state, time, |state| !state.holds())
            .unwrap_or_else(PoisonError::into_inner);
        state.holds()
    }

    /// Lets everything pass again.
    pub fn release(&self) {
        self.state.lock().released = true;
        self.state.changed.notify_all();
    }
}

impl Shared {
    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait_while_held(&self) {
        let state = self.lock();
        let held = self.changed.wait_while(state, |state| state.holds());
        drop(held);
    }

    /// One request a connection: `Connection: close` makes the end of the
    /// reply the end of the stream.
    fn serve(&self, mut client: TcpStream) -> io::Result<()> {
        let (head, body) = read_request(&mut client)?;
        let operation = operation(&head, &body);
        let is_read = is_read(&operation);
        self.wait_while_held();
        {
            let mut state = self.lock();
            state.calls.push(operation.clone());
            if !is_read {
                state.writes.push(operation.clone());
            }
        }
        if let Some(code) = self.lock().refusal(&operation, &body) {
            return client.write_all(refusal(code).as_bytes());
        }
        let mut server = TcpStream::connect(server::address())?;
        server.write_all(head.trim_end().as_bytes())?;
        server.write_all(b"\r\nconnection: close\r\n\r\n")?;
        server.write_all(&body)?;
        let mut reply = Vec::new();
        server.read_to_end(&mut reply)?;
        if !is_read {
            self.lock().applied += 1;
            self.changed.notify_all();
        }
        self.wait_while_held();
        client.write_all(&reply)
    }
}

fn refusal(code: &str) -> String {
    let body = format!(
        "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>refused by the test</Message></Error></ErrorResponse>"
    );
    format!(
        "HTTP/1.1 400 Bad Request\r\ncontent-type: text/xml\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}

fn read_request(stream: &mut TcpStream) -> io::Result<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 16 * 1024];
    let (head, mut body) = loop {
        let count = stream.read(&mut buffer)?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        bytes.extend_from_slice(&buffer[..count]);
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let body = bytes.split_off(end + 4);
            break (String::from_utf8_lossy(&bytes).into_owned(), body);
        }
    };
    let length = header(&head, "content-length").and_then(|text| text.parse().ok());
    while body.len() < length.unwrap_or(0) {
        let count = stream.read(&mut buffer)?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        body.extend_from_slice(&buffer[..count]);
    }
    Ok((head, body))
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().skip(1).find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

/// The operation: a form's `Action`, a JSON call's target, or method and path.
fn operation(head: &str, body: &[u8]) -> String {
    if let Some(target) = header(head, "x-amz-target") {
        return target.rsplit('.').next().unwrap_or(target).to_owned();
    }
    let body = String::from_utf8_lossy(body);
    let action = body
        .split('&')
        .find_map(|field| field.strip_prefix("Action="));
    if let Some(action) = action {
        return action.to_owned();
    }
    let mut line = head.split_whitespace();
    let (method, path) = (line.next(), line.next());
    format!("{} {}", method.unwrap_or("?"), path.unwrap_or("?"))
}

/// AWS's reads begin with one of three words, or are GET and HEAD requests. What is
/// unknown counts as a write.
fn is_read(operation: &str) -> bool {
    ["Describe", "Get", "List", "GET ", "HEAD "]
        .iter()
        .any(|word| operation.starts_with(word))
}
