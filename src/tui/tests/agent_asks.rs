//! A program waits for a person's word: nothing but a deliberate answer answers it.

use super::example::{rows, setup};
use super::hostile::HOSTILE;
use super::script::Script;
use super::typing::FIELDS;
use crate::agent::Question;
use crate::model::{Caller, Untrusted};
use crate::tui::model::Screen;
use crate::tui::{AgentNews, Look, Msg, Setup};

pub(super) fn question(id: u64, program: &str, name: &str, scopes: &str) -> Question {
    Question {
        session: true,
        id,
        name: name.to_owned(),
        scopes: scopes.to_owned(),
        caller: Some(Caller {
            pid: 812,
            name: Untrusted::new(program),
        }),
    }
}

impl Script {
    fn asks(&mut self, id: u64, name: &str) -> &mut Self {
        self.heard(AgentNews::Asked(question(id, "bash", name, "repo")))
    }

    fn heard(&mut self, news: AgentNews) -> &mut Self {
        self.send(Msg::Agent(news));
        self
    }

    fn open_question(&self) -> Option<u64> {
        match self.model.screens.last() {
            Some(Screen::AgentAsks(asks)) => Some(asks.question().id),
            _ => None,
        }
    }
}

fn snap(name: &str, script: &Script) {
    insta::assert_snapshot!(name, script.frame());
}

#[test]
fn y_06_a_question_at_many_sizes() {
    for (width, height) in [(120, 40), (80, 24), (40, 12), (20, 5)] {
        let mut script = Script::usual();
        script.resize(width, height);
        script.asks(1, "github");
        snap(&format!("agent_line_{width}x{height}"), &script);
        script.asks(2, "linear").keys("ctrl-t");
        snap(&format!("agent_asks_{width}x{height}"), &script);
    }
}

#[test]
fn y_06_w_10_a_question_without_colour_and_in_ascii() {
    let look = Look {
        colour: false,
        ascii: true,
        ..Look::default()
    };
    let mut script = Script::new(Setup { look, ..setup() }, rows(), (80, 24));
    script.asks(1, "github").asks(2, "linear");
    snap("agent_line_ascii", &script);
    script.keys("ctrl-t");
    snap("agent_asks_ascii", &script);
    assert!(script.frame().is_ascii(), "{}", script.frame());
}

#[test]
fn y_06_a_question_stands_below_a_form_and_a_filter() {
    let mut script = Script::usual();
    script.asks(1, "github").keys("/ \"lin\"");
    snap("agent_line_filter", &script);
    script.keys("esc esc a \"gitl\" enter enter \"4f1c\"");
    snap("agent_line_form", &script);
    script.keys("ctrl-t");
    assert_eq!(script.open_question(), Some(1));
    script.keys("esc");
    assert!(script.shows("4f1c"), "{}", script.frame());
}

#[test]
fn y_06_who_wants_to_be_asked_each_time_is_not_offered_a_session() {
    let mut script = Script::usual();
    let each_time = Question {
        session: false,
        ..question(1, "bash", "github", "repo")
    };
    script.heard(AgentNews::Asked(each_time)).keys("ctrl-t");
    assert!(!script.shows("terminal session"), "{}", script.frame());
    assert!(script.shows("▸ 2  No"), "{}", script.frame());
    script.keys("2");
    assert_eq!(script.asked(), ["agent-no"]);
}

#[test]
fn y_06_each_digit_gives_its_answer_and_the_next_question_waits() {
    for (key, asked, told) in [
        ("1", "agent-once", "may have a token of github this time."),
        ("2", "agent-session", "may have tokens of github in its"),
        ("3", "agent-no", "gets no token of github."),
        ("enter", "agent-no", "gets no token of github."),
        ("up enter", "agent-session", "may have tokens of github in"),
    ] {
        let mut script = Script::usual();
        script.asks(1, "github").asks(2, "linear");
        assert!(script.shows("(1 of 2): bash (812) wants a token of github"));
        script.keys("ctrl-t").keys(key);
        assert_eq!(script.asked(), [asked]);
        assert!(script.shows(told), "{}", script.frame());
        // The same key once more says nothing to the next one.
        assert_eq!(script.open_question(), None, "{key}");
        script.keys("1 2 3");
        assert_eq!(script.asked(), [""; 0], "{key}");
        assert!(script.shows("ctrl-t answers: bash (812) wants a token of linear"));
        script.keys("ctrl-t 3");
        assert_eq!(script.asked(), ["agent-no"]);
        assert!(!script.shows("ctrl-t"), "{}", script.frame());
    }
}

