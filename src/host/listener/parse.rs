//! Reading the head of one request, strictly and within limits (conformance F-08, F-19).

use std::ops::Range;

/// Longest request line, in bytes.
const LONGEST_LINE: usize = 16 * 1024;
/// Longest header section, in bytes.
const LONGEST_HEADERS: usize = 64 * 1024;
const MOST_HEADERS: usize = 100;

/// First byte of a TLS record that carries a handshake (RFC 8446 section 5.1).
const TLS_HANDSHAKE: u8 = 0x16;

/// The head of a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) method: String,
    /// As on the wire: origin form, absolute form or anything else.
    pub(super) target: String,
    /// Names in lower case, in the order they came.
    headers: Vec<(String, Vec<u8>)>,
}

impl Request {
    /// Every value of a header; `name` in lower case.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.headers
            .iter()
            .filter(move |(key, _)| key == name)
            .map(|(_, value)| value.as_slice())
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.all(name).next().is_some()
    }
}

/// Why the bytes are not a request that we answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// Not HTTP/1, or broken.
    Malformed,
    LineTooLong,
    HeadersTooLarge,
    /// A browser tried https.
    TlsHello,
}

/// Collects bytes until the head is complete.
#[derive(Default)]
pub(super) struct HeadReader {
    buffer: Vec<u8>,
    /// How far the bytes were looked at.
    seen: usize,
    /// Where the first line ended.
    line_end: Option<usize>,
}

impl HeadReader {
    pub(super) fn is_empty(&self) -> bool {
        self.buffer.is_empty()
    }

    /// Takes more bytes; `Some` once the head is complete. Bytes behind it are ignored: one
    /// request a connection.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<Option<Request>, Fault> {
        self.buffer.extend_from_slice(bytes);
        match self.buffer.first() {
            Some(&TLS_HANDSHAKE) => return Err(Fault::TlsHello),
            Some(first) if !first.is_ascii_alphabetic() => return Err(Fault::Malformed),
            _ => {}
        }
        let Some(head) = self.scan()? else {
            return Ok(None);
        };
        parse(&self.buffer[head]).map(Some)
    }

    /// Looks at the new bytes: strict line ends, no NUL, and the limits.
    fn scan(&mut self) -> Result<Option<Range<usize>>, Fault> {
        while self.seen < self.buffer.len() {
            let at = self.seen;
            let byte = self.buffer[at];
            let after_cr = at > 0 && self.buffer[at - 1] == b'\r';
            // A line ends in CR LF and nothing else does (RFC 9112 section 2.2).
            if byte == 0 || (byte == b'\n') != after_cr {
                return Err(Fault::Malformed);
            }
            self.seen += 1;
            if byte == b'\n' {
                if self.line_end.is_none() {
                    self.line_end = Some(at);
                }
                if self.buffer[..at].ends_with(b"\r\n\r") {
                    return Ok(Some(0..self.seen));
                }
            }
            match self.line_end {
                None if at >= LONGEST_LINE => return Err(Fault::LineTooLong),
                Some(end) if at - end > LONGEST_HEADERS => return Err(Fault::HeadersTooLarge),
                _ => {}
            }
        }
        Ok(None)
    }
}

fn parse(head: &[u8]) -> Result<Request, Fault> {
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut parsed = httparse::Request::new(&mut headers);
    match parsed.parse(head) {
        Ok(httparse::Status::Complete(_)) => {}
        Err(httparse::Error::TooManyHeaders) => return Err(Fault::HeadersTooLarge),
        Ok(httparse::Status::Partial) | Err(_) => return Err(Fault::Malformed),
    }
    let (Some(method), Some(target)) = (parsed.method, parsed.path) else {
        return Err(Fault::Malformed);
    };
    if !target.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Fault::Malformed);
    }
    Ok(Request {
        method: method.to_owned(),
        target: target.to_owned(),
        headers: parsed
            .headers
            .iter()
            .map(|header| (header.name.to_ascii_lowercase(), header.value.to_vec()))
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<Option<Request>, Fault> {
        HeadReader::default().push(bytes)
    }

    #[test]
    fn f_07_a_head_in_single_bytes_is_read() {
        let mut reader = HeadReader::default();
        let head = b"GET /a?b HTTP/1.1\r\nHost: h\r\n\r\n";
        let (last, most) = head.split_last().expect("bytes");
        for byte in most {
            assert_eq!(reader.push(&[*byte]), Ok(None));
        }
        let request = reader.push(&[*last]).expect("valid").expect("complete");
        assert_eq!(
            (request.method.as_str(), request.target.as_str()),
            ("GET", "/a?b")
        );
        assert_eq!(request.all("host").collect::<Vec<_>>(), [b"h"]);
    }

    #[test]
    fn f_08_the_limits_are_those_of_the_table() {
        let line = |length: usize| format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(length));
        assert!(matches!(read(line(16_300).as_bytes()), Ok(Some(_))));
        assert_eq!(read(line(16_400).as_bytes()), Err(Fault::LineTooLong));
        let header = |length: usize| format!("GET / HTTP/1.1\r\nA: {}\r\n\r\n", "a".repeat(length));
        assert!(matches!(read(header(65_000).as_bytes()), Ok(Some(_))));
        assert_eq!(read(header(66_000).as_bytes()), Err(Fault::HeadersTooLarge));
        let many = |count: usize| format!("GET / HTTP/1.1\r\n{}\r\n", "A: b\r\n".repeat(count));
        assert!(matches!(read(many(100).as_bytes()), Ok(Some(_))));
        assert_eq!(read(many(101).as_bytes()), Err(Fault::HeadersTooLarge));
    }

    #[test]
    fn f_19_other_protocols_and_loose_lines_are_refused() {
        assert_eq!(read(b"\x16\x03\x01\x02\x00\x01"), Err(Fault::TlsHello));
        for bytes in [
            b"\x05\x01\x00".as_slice(),
            b"\0\0\0\0",
            b"\r\nGET / HTTP/1.1\r\n\r\n",
            b"GET / HTTP/1.1\nHost: h\n\n",
            b"GET / HTTP/1.1\r\nHost: h\rx\r\n\r\n",
            b"GET / HTTP/1.1\r\nA: b\r\n folded\r\n\r\n",
            b"GET / HTTP/1.1\r\nA: b\0c\r\n\r\n",
            b"GET /\r\n\r\n",
            b"PRI * HTTP/2.0\r\n\r\n",
            b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
            "GET /ü HTTP/1.1\r\n\r\n".as_bytes(),
        ] {
            assert_eq!(read(bytes), Err(Fault::Malformed), "{bytes:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn f_19_random_bytes_never_panic(bytes: Vec<u8>) {
            let _ = read(&bytes);
        }
    }
}
