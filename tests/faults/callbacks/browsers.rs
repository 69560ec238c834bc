//! FT-45: what real browsers do beside loading a page once.

use std::thread;

use super::{Ground, True, ended, exchange, expect, options, status};
use crate::campaign::{Tally, run};
use crate::stage::off;

const HABITS: [&str; 7] = [
    "prefetch",
    "double GET",
    "favicon first",
    "cookies off",
    "back button",
    "reload",
    "two tabs",
];

/// What the browser shows in the end, and what must have come of it.
fn browse(habit: &str, truth: &True, second: Option<&True>) -> (String, &'static str) {
    let get = |target: &str| exchange(truth.port, &truth.get(target)).unwrap_or_default();
    let answer = || exchange(truth.port, &truth.answer()).unwrap_or_default();
    let page = |of: &[u8]| status(of).to_owned();
    let with = |line: &str| {
        let head = String::from_utf8(truth.answer()).expect("text");
        let head = head.replacen("\r\n", &format!("\r\n{line}\r\n"), 1);
        exchange(truth.port, head.as_bytes()).unwrap_or_default()
    };
    match habit {
        "prefetch" => {
            let early = with("Sec-Purpose: prefetch;prerender");
            if status(&early) != "400" {
                return (page(&early), "a prefetch was taken");
            }
            answer();
            (page(&get("/done")), "200")
        }
        "double GET" => thread::scope(|scope| {
            let other = scope.spawn(answer);
            answer();
            let other = other.join().expect("an answer");
            if status(&other) != "303" {
                return (page(&other), "303");
            }
            let other = scope.spawn(|| get("/done"));
            let shown = get("/done");
            let other = other.join().expect("a page");
            let same = shown == other;
            (page(&shown), if same { "200" } else { "the same page" })
        }),
        "favicon first" => {
            let icon = get("/favicon.ico");
            if status(&icon) != "404" {
                return (page(&icon), "404");
            }
            answer();
            (page(&get("/done")), "200")
        }
        "cookies off" => {
            let head = String::from_utf8(truth.answer()).expect("text");
            let bare = head.replace(&truth.cookie, "");
            let told = exchange(truth.port, bare.as_bytes()).unwrap_or_default();
            (page(&told), "400")
        }
        "back button" | "reload" => {
            answer();
            let shown = thread::scope(|scope| {
                let held = scope.spawn(|| get("/done"));
                // Back is the provider's page, whose answer comes once more; a reload is the local page.
                if habit == "reload" {
                    get("/done");
                } else {
                    answer();
                }
                held.join().expect("a page")
            });
            (page(&shown), "200")
        }
        // Both tabs were sent on by start links of their own, and both may answer.
        _ => {
            let second = second.expect("a second tab");
            answer();
            let shown = exchange(second.port, &second.get("/done")).unwrap_or_default();
            (page(&shown), "200")
        }
    }
}

#[test]
fn ft_45_f_05_f_06_a_browsers_habits_cost_one_exchange_and_show_the_right_page() {
    let tally = run(
        "FT-45",
        HABITS.len() as u64,
        Ground::new,
        |ground, chance| {
            let mut tally = Tally::default();
            let stage = &ground.stage;
            let habit =
                HABITS[usize::try_from(chance.seed() % HABITS.len() as u64).expect("small")];
            tally.count(habit);
            ground.runtime.block_on(async {
                let attempt = stage.begin_with(options());
                let approved = stage.approve().await;
                let second = if habit == "two tabs" {
                    let url = attempt.remote.start_url(false).await.expect("open");
                    let (_, cookie) = off(move || crate::web::follow(&url)).await;
                    let callback = approved.callback.clone();
                    Some(True::of(&crate::web::Approved { callback, cookie }))
                } else {
                    None
                };
                let truth = True::of(&approved);
                let (shown, wanted) = off(move || browse(habit, &truth, second.as_ref())).await;
                expect(&mut tally, habit, &shown, wanted);
                let exchanges = if habit == "cookies off" {
                    // The address is pasted instead, as the page says.
                    expect(&mut tally, "before the paste", &exchanges(ground), "0");
                    let pasted = valetkey::model::Secret::new(approved.callback.clone());
                    attempt.remote.paste(pasted);
                    "1"
                } else {
                    "1"
                };
                expect(&mut tally, habit, ended(attempt).await, "signed in");
                expect(&mut tally, habit, &self::exchanges(ground), exchanges);
            });
            stage.sandbox.clear_requests();
            tally
        },
    );
    tally.is_clean();
}

fn exchanges(ground: &Ground) -> String {
    ground.stage.sandbox.requests_to("/token").len().to_string()
}
