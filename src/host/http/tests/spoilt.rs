//! Answers that are cut, or packed in a way that nobody asked for.

use super::*;

#[tokio::test]
async fn a42_an_answer_that_is_cut_at_any_byte_is_none() {
    const ANSWER: &[u8] =
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 16\r\n\r\n{\"access\":\"token\"}";
    for bytes in 0..ANSWER.len() - 2 {
        let (port, _) = server(&ANSWER[..bytes]).await;
        let error = send(&format!("http://127.0.0.1:{port}/"))
            .await
            .expect_err("cut");
        assert_eq!(error, HttpError::Unknown(Transport::Closed), "{bytes}");
    }
    // What was promised has come: the rest is not read.
    let (port, _) = server(ANSWER).await;
    let answer = send(&format!("http://127.0.0.1:{port}/")).await;
    assert_eq!(answer.expect("whole").body().len(), 16);
}

#[tokio::test]
async fn a44_a_packing_that_was_not_offered_is_named() {
    for (coding, named) in [
        ("br", Some("br")),
        ("zstd", Some("zstd")),
        ("gzip, gzip", Some("gzip, gzip")),
        ("identity", None),
        ("Identity", None),
    ] {
        let answer =
            format!("HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nContent-Length: 2\r\n\r\nhi");
        let (port, mut heads) = server(answer.leak().as_bytes()).await;
        let answer = send(&format!("http://127.0.0.1:{port}/")).await;
        let head = heads.recv().await.expect("a request").to_ascii_lowercase();
        assert!(head.contains("accept-encoding: gzip\r\n"), "{head}");
        match (named, answer) {
            (None, answer) => assert_eq!(answer.expect(coding).body(), b"hi"),
            (Some(named), answer) => {
                let error = answer.expect_err(coding);
                assert_eq!(error, HttpError::Encoding(Untrusted::new(named)));
                assert!(!error.nothing_was_sent());
            }
        }
    }
}
