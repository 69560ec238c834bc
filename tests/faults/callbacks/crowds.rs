//! FT-43: crowds that hold connections open. FT-20: many sign-ins at once, and answers at the wrong doors.

use std::io::Write as _;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use valetkey::engine::SignInOptions;
use valetkey::model::ConnectionId;

use super::{Ground, True, deliver, ended, exchange, expect, options, status};
use crate::campaign::{Chance, Tally, run};
use crate::stage::off;

/// How long the true answer may take beside a crowd, where this is measured.
const PATIENCE: Duration = Duration::from_millis(200);
const CROWD: usize = 32;
const DOORS: usize = 20;

/// Somebody who says nothing, half a line, or a head without an end.
fn loiter(chance: &mut Chance, port: u16) -> TcpStream {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("a listener");
    let said: &[u8] = match chance.below(4) {
        0 => b"",
        1 => b"G",
        2 => b"GET /callback?code=",
        _ => b"GET /callback?code=x HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ",
    };
    let _ = stream.write_all(said);
    stream
}

#[test]
fn ft_43_f_07_loiterers_do_not_keep_the_true_answer_waiting() {
    let tally = run("FT-43", 3, Ground::new, |ground, chance| {
        let mut tally = Tally::default();
        let stage = &ground.stage;
        ground.runtime.block_on(async {
            let attempt = stage.begin_with(options());
            let url = stage.opened().await;
            let (authorize, cookie) = off(move || crate::web::follow(&url)).await;
            let callback = stage.sandbox.deny(&authorize).expect("declined");
            let truth = True::of(&crate::web::Approved { callback, cookie });
            let mut draws = Chance::of(chance.below(u64::MAX));
            let (first, took, page) = off(move || {
                let mut crowd: Vec<TcpStream> =
                    (0..CROWD).map(|_| loiter(&mut draws, truth.port)).collect();
                // Some drip on.
                for stream in &mut crowd {
                    let _ = stream.write_all(b"a");
                }
                let began = Instant::now();
                let first = exchange(truth.port, &truth.answer()).unwrap_or_default();
                let took = began.elapsed();
                let page = exchange(truth.port, &truth.get("/done")).unwrap_or_default();
                drop(crowd);
                (first, took, page)
            })
            .await;
            expect(&mut tally, "the true answer", status(&first), "303");
            expect(&mut tally, "its page", status(&page), "200");
            expect(&mut tally, "the end", ended(attempt).await, "declined");
            tally.took("until the true answer was taken", took);
            tally.count(if took <= PATIENCE {
                "within 200 ms"
            } else {
                "later than 200 ms"
            });
        });
        stage.sandbox.clear_requests();
        tally
    });
    tally.is_clean();
}

/// Twenty connections of one provider.
struct Doors {
    ground: Ground,
    ids: Vec<ConnectionId>,
}

impl Doors {
    fn new() -> Self {
        let ground = Ground::new();
        let ids = ground.runtime.block_on(async {
            let mut ids = vec![ground.stage.id.clone()];
            for number in 1..DOORS {
                ids.push(ground.stage.another(&format!("door-{number}")).await);
            }
            ids
        });
        ground.stage.sandbox.clear_requests();
        Self { ground, ids }
    }
}

#[test]
fn ft_20_answers_at_the_wrong_doors_bind_to_no_sign_in() {
    let tally = run("FT-20", 1, Doors::new, |doors, chance| {
        let mut tally = Tally::default();
        let stage = &doors.ground.stage;
        doors.ground.runtime.block_on(async {
            let mut attempts = Vec::new();
            let mut truths = Vec::new();
            for id in &doors.ids {
                let attempt = stage.engine.sign_in(id, SignInOptions::default());
                attempts.push((id.clone(), attempt.expect("begun")));
                let approved = stage.approve().await;
                truths.push(True::of(&approved));
            }
            stage.told();
            let mut draws = Chance::of(chance.below(u64::MAX));
            let (part, truths) = off(move || {
                let mut part = Tally::default();
                // Each answer at a wrong door: with its own cookie, that door's, or both.
                for (at, truth) in truths.iter().enumerate() {
                    let off_by = 1 + usize::try_from(draws.below(DOORS as u64 - 1)).expect("small");
                    let wrong = &truths[(at + off_by) % DOORS];
                    let cookie = match draws.below(3) {
                        0 => truth.cookie.clone(),
                        1 => wrong.cookie.clone(),
                        _ => format!("{}; {}", truth.cookie, wrong.cookie),
                    };
                    let request = format!(
                        "GET /callback?{} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nCookie: {cookie}\r\n\r\n",
                        truth.query, wrong.port
                    );
                    let answer = exchange(wrong.port, request.as_bytes()).unwrap_or_default();
                    part.count("answers at a wrong door");
                    expect(&mut part, "a wrong door", status(&answer), "400");
                }
                // Then each at its own, in any order.
                let mut truths = truths;
                for at in (1..truths.len()).rev() {
                    let other = usize::try_from(draws.below(at as u64 + 1)).expect("small");
                    truths.swap(at, other);
                }
                (part, truths)
            })
            .await;
            tally = part;
            let delivered = off(move || {
                std::thread::scope(|scope| {
                    let pages: Vec<_> = truths
                        .iter()
                        .map(|truth| scope.spawn(|| status(&deliver(truth)).to_owned()))
                        .collect();
                    let joined = pages.into_iter().map(|page| page.join().expect("a page"));
                    joined.collect::<Vec<_>>()
                })
            });
            for page in delivered.await {
                expect(&mut tally, "its own door", &page, "200");
            }
            let mut tokens = std::collections::BTreeSet::new();
            for (id, attempt) in attempts {
                expect(&mut tally, "a sign-in", ended(attempt).await, "signed in");
                let name = stage.engine.connection_by_id(&id).expect("there").name;
                let handed = stage.engine.fresh_token(name.as_str(), None).await;
                tokens.insert(handed.expect("a token").token.reveal().to_owned());
                tally.count("sign-ins");
            }
            if tokens.len() != DOORS {
                tally.complain(format!("{} tokens for {DOORS} sign-ins", tokens.len()));
            }
            // Each code went to the provider once, with the redirect address and the proof of its own
            // attempt: the provider would have refused any other.
            let sent = stage.sandbox.requests_to("/token").len();
            if sent != DOORS {
                tally.complain(format!("{sent} exchanges"));
            }
        });
        stage.sandbox.revoke_all();
        stage.sandbox.clear_requests();
        tally
    });
    tally.is_clean();
}
