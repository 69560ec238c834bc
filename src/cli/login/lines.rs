//! What a person types during a sign-in: pasted addresses, and answers to questions.

use std::io::BufRead as _;

use tokio::sync::mpsc;

use super::super::args::Login;
use super::super::output;
use crate::engine::PasteProblem;
use crate::host::HiddenLines;
use crate::model::Secret;

/// Lines as they come in.
pub(super) struct Lines {
    /// `None` where nothing is read, and after the end.
    lines: Option<mpsc::UnboundedReceiver<Secret>>,
    /// Keeps the terminal's echo off; gives it back when dropped.
    hidden: Option<HiddenLines>,
}

impl Lines {
    /// The terminal's, with the echo off; or those of stdin with `--paste`; or none.
    pub(super) fn open(login: &Login) -> Self {
        let (sender, lines) = mpsc::unbounded_channel();
        if output::stdin_is_terminal() && !login.json {
            let hidden = HiddenLines::open(move |line| sender.send(line).is_ok()).ok();
            return Self {
                lines: hidden.is_some().then_some(lines),
                hidden,
            };
        }
        if login.paste {
            std::thread::spawn(move || {
                for line in std::io::stdin().lock().lines().map_while(Result::ok) {
                    if sender.send(Secret::new(line)).is_err() {
                        break;
                    }
                }
            });
        }
        Self {
            lines: login.paste.then_some(lines),
            hidden: None,
        }
    }

    /// Whether an address can be pasted here.
    pub(super) fn are_read(&self) -> bool {
        self.lines.is_some()
    }

    /// Whether somebody sits there who can answer a question.
    pub(super) fn can_answer(&self) -> bool {
        self.hidden.is_some()
    }

    /// The next line; `None` once when they end, and then nothing any more.
    pub(super) async fn next(&mut self) -> Option<Secret> {
        let Some(lines) = &mut self.lines else {
            return std::future::pending().await;
        };
        let line = lines.recv().await;
        if line.is_none() {
            self.lines = None;
        }
        line
    }
}

/// Why the pasting came to nothing.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fruitless {
    Nothing,
    /// The last problem of several.
    Refused(PasteProblem),
}

/// How the pasting went, for telling when no paste can settle the sign-in any more.
#[derive(Default)]
pub(super) struct Pastes {
    offered: usize,
    refused: usize,
    last: Option<PasteProblem>,
    ended: bool,
}

impl Pastes {
    pub(super) fn offer(&mut self) {
        self.offered += 1;
    }

    pub(super) fn refuse(&mut self, problem: PasteProblem) {
        self.refused += 1;
        self.last = Some(problem);
    }

    /// No more will come.
    pub(super) fn end(&mut self) {
        self.ended = true;
    }

    /// Why no paste can settle the sign-in any more: no more will come, and all were refused.
    pub(super) fn failed(&self) -> Option<Fruitless> {
        let over = self.ended && self.refused == self.offered;
        over.then(|| self.last.map_or(Fruitless::Nothing, Fruitless::Refused))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pastes_have_failed_only_when_every_one_was_refused_and_no_more_come() {
        let mut pastes = Pastes::default();
        pastes.offer();
        pastes.refuse(PasteProblem::BareCode);
        assert_eq!(pastes.failed(), None, "more may come");
        pastes.offer();
        pastes.end();
        assert_eq!(pastes.failed(), None, "one is not judged yet");
        pastes.refuse(PasteProblem::NotAnAddress);
        assert_eq!(
            pastes.failed(),
            Some(Fruitless::Refused(PasteProblem::NotAnAddress))
        );
    }

    #[test]
    fn nothing_pasted_at_all_is_a_failure_too() {
        let mut pastes = Pastes::default();
        pastes.end();
        assert_eq!(pastes.failed(), Some(Fruitless::Nothing));
    }
}
