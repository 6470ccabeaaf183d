//! The front door: requests to the edge port under the stack's own name.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use super::{HOST, World, server};

/// An answer from the data plane.
#[derive(Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The headers as they came.
    pub headers: String,
    /// The body.
    pub body: String,
}

impl World {
    /// Asks for a path over HTTPS, as the listener sees it.
    pub fn ask(&self, path: &str) -> Answer {
        self.request("GET", path, &[("x-forwarded-proto", "https")])
    }

    /// Asserts that the stack's placeholder answers.
    #[track_caller]
    pub fn answers(&self, after: &str) {
        let answer = self.ask("/");
        assert_eq!(answer.status, 200, "after {after}: {answer:?}");
        assert!(
            answer.body.contains("The way in works"),
            "after {after}: {answer:?}"
        );
    }

    /// Sends a request with these headers.
    pub fn request(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.request_to(HOST, method, path, headers)
    }

    /// Sends a request under another name.
    pub fn request_to(
        &self,
        host: &str,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Answer {
        let mut stream = TcpStream::connect(server::address()).expect("the edge port is open");
        let patience = Some(Duration::from_secs(30));
        stream.set_read_timeout(patience).expect("a timeout");
        let mut request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {host}\r\nx-hybridgw-account: {}\r\nconnection: close\r\n",
            self.account
        );
        for (name, value) in headers {
            request.extend([name, ": ", value, "\r\n"]);
        }
        request.push_str("\r\n");
        stream
            .write_all(request.as_bytes())
            .expect("the edge port takes a request");
        let mut reply = Vec::new();
        stream
            .read_to_end(&mut reply)
            .expect("the edge port answers");
        let reply = String::from_utf8_lossy(&reply);
        let (headers, body) = reply.split_once("\r\n\r\n").unwrap_or((&reply, ""));
        let status = headers
            .split_whitespace()
            .nth(1)
            .and_then(|code| code.parse().ok());
        Answer {
            status: status.unwrap_or_else(|| panic!("no answer in HTTP: {reply}")),
            headers: headers.to_owned(),
            body: body.to_owned(),
        }
    }
}