#[test]
fn y_06_esc_answers_nothing_and_the_question_stays() {
    let mut script = Script::usual();
    script.asks(1, "github").keys("ctrl-t esc");
    assert_eq!(script.asked(), [""; 0]);
    assert!(script.shows("ctrl-t answers: bash (812) wants a token of github (repo)."));
    script.keys("ctrl-t 1");
    assert_eq!(script.asked(), ["agent-once"]);
}

#[test]
fn y_06_no_key_on_its_way_to_a_screen_answers_a_question() {
    let printable: Vec<char> = (' '..='~').collect();
    let everywhere = ["", "enter", "x", "h", "f1", "down u", "ctrl-c"];
    let fields = FIELDS.iter().map(|(keys, _)| *keys);
    for keys in fields.chain(everywhere) {
        for c in &printable {
            let mut script = Script::usual();
            script.keys(keys).asked();
            script.asks(1, "github");
            script.keys(&match c {
                ' ' => "space".to_owned(),
                '"' => continue,
                // The palette is where a person may choose it.
                ':' if !script.model.typing() => continue,
                c => format!("\"{c}\""),
            });
            script.keys("enter");
            let asked = script.asked();
            assert!(
                !asked.iter().any(|word| word.starts_with("agent-")),
                "{keys}, then {c:?}: {asked:?}"
            );
            assert_eq!(script.open_question(), None, "{keys}, then {c:?}");
        }
        // And the key for it works on each of them, also while a field has the focus.
        let mut script = Script::usual();
        script.keys(keys).asks(1, "github").keys("ctrl-t");
        assert_eq!(script.open_question(), Some(1), "{keys}");
        script.keys("1");
        assert!(script.asked().contains(&"agent-once"), "{keys}");
    }
}

#[test]
fn y_06_a_settled_question_goes_by_itself() {
    let mut script = Script::usual();
    script.asks(1, "github").asks(2, "linear");
    script.heard(AgentNews::Settled(1));
    assert!(script.shows("ctrl-t answers: bash (812) wants a token of linear"));
    script.keys("ctrl-t");
    // One of another kind changes nothing here.
    script.heard(AgentNews::Settled(7));
    assert_eq!(script.open_question(), Some(2));
    script.heard(AgentNews::Settled(2));
    assert_eq!(script.open_question(), None);
    assert!(script.shows("does not wait any more"), "{}", script.frame());
    script.keys("ctrl-t 1");
    assert_eq!(script.asked(), [""; 0]);
    assert!(!script.shows("ctrl-t answers"), "{}", script.frame());
}

#[test]
fn y_06_an_agent_that_ends_takes_its_questions_with_it() {
    let mut script = Script::usual();
    script.asks(1, "github").asks(2, "linear").keys("ctrl-t");
    script.heard(AgentNews::Gone);
    assert_eq!(script.open_question(), None);
    assert!(!script.shows("ctrl-t"), "{}", script.frame());
    script.keys("esc 1");
    assert_eq!(script.asked(), [""; 0]);
    // The next agent counts from one again.
    script.asks(1, "notes-mcp");
    assert!(script.shows("wants a token of notes-mcp"));
}

#[test]
fn y_06_a_digit_meant_for_a_settled_question_presses_nothing_below() {
    // `2` revokes there, is text in the field, and chooses a way of signing in.
    for below in ["x", "n", "down u"] {
        let mut script = Script::usual();
        script.keys("down").keys(below).asks(1, "github");
        let depth = script.model.screens.len();
        let under = script.frame();
        script.keys("ctrl-t").asked();
        script.heard(AgentNews::Settled(1)).asks(2, "linear");
        assert!(script.shows("does not wait any more"), "{}", script.frame());
        script.keys("2");
        assert_eq!(script.asked(), [""; 0], "{below}");
        assert_eq!(script.model.screens.len(), depth, "{below}");
        let now = script.frame().replace("linear (repo)", "github (repo)");
        assert_eq!(now, under, "{below}");
    }
}

