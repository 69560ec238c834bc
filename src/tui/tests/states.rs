//! Every screen in every state at every size, with and without Unicode: nothing breaks, the chosen line and
//! the first hint are in view, and the pictures of the small sizes lie in one file each.

use std::sync::Arc;

use super::bringing::file_of;
use super::example::{NOW, elsewhere, failure, grant, id, name, presets, row, rows, scopes, setup};
use super::script::Script;
use crate::engine::{AttemptEvent, Error, Interrupted, PassphraseWay, Question, Row, Step};
use crate::host::BindError;
use crate::model::{Expiry, Seconds, UnixTime, Untrusted};
use crate::provider::ScopeHelp;
use crate::tui::glyph;
use crate::tui::model::LEAST;
use crate::tui::{Look, Msg, Reply, ScopeChoice, Setup};

const SIZES: [(u16, u16); 9] = [
    (120, 40),
    (110, 30),
    (80, 24),
    (60, 20),
    (40, 12),
    (40, 9),
    (20, 5),
    (19, 4),
    (1, 1),
];

type Make = fn(Setup) -> Script;

/// Each state, and how a person gets there.
const STATES: &[(&str, Make)] = &[
    ("first start", |setup| {
        Script::new(setup, Vec::new(), (80, 24))
    }),
    ("first start in practice", |setup| {
        let practice = Setup {
            practice: true,
            ..setup
        };
        Script::new(practice, Vec::new(), (80, 24))
    }),
    ("table", |setup| keys(setup, "down")),
    ("table of many", |setup| {
        let mut script = Script::new(setup, many(), (80, 24));
        script.keys("G up");
        script
    }),
    ("grouped", |setup| keys(setup, "down b")),
    (WIDE, |setup| {
        let mut script = Script::new(setup, wide(), (80, 24));
        script.keys("down");
        script
    }),
    ("filter open", |setup| keys(setup, "/ \"lin\"")),
    ("nothing found", |setup| keys(setup, "/ \"zz\" enter")),
    ("marked", |setup| keys(setup, "space space")),
    ("vault locked", |setup| keys(setup, "down L")),
    ("provider down", |setup| {
        let mut script = Script::new(setup, rows(), (80, 24));
        script.backend.failing = vec![id(2)];
        script.keys("down down t");
        script
    }),
    ("details", |setup| keys(setup, "down down enter")),
    ("history", |setup| keys(setup, "down h down")),
    ("wizard: provider", |setup| keys(setup, "a \"git\"")),
    ("wizard: details", |setup| keys(setup, "a \"gitl\" enter")),
    ("wizard: own provider", |setup| {
        keys(setup, "a \"other\" enter \"http://x.example/a\" enter")
    }),
    ("wizard: app, two ways", |setup| {
        keys(setup, "a \"gith\" enter enter")
    }),
    ("wizard: app", |setup| keys(setup, TO_APP)),
    ("wizard: scopes", |setup| {
        keys(setup, "a \"gitl\" enter enter \"4f1c0a9a\" enter enter")
    }),
    ("wizard: 200 scopes", |setup| {
        let presets = std::cell::LazyCell::new(Box::new(many_scopes) as Box<_>);
        let mut script = Script::new(Setup { presets, ..setup }, rows(), (80, 24));
        script.keys("a \"gitl\" enter enter \"4f1c0a9a\" enter enter up ctrl-u");
        for _ in 0..150 {
            script.keys("down");
        }
        script
    }),
    ("wizard: review", |setup| keys(setup, TO_REVIEW)),
    ("authorize at the desk", |setup| {
        let mut script = keys(setup, TO_REVIEW);
        script.keys("enter").wait(42);
        script
    }),
    ("authorize: paste", |setup| {
        let mut script = keys(setup, "down u 3");
        script.paste("http://127.0.0.1:41873/callback?code=codecanary&state=x");
        script
    }),
    ("authorize over SSH", |setup| over_ssh(setup, "down u")),
    ("authorize: QR", |setup| over_ssh(setup, "down u Q")),
    ("authorize: name of this machine", |setup| {
        over_ssh(setup, "down u h \"ada@build\"")
    }),
    ("authorize: wider grant", |setup| {
        asked(
            setup,
            Question::WiderGrant {
                added: scopes("admin"),
            },
        )
    }),
    ("authorize: other account", |setup| {
        let shown = |text: &str| Untrusted::new(text).shown();
        asked(
            setup,
            Question::OtherAccount {
                before: shown("ada"),
                now: shown("bob"),
            },
        )
    }),
    ("authorize: port taken", |setup| {
        let taken = BindError::PortTaken {
            port: 8765,
            ipv6: false,
            owner: Some("node (4121)".to_owned()),
        };
        failed(setup, taken.into(), Step::Listen)
    }),
    ("authorize: refused", |setup| {
        failed(setup, failure("invalid_client"), Step::Exchange)
    }),
    ("authorize: nobody answered", |setup| {
        failed(setup, failure("timeout"), Step::Approve)
    }),
    ("authorize: stop?", |setup| keys(setup, "down u q")),
    ("practice: consent", |setup| {
        let practice = Setup {
            practice: true,
            ..setup
        };
        keys(practice, "down u 6")
    }),
    ("interrupted", |setup| {
        let interrupted = vec![Interrupted {
            connection: id(2),
            name: name("linear"),
            began: UnixTime(NOW.0 - 1200),
            code_until: Some(NOW.plus(Seconds(552))),
        }];
        Script::new(
            Setup {
                interrupted,
                ..setup
            },
            rows(),
            (80, 24),
        )
    }),
    ("finished", |setup| {
        let mut script = keys(setup, TO_REVIEW);
        script.keys("enter 3");
        script
            .paste("http://127.0.0.1/callback?code=c&state=s")
            .keys("enter");
        script
    }),
    ("revoke or delete", |setup| keys(setup, "down down x")),
    ("revoke or delete several", |setup| {
        keys(setup, "space space x")
    }),
    ("new passphrase", |setup| {
        let mut script = Script::new(setup, rows(), (80, 24));
        script.send(Msg::Done(Reply::NeedsPassphrase {
            new: true,
            agent_open: false,
            then: None,
        }));
        script.keys("\"one\" enter \"two\" enter");
        script
    }),
    ("unlock", |setup| {
        let mut script = Script::new(setup, rows(), (80, 24));
        script.backend.locked = Some("open sesame");
        script.keys("down u \"wrong\" enter");
        script
    }),
    ("keychain waits", |setup| {
        silent(setup, PassphraseWay::Unlock)
    }),
    ("keychain waits, no passphrase yet", |setup| {
        silent(setup, PassphraseWay::Choose)
    }),
    ("vault was copied", |setup| moved(setup, false)),
    ("second copy", |setup| moved(setup, true)),
    ("rename", |setup| keys(setup, "down n \"!\" enter")),
    ("edit", |setup| keys(setup, "down down e \"x\"")),
    ("edit: drop the changes?", |setup| {
        keys(setup, "down down e \"x\" esc")
    }),
    ("help", |setup| keys(setup, "?")),
    ("palette", |setup| keys(setup, ": \"re\"")),
    ("bulk question", |setup| keys(setup, "down space space t")),
    ("bulk progress", |setup| {
        let mut script = Script::new(setup, rows(), (80, 24));
        script.backend.failing = vec![id(1)];
        script.keys("down space space t 1");
        script
    }),
    ("agent waits", |setup| agent(setup, "")),
    ("agent asks", |setup| agent(setup, "ctrl-t")),
    ("import: file", |setup| keys(setup, "i")),
    ("import: problem", |setup| {
        keys(setup, "i \"~/nothing\" enter")
    }),
    ("import: passphrase", |setup| {
        keys(setup, "i \"~/backup\" enter")
    }),
    ("import: review", |setup| {
        let mut script = Script::new(setup, rows(), (80, 24));
        script.backend.file = file_of(&["work", "github"]);
        script.keys("i \"~/connections.toml\" enter down");
        script
    }),
];

