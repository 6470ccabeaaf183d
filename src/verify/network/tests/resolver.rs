//! A resolver on loopback, spoken to by `--resolver`.

use std::net::{IpAddr, SocketAddr};

use tokio::net::UdpSocket;

use super::super::{Network, Resolved, Roots};

const HOST: &str = "orders.example.com";

/// Answers queries for A with these addresses, others with nothing; without
/// addresses all with NXDOMAIN (RFC 1035, 4.1).
async fn resolver(addresses: &'static [[u8; 4]]) -> SocketAddr {
    let socket = UdpSocket::bind(("127.0.0.1", 0)).await.expect("a port");
    let address = socket.local_addr().expect("its address");
    tokio::spawn(async move {
        let mut query = [0; 512];
        while let Ok((length, from)) = socket.recv_from(&mut query).await {
            let reply = reply(&query[..length], addresses);
            let _ = socket.send_to(&reply, from).await;
        }
    });
    address
}

fn reply(query: &[u8], addresses: &[[u8; 4]]) -> Vec<u8> {
    let name_ends = query[12..]
        .iter()
        .position(|byte| *byte == 0)
        .expect("a name")
        + 12;
    let question = &query[12..name_ends + 5];
    let asks_for_a = query[name_ends + 1..name_ends + 3] == [0, 1];
    let given: &[[u8; 4]] = if asks_for_a { addresses } else { &[] };
    let code = if addresses.is_empty() { 0x83 } else { 0x80 };
    let count = u8::try_from(given.len()).expect("few");
    let mut reply = query[..2].to_vec();
    reply.extend([0x81, code, 0, 1, 0, count, 0, 0, 0, 0]);
    reply.extend(question);
    for address in given {
        // The name as a pointer to the question, A, IN, 60 s, four bytes.
        reply.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4]);
        reply.extend(address);
    }
    reply
}

async fn asked(server: SocketAddr) -> Resolved {
    let network = Network::of_this_machine(Vec::new(), Some(server), Roots::of_system());
    network.expect("a network").resolve(HOST).await
}

#[tokio::test]
async fn a_named_resolver_is_asked_and_no_other() {
    let server = resolver(&[[10, 0, 1, 10], [10, 0, 2, 10]]).await;
    let expected: Vec<IpAddr> = ["10.0.1.10", "10.0.2.10"]
        .map(|one| one.parse().expect("an address"))
        .into();
    assert_eq!(asked(server).await, Resolved::To(expected));
}

#[tokio::test]
async fn a_name_that_is_not_there_is_told_from_a_resolver_that_does_not_answer() {
    let server = resolver(&[]).await;
    assert_eq!(asked(server).await, Resolved::Nothing);
    // Bound, and never read.
    let silent = UdpSocket::bind(("127.0.0.1", 0)).await.expect("a port");
    let server = silent.local_addr().expect("its address");
    tokio::time::pause();
    let Resolved::NoAnswer(why) = asked(server).await else {
        panic!("nobody answered");
    };
    assert!(!why.is_empty());
}

#[tokio::test]
async fn what_resolve_says_is_not_asked_for() {
    let one = format!("{HOST}:443:10.9.9.9").parse().expect("an override");
    let network = Network::of_this_machine(vec![one], None, Roots::of_system());
    let found = network.expect("a network").resolve(HOST).await;
    assert_eq!(
        found,
        Resolved::To(vec!["10.9.9.9".parse().expect("an address")])
    );
}
