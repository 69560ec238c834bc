//! Part 2.C of the bad-input catalogue: whatever comes to the redirect address, byte for byte, against a
//! whole sign-in. Each entry is a `case("C…", …)` of a table or a test of its own.

mod endings;
mod ignored;

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};

use url::Url;

use crate::web::Approved;

/// As [`exchange_once`], and on to the page of the outcome where it is sent there.
fn exchange(port: u16, bytes: &[u8]) -> String {
    let answer = exchange_once(port, bytes);
    if !answer.contains("\r\nLocation: /done\r\n") {
        return answer;
    }
    let request = std::str::from_utf8(bytes).expect("text");
    let headers = request.split_once("\r\n").expect("a line").1;
    exchange_once(port, format!("GET /done HTTP/1.1\r\n{headers}").as_bytes())
}

/// Sends the bytes and reads all there is; nothing where nobody listens.
fn exchange_once(port: u16, bytes: &[u8]) -> String {
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else {
        return String::new();
    };
    // The answer may come, and the connection close, before everything was read.
    let _ = stream.write_all(bytes);
    let _ = stream.shutdown(Shutdown::Write);
    let mut answer = Vec::new();
    let mut chunk = [0; 4096];
    while let Ok(count @ 1..) = stream.read(&mut chunk) {
        answer.extend_from_slice(&chunk[..count]);
    }
    String::from_utf8(answer).expect("our pages are text")
}

/// The status of an answer; `closed` without one.
fn status(answer: &str) -> &str {
    answer.get(9..12).unwrap_or("closed")
}

fn port_of(callback: &str) -> u16 {
    let url = Url::parse(callback).expect("an address");
    url.port().expect("a port")
}

/// The true answer's query.
fn query_of(approved: &Approved) -> String {
    let url = Url::parse(&approved.callback).expect("an address");
    url.query().expect("a query").to_owned()
}
