//! FT-07: random requests and such as a grammar makes, until the true answer comes at a random moment.

use std::io::Write as _;
use std::sync::atomic::Ordering;
use std::sync::{Mutex, PoisonError};

use valetkey::sandbox::Approval;

use super::{Ground, True, deliver, ended, exchange, expect, options, status, watch_for_panics};
use crate::campaign::{Chance, Tally, run};
use crate::stage::off;

/// Requests before each true answer; the listener itself takes no more than 500 answers an attempt.
const EACH: u64 = 400;
/// Sign-ins after which the process has everything that it keeps.
const WARM: usize = 25;
/// How much more memory the rest may take.
const GROWTH_KIB: u64 = 8 * 1024;

fn byte(chance: &mut Chance) -> u8 {
    u8::try_from(chance.below(256)).expect("a byte")
}

fn index(chance: &mut Chance, length: usize) -> usize {
    usize::try_from(chance.below(length.max(1) as u64)).expect("an index")
}

/// A query of the right words in any number and order, never with the right code, state and issuer
/// together.
fn query(chance: &mut Chance, truth: &True) -> String {
    let count = chance.below(6);
    let parts: Vec<String> = (0..count)
        .map(|_| {
            let name = chance.one_of(&[
                "code",
                "state",
                "iss",
                "error",
                "error_description",
                "scope",
                "",
                "CODE",
                "st%61te",
            ]);
            let value = match chance.below(12) {
                0 => truth.code.clone(),
                // One letter short of right: the digest must tell.
                1 => truth.state[..truth.state.len() - 1].to_owned(),
                2 => truth.state.to_uppercase(),
                3 => truth.iss.clone(),
                4 => "%zz".to_owned(),
                5 => "a%00b".to_owned(),
                6 => "%c0%af".to_owned(),
                7 => "<script>".to_owned(),
                8 => "x".repeat(index(chance, 2_000)),
                9 => "access_denied".to_owned(),
                10 => String::new(),
                _ => format!("{:x}", chance.below(u64::MAX)),
            };
            format!("{name}={value}")
        })
        .collect();
    parts.join(chance.one_of(&["&", "&", "&", ";", "&&"]))
}

fn by_grammar(chance: &mut Chance, truth: &True) -> Vec<u8> {
    let query = query(chance, truth);
    let method = chance.one_of(&[
        "GET", "GET", "GET", "GET", "POST", "HEAD", "OPTIONS", "get", "CONNECT", "TRACE", "",
    ]);
    let path = chance.one_of(&[
        "/callback",
        "/callback",
        "/callback",
        "/callback/",
        "/CALLBACK",
        "//callback",
        "/",
        "/done",
        "/go/0123456789",
        "/favicon.ico",
        "/../callback",
        "*",
        "http://evil.example/callback",
    ]);
    let (port, cookie) = (truth.port, &truth.cookie);
    let version = chance.one_of(&["HTTP/1.1", "HTTP/1.1", "HTTP/1.0", "HTTP/2.0", "HTTP/9", ""]);
    let end = chance.one_of(&["\r\n", "\r\n", "\r\n", "\n", "\r"]);
    let mut head = format!("{method} {path}?{query} {version}{end}");
    for _ in 0..chance.below(6) {
        let line = match chance.below(10) {
            0..=2 => format!("Host: 127.0.0.1:{port}"),
            3 => format!("Cookie: {cookie}"),
            4 => "Host: evil.example".to_owned(),
            5 => "Sec-Fetch-Mode: navigate".to_owned(),
            6 => "Sec-Purpose: prefetch".to_owned(),
            7 => format!(
                "Content-Length: {}",
                chance.one_of(&["0", "-1", "5", "99999999999999999999"])
            ),
            8 => "Transfer-Encoding: chunked".to_owned(),
            _ => format!("X: {}", "y".repeat(index(chance, 3_000))),
        };
        head.push_str(&line);
        head.push_str(end);
    }
    head.push_str(end);
    head.into_bytes()
}

