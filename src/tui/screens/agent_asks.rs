//! A program wants a token of a connection that asks first: this time, in its terminal session, or no
//! (conformance Y-06).
//!
//! Esc answers nothing: the question goes on waiting in the line above the footer. It is the key that
//! leaves any other screen, and a refusal that nobody meant would be told to the program and written
//! down. Enter alone refuses, since a person who did not read must not give anything away.

use crate::actions::{Action, Facts, Key, Place};
use crate::agent::{Answer, Question};
use crate::tui::asked::{cut_lines, in_short, wants, who};
use crate::tui::face::{Chosen, Effect, Face, choose};
use crate::tui::glyph;
use crate::tui::model::World;
use crate::tui::page::{Page, Pen};
use crate::tui::request::Request;
use crate::tui::theme::Role;

const FOR_A_SESSION: &[(Answer, &str)] = &[
    (Answer::Once, "This time"),
    (Answer::Session, "In this terminal session"),
    (Answer::No, "No"),
];
/// Where the person wants to be asked each time.
const EACH_TIME: &[(Answer, &str)] = &[(Answer::Once, "This time"), (Answer::No, "No")];

enum State {
    Open,
    Answered,
    /// Nobody waits any more.
    Over,
}

/// One question.
pub(in crate::tui) struct AgentAsks {
    question: Question,
    state: State,
    at: usize,
}

impl AgentAsks {
    pub(in crate::tui) fn new(question: Question) -> Self {
        Self {
            // The last answer, which gives nothing away, is the one that Enter gives.
            at: answers(&question).len() - 1,
            question,
            state: State::Open,
        }
    }

    fn answers(&self) -> &'static [(Answer, &'static str)] {
        answers(&self.question)
    }

    pub(in crate::tui) fn question(&self) -> &Question {
        &self.question
    }

    pub(in crate::tui) fn is_open(&self) -> bool {
        matches!(self.state, State::Open)
    }

    pub(in crate::tui) fn is_answered(&self) -> bool {
        matches!(self.state, State::Answered)
    }

    /// Answered elsewhere, or whoever asked is gone.
    pub(in crate::tui) fn settled(&mut self) {
        self.state = State::Over;
    }

    /// What is told when it is over.
    pub(in crate::tui) fn over(&self) -> String {
        format!(
            "{} was answered elsewhere, or does not wait any more.",
            who(&self.question, "…")
        )
    }

    fn press(&mut self, choice: usize) -> Vec<Effect> {
        let answer = self.answers().get(choice).map(|(answer, _)| *answer);
        let (State::Open, Some(answer)) = (&self.state, answer) else {
            return vec![Effect::Close];
        };
        self.state = State::Answered;
        let question = Box::new(self.question.clone());
        vec![
            Effect::Close,
            Effect::Ask(Request::AnswerAgent { question, answer }),
        ]
    }
}

fn answers(question: &Question) -> &'static [(Answer, &'static str)] {
    if question.session {
        FOR_A_SESSION
    } else {
        EACH_TIME
    }
}

/// What was answered.
pub(in crate::tui) fn answered(question: &Question, answer: Answer) -> String {
    let (who, name) = (who(question, "…"), &question.name);
    let name = crate::model::Untrusted::new(name.as_str()).shown();
    match answer {
        Answer::Once => format!("{who} may have a token of {name} this time."),
        Answer::Session => format!("{who} may have tokens of {name} in its terminal session."),
        Answer::No => format!("{who} gets no token of {name}."),
    }
}

impl Face for AgentAsks {
    fn place(&self) -> Place {
        Place::Choices
    }

    fn facts(&self, _world: &World, facts: &mut Facts) {
        facts.copyable = false;
    }

    fn act(&mut self, action: Action, key: Key, _world: &World) -> Vec<Effect> {
        match choose(&mut self.at, answers(&self.question).len(), action, key) {
            Some(Chosen::Item(choice)) => self.press(choice),
            Some(Chosen::Back) => vec![Effect::Close],
            None => Vec::new(),
        }
    }

    fn click(&mut self, item: usize, _world: &World) -> bool {
        // A click alone never answers: the line under the mouse may have moved just now.
        self.at = item;
        false
    }

    fn page(&self, pen: Pen, world: &World) -> Page {
        let more = match world.asked.len() {
            0 | 1 => String::new(),
            2 => "1 more waits".to_owned(),
            many => format!("{} more wait", many - 1),
        };
        let dots = glyph::dots(pen.look.ascii);
        let low = pen.height <= self.answers().len();
        let mut page = if low {
            Page::new(in_short(&self.question, pen.width, dots), "", pen)
        } else {
            Page::new("A program asks", more, pen)
        };
        if !self.is_open() {
            page.text(0, Role::Plain, &self.over());
            page.blank();
            page.item(0, true, "Go on", 0, "");
            return page;
        }
        // All answers stay in view below the longest text.
        let most = pen.height.saturating_sub(self.answers().len() + 1);
        let lines = cut_lines(&wants(&self.question, dots), page.room(0), most, dots);
        for line in lines.iter().filter(|_| !low) {
            page.text(0, Role::Plain, line);
        }
        page.blank();
        for (index, (_, words)) in self.answers().iter().enumerate() {
            let label = format!("{}  {words}", index + 1);
            page.item(index, index == self.at, &label, 0, "");
        }
        page
    }
}