#[test]
fn y_06_what_happens_meanwhile_neither_covers_the_question_nor_takes_its_keys() {
    let mut script = Script::usual();
    script.backend.moved = true;
    script.keys("down down");
    script.asks(1, "github");
    // The answer to the refresh comes while the question is open.
    let requests = crate::tui::update(&mut script.model, key('r'));
    script.keys("ctrl-t");
    for request in requests {
        for msg in script.backend.answer(request) {
            script.send(msg);
        }
    }
    assert_eq!(script.open_question(), Some(1));
    script.asked();
    script.keys("2");
    assert_eq!(script.asked(), ["agent-session"]);
    assert!(script.shows("A copy of the vault"), "{}", script.frame());
}

fn key(c: char) -> Msg {
    use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
    Msg::Key(KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE))
}

#[test]
fn y_06_an_answer_that_does_not_arrive_is_told() {
    let mut script = Script::usual();
    script.backend.agent_fails = Some("Nobody waits for this answer any more.");
    script.asks(1, "github").keys("ctrl-t 1");
    assert!(script.shows("✗ Nobody waits for this answer any more."));
    assert!(!script.shows("may have"), "{}", script.frame());
}

#[test]
fn y_06_a_click_answers_nothing() {
    use crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
    let mut script = Script::usual();
    script.asks(1, "github").keys("ctrl-t");
    for _ in 0..2 {
        for row in 0..24 {
            script.send(Msg::Mouse(MouseEvent {
                kind: MouseEventKind::Down(MouseButton::Left),
                column: 6,
                row,
                modifiers: KeyModifiers::NONE,
            }));
        }
    }
    assert_eq!(script.open_question(), Some(1));
    assert_eq!(script.asked(), [""; 0]);
    script.paste("1\n");
    assert_eq!(script.asked(), [""; 0]);
}

#[test]
fn y_06_w_03_w_05_hostile_programs_names_and_scopes_change_nothing_outside() {
    let long = "very-long-".repeat(500);
    let spaced = "scope ".repeat(500);
    let hostile = HOSTILE.into_iter().chain([long.as_str(), spaced.as_str()]);
    for text in hostile {
        for (width, height) in [(80, 24), (40, 12), (20, 5)] {
            let clean = {
                let mut script = Script::usual();
                script.resize(width, height).asks(1, "github");
                script.frame()
            };
            for bad in [
                question(1, text, "github", "repo"),
                question(1, "bash", text, "repo"),
                question(1, "bash", "github", text),
                question(1, text, text, text),
            ] {
                let mut script = Script::usual();
                script.resize(width, height);
                script.heard(AgentNews::Asked(bad));
                let frame = script.frame();
                let harmless = |frame: &str| {
                    let controls = frame.chars().any(|c| c.is_control() && c != '\n');
                    !controls && !frame.contains(['\u{202e}', '\u{2066}', '\u{200b}', '\u{9b}'])
                };
                assert!(harmless(&frame), "{frame:?}");
                assert!(frame.contains("ctrl-t answers"), "{frame}");
                // Title, headings and the first rows are those of a harmless one.
                let top =
                    |frame: &str| frame.lines().take(3).map(str::to_owned).collect::<Vec<_>>();
                assert_eq!(top(&frame), top(&clean), "{text:?}");
                script.keys("ctrl-t");
                let frame = script.frame();
                assert!(harmless(&frame), "{frame:?}");
                for choice in ["1  This time", "3  No"] {
                    let seen = frame.contains(choice) || height < 10;
                    assert!(seen, "{text:?}: {frame}");
                }
                assert!(frame.contains("▸ 3  No"), "{text:?}: {frame}");
                // Who asks is not pushed out of view either.
                let names = frame.contains(" wants") || height < 10;
                assert!(names, "{text:?}: {frame}");
                script.keys("3");
                assert_eq!(script.asked(), ["agent-no"]);
                assert!(harmless(&script.frame()), "{}", script.frame());
            }
        }
    }
}

#[test]
fn y_06_an_agent_that_asks_without_end_fills_no_memory() {
    let mut script = Script::usual();
    for id in 0..1000 {
        script.asks(id, "github").asks(id, "github");
    }
    assert_eq!(script.model.world.asked.len(), 64);
}