/// The true answer with one thing wrong that no luck puts right, then bent at random.
fn bent(chance: &mut Chance, truth: &True) -> Vec<u8> {
    let right = String::from_utf8(truth.answer()).expect("text");
    let wrong = match chance.below(4) {
        0 => right.replace(&truth.state, &truth.state[10..]),
        1 => right.replace(&truth.cookie, &truth.cookie[..truth.cookie.len() - 10]),
        2 => right.replace("Cookie:", "X-Cookie:"),
        _ => right.replace("GET", "POST"),
    };
    let mut bytes = wrong.into_bytes();
    for _ in 0..chance.below(4) {
        let at = index(chance, bytes.len());
        match chance.below(4) {
            0 => bytes[at] ^= 1 << chance.below(8),
            1 => bytes.insert(at, byte(chance)),
            2 => {
                bytes.truncate(at.max(1));
            }
            _ => {
                let again = bytes[at..].to_vec();
                bytes.extend(again);
            }
        }
    }
    bytes
}

fn request(chance: &mut Chance, truth: &True) -> Vec<u8> {
    match chance.below(8) {
        0 => {
            let length = chance.below(300);
            (0..length).map(|_| byte(chance)).collect()
        }
        1 => {
            let length = index(chance, 20_000);
            let mut junk = vec![chance.one_of(b"GA \r\n\0"); length];
            junk.extend(b"\r\n\r\n");
            junk
        }
        2..=4 => bent(chance, truth),
        _ => by_grammar(chance, truth),
    }
}

fn private_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("a status");
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("RssAnon:"));
    let size = line.and_then(|line| line.split_whitespace().next());
    size.and_then(|size| size.parse().ok()).expect("a size")
}

#[test]
fn ft_07_f_01_random_requests_settle_nothing_and_the_true_answer_works_among_them() {
    let panics = watch_for_panics();
    let sizes = Mutex::new(Vec::new());
    let tally = run("FT-07", 4, Ground::new, |ground, chance| {
        let mut tally = Tally::default();
        let stage = &ground.stage;
        // One in twenty-five is exchanged for tokens; the others are a person's no.
        let signs_in = chance.seed().is_multiple_of(25);
        ground.runtime.block_on(async {
            let attempt = stage.begin_with(options());
            let mut approved = if signs_in {
                stage.approve_as(&Approval::default()).await
            } else {
                let url = stage.opened().await;
                let (authorize, cookie) = off(move || crate::web::follow(&url)).await;
                let callback = stage.sandbox.deny(&authorize).expect("declined");
                crate::web::Approved { callback, cookie }
            };
            let truth = True::of(&approved);
            approved.callback.clear();
            let mut draws = Chance::of(chance.below(u64::MAX));
            let (part, page) = off(move || {
                let mut part = Tally::default();
                for _ in 0..EACH {
                    let sent = request(&mut draws, &truth);
                    match exchange(truth.port, &sent) {
                        Ok(answer) => {
                            part.count("requests");
                            let status = status(&answer);
                            part.count(match status {
                                "400" => "answered 400",
                                "404" => "answered 404",
                                "405" => "answered 405",
                                "421" => "answered 421",
                                "none" => "closed without a word",
                                _ => "answered otherwise",
                            });
                            // 4xx, busy, or closed without a word.
                            if !(status.starts_with('4') || matches!(status, "503" | "none")) {
                                let start = sent.escape_ascii().to_string();
                                part.complain(format!("{status} for {start:.400}"));
                            }
                        }
                        Err(error) => part.complain(format!("no answer: {error}")),
                    }
                }
                let page = deliver(&truth);
                (part, page)
            })
            .await;
            tally = part;
            expect(
                &mut tally,
                "the page of the true answer",
                status(&page),
                "200",
            );
            let (how, wanted) = if signs_in {
                ("exchanged", "signed in")
            } else {
                ("a true refusal", "declined")
            };
            expect(&mut tally, how, ended(attempt).await, wanted);
            tally.count(how);
        });
        let exchanges = ground.stage.sandbox.requests_to("/token").len();
        if exchanges != usize::from(signs_in) {
            tally.complain(format!("{exchanges} exchanges"));
        }
        ground.stage.sandbox.clear_requests();
        sizes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(private_kib());
        tally
    });
    tally.is_clean();
    assert_eq!(panics.load(Ordering::SeqCst), 0, "a task panicked");
    let sizes = sizes.into_inner().unwrap_or_else(PoisonError::into_inner);
    if let Some((warm, rest)) = sizes.get(WARM).zip(sizes.get(WARM..)) {
        let most = *rest.iter().max().expect("some");
        let _ = writeln!(
            std::io::stderr(),
            "FT-07: {warm} KiB warm, {most} KiB at most"
        );
        assert!(most <= warm + GROWTH_KIB, "{warm} KiB, then {most} KiB");
    }
}
