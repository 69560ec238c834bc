//! Programs that wait for a token and a person's word: a line above the footer on every screen.
//!
//! A question never opens by itself. Digits, Enter and letters may already be on their way to the
//! screen that a person sees, so the question is opened by a key that no field takes and that means
//! nothing else anywhere; only then do 1, 2 and 3 answer. For the same reason the next question waits
//! for that key again, and a question that is settled while it is open gives its place to nothing that
//! would take its keys (conformance Y-06).

use super::model::{Model, Screen};
use super::msg::AgentNews;
use super::notice::Notice;
use super::screens::AgentAsks;
use super::text;
use crate::actions::Key;
use crate::agent::Question;
use crate::model::Untrusted;

/// More than an agent lets wait.
const MOST: usize = 64;
/// Most lines that stand above the footer.
const LINES: usize = 2;
/// Cells for whoever asks: the connection must still be read beside it.
const WHO: usize = 40;

/// Who wants a token of what, in one sentence.
pub(super) fn wants(question: &Question, dots: &str) -> String {
    let shown = |text: &str| Untrusted::new(text).shown();
    let who = question.who();
    let who = text::cut_middle(who.as_str(), WHO, dots);
    let name = shown(&question.name);
    let scopes = shown(&question.scopes);
    if scopes.as_str().is_empty() {
        format!("{who} wants a token of {name}.")
    } else {
        format!("{who} wants a token of {name} ({scopes}).")
    }
}

/// The same for a title: connection and program, half the width for each.
pub(super) fn in_short(question: &Question, width: usize, dots: &str) -> String {
    let half = width.saturating_sub(4) / 2;
    let name = Untrusted::new(&*question.name).shown();
    let name = text::cut_middle(name.as_str(), half, dots);
    let who = question.who();
    let who = text::cut_middle(
        who.as_str(),
        width.saturating_sub(4 + text::width(&name)),
        dots,
    );
    format!("{name}: {who}")
}

/// Who is meant, in short.
pub(super) fn who(question: &Question, dots: &str) -> String {
    text::cut_middle(question.who().as_str(), WHO, dots)
}

/// The agent tells.
pub(super) fn on_agent(model: &mut Model, news: AgentNews) {
    match news {
        AgentNews::Asked(question) => {
            let asked = &mut model.world.asked;
            if asked.len() < MOST && asked.iter().all(|other| other.id != question.id) {
                asked.push(question);
            }
        }
        AgentNews::Settled(id) => settle(model, |question| question.id == id),
        AgentNews::Gone => settle(model, |_| true),
    }
}

fn settle(model: &mut Model, over: impl Fn(&Question) -> bool) {
    model.world.asked.retain(|question| !over(question));
    let open = model.screens.iter().position(
        |screen| matches!(screen, Screen::AgentAsks(asks) if asks.is_open() && over(asks.question())),
    );
    let Some(at) = open else {
        return;
    };
    let Screen::AgentAsks(asks) = &mut model.screens[at] else {
        return;
    };
    asks.settled();
    let Screen::AgentAsks(asks) = model.screens.remove(at) else {
        return;
    };
    if at == model.screens.len() && takes_its_keys(model) {
        model.screens.push(Screen::AgentAsks(asks));
    } else {
        model.notice = Some(Notice::info(asks.over()));
    }
}

/// Whether the screen below would take a digit that was meant for the question.
fn takes_its_keys(model: &Model) -> bool {
    model.typing()
        || ['1', '2', '3'].into_iter().any(|digit| {
            model
                .world
                .keys()
                .find(model.place(), Key::Char(digit))
                .is_some()
        })
}

/// Whether a question can be opened.
pub(super) fn can_open(model: &Model) -> bool {
    !model.world.asked.is_empty() && !is_open(model)
}

fn is_open(model: &Model) -> bool {
    let asks = |screen: &Screen| matches!(screen, Screen::AgentAsks(_));
    model.screens.iter().any(asks)
}

/// Opens the question that has waited longest.
pub(super) fn open(model: &mut Model) {
    if can_open(model)
        && let Some(question) = model.world.asked.first().cloned()
    {
        let asks = AgentAsks::new(question);
        model.screens.push(Screen::AgentAsks(asks));
    }
}

/// What stands above the footer, key first: it is never cut.
pub(super) fn lines(model: &Model, width: u16) -> Vec<String> {
    let asked = &model.world.asked;
    let Some(question) = asked.first().filter(|_| !is_open(model)) else {
        return Vec::new();
    };
    let dots = super::glyph::dots(model.look().ascii);
    let count = match asked.len() {
        1 => String::new(),
        many => format!(" (1 of {many})"),
    };
    let key = model.world.keys().fill("{answer-a-program}");
    let words = format!("{key} answers{count}: {}", wants(question, dots));
    cut_lines(&words, usize::from(width).saturating_sub(4), LINES, dots)
}

/// Wrapped, and cut where it takes more lines.
pub(super) fn cut_lines(words: &str, room: usize, most: usize, dots: &str) -> Vec<String> {
    let most = most.max(1);
    let mut lines = text::wrap(words, room);
    if lines.len() > most {
        let rest = lines.split_off(most - 1).join(" ");
        lines.push(text::cut_end(&rest, room, dots));
    }
    lines
}