const WIDE: &str = "table of wide and long names";
const TO_APP: &str = "a \"gitl\" enter enter";
const TO_REVIEW: &str = "a \"gitl\" enter enter \"4f1c0a9a\" enter enter enter";

/// Each state, by name.
pub(super) fn everything(setup: fn() -> Setup) -> Vec<(&'static str, Script)> {
    let make = |(state, make): &(&'static str, Make)| (*state, make(setup()));
    STATES.iter().map(make).collect()
}

fn keys(setup: Setup, keys: &str) -> Script {
    let mut script = Script::new(setup, rows(), (80, 24));
    script.keys(keys);
    script
}

fn over_ssh(setup: Setup, then: &str) -> Script {
    let ssh = Setup {
        ssh: true,
        elsewhere: elsewhere(),
        ..setup
    };
    keys(ssh, then)
}

fn asked(setup: Setup, question: Question) -> Script {
    let mut script = keys(setup, "down u");
    script.event(AttemptEvent::Asked(question));
    script
}

fn failed(setup: Setup, error: Error, step: Step) -> Script {
    let mut script = keys(setup, "down u");
    let error = Arc::new(error);
    script.event(AttemptEvent::Failed { error, step });
    script
}

fn silent(setup: Setup, way: PassphraseWay) -> Script {
    let mut script = Script::new(setup, rows(), (80, 24));
    script.backend.keychain_silent = Some(way);
    script.keys("down u").wait(12);
    script
}

fn moved(setup: Setup, second_copy: bool) -> Script {
    let mut script = Script::new(setup, rows(), (80, 24));
    (script.backend.moved, script.backend.second_copy) = (true, second_copy);
    script.keys("down down r");
    script
}

fn agent(setup: Setup, then: &str) -> Script {
    let mut script = Script::new(setup, rows(), (80, 24));
    let question = super::agent_asks::question(1, "bash", "github", "repo");
    script.send(Msg::Agent(crate::tui::AgentNews::Asked(question)));
    script.keys(then);
    script
}

fn many() -> Vec<Row> {
    let like = rows().remove(1);
    let row = |n: u32| {
        let mut row = like.clone();
        row.summary.id = id(n);
        row.summary.name = name(&format!("connection-{n:04}"));
        row
    };
    (1..=1000).map(row).collect()
}

fn wide() -> Vec<Row> {
    let account = "ada.lovelace+a-very-long-label-of-an-account@analytical-engines.example";
    let long = "a".repeat(60);
    let scopes: Vec<String> = (0..40).map(|n| format!("scope:number-{n}")).collect();
    let of = |n, called: &str, provider: &str| {
        let grant = grant(Some(account), Some(&scopes.join(" ")), Expiry::Never);
        row(n, called, provider, &scopes.join(" "), Some(grant), None)
    };
    vec![
        of(
            1,
            &long,
            "A provider whose name is longer than any column of the table",
        ),
        of(2, "wide", "日本語のサービスの名前"),
        of(3, "marks", "Überprüfung e\u{301}\u{301}"),
    ]
}

fn many_scopes() -> Vec<crate::tui::PresetChoice> {
    let mut presets = presets();
    for preset in &mut presets {
        let scope = |n: usize| ScopeHelp {
            name: format!("area-{n:03}:read"),
            help: "what it lets a connection read, in some words".to_owned(),
            broad: n.is_multiple_of(7),
            narrower: None,
        };
        preset.scopes = (0..200).map(scope).filter_map(ScopeChoice::of).collect();
    }
    presets
}

fn look(ascii: bool) -> Look {
    Look {
        ascii,
        ..super::example::COLOURLESS
    }
}

fn each(ascii: bool, mut check: impl FnMut(&str, &mut Script)) {
    for (state, make) in STATES {
        let mut script = make(Setup {
            look: look(ascii),
            ..setup()
        });
        check(state, &mut script);
    }
}

/// The first hint of the footer.
fn first_hint(script: &Script) -> Option<String> {
    let model = &script.model;
    let hints = model
        .world
        .keys()
        .hints(model.place(), &model.facts(), model.typing());
    let mut hints = hints.into_iter().filter(|(_, word)| *word != "more");
    hints.next().map(|(key, word)| format!("{key} {word}"))
}

#[test]
fn w_10_w_11_every_state_is_drawn_at_every_size() {
    let mut drawn = 0;
    for ascii in [false, true] {
        each(ascii, |state, script| {
            let marker = if ascii { " > " } else { glyph::SELECTED };
            let chosen = |script: &Script| {
                script
                    .frame()
                    .lines()
                    .filter(|line| line.contains(marker))
                    .count()
            };
            let has_a_choice = chosen(script) > 0;
            for (width, height) in SIZES {
                script.resize(width, height);
                let frame = script.frame();
                let at = format!("{state} at {width}x{height}:\n{frame}");
                drawn += 1;
                assert_eq!(frame.lines().count(), usize::from(height), "{at}");
                // Names and accounts are shown as they are.
                let own = state != WIDE;
                assert!(!(ascii && own) || frame.is_ascii(), "{at}");
                if (width, height) < LEAST || height < LEAST.1 {
                    let needs = frame.trim().is_empty() || frame.contains('V');
                    assert!(needs, "{at}");
                    continue;
                }
                if has_a_choice {
                    assert!(chosen(script) > 0, "the chosen line is out of view: {at}");
                }
                // A narrow screen has two lines of it.
                let lines: Vec<&str> = frame.lines().collect();
                let footer = lines[lines.len().saturating_sub(2)..].join(" ");
                if let Some(hint) = first_hint(script)
                    && (width, height) >= (40, 10)
                    && height >= 10
                {
                    assert!(footer.contains(&hint), "{hint} is missing: {at}");
                }
            }
        });
    }
    assert_eq!(drawn, STATES.len() * SIZES.len() * 2);
}

/// One file of pictures for a size: whoever changes a screen sees it small too.
fn book(ascii: bool, (width, height): (u16, u16)) -> String {
    let mut pages = String::new();
    each(ascii, |state, script| {
        script.resize(width, height);
        let rule = "=".repeat(usize::from(width));
        let page = [&rule, state, &rule, &script.frame()].join("\n");
        pages.push_str(&page);
    });
    pages
}

#[test]
fn every_state_at_40x12() {
    insta::assert_snapshot!("states_40x12", book(false, (40, 12)));
}

#[test]
fn every_state_at_60x20() {
    insta::assert_snapshot!("states_60x20", book(false, (60, 20)));
}

#[test]
fn every_state_at_20x5_in_ascii() {
    insta::assert_snapshot!("states_20x5_ascii", book(true, (20, 5)));
}
