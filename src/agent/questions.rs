//! Questions to a person, and the programs that show them (an open table).

use tokio::sync::{mpsc, oneshot};

use super::wire::{Answer, Question, Reply};
use crate::model::Caller;

/// More would be a nuisance.
const WATCHERS: usize = 8;
/// More are refused: nobody answers them.
pub(super) const WAITING: usize = 32;

/// What waits for an answer, and who is told.
#[derive(Default)]
pub(super) struct Questions {
    last: u64,
    waiting: Vec<(Question, oneshot::Sender<Answer>)>,
    watchers: Vec<mpsc::UnboundedSender<Reply>>,
}

impl Questions {
    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Whether somebody can be asked.
    pub(super) fn are_heard(&mut self) -> bool {
        self.watchers.retain(|watcher| !watcher.is_closed());
        !self.watchers.is_empty()
    }

    /// Asks; the receiver gets the answer. `None` when too many wait already.
    pub(super) fn ask(
        &mut self,
        name: &str,
        scopes: String,
        session: bool,
        caller: Option<Caller>,
    ) -> Option<(u64, oneshot::Receiver<Answer>)> {
        if self.waiting.len() >= WAITING {
            return None;
        }
        self.last += 1;
        let question = Question {
            id: self.last,
            name: name.to_owned(),
            scopes,
            session,
            caller,
        };
        self.tell(|| asked(&question));
        let (sender, receiver) = oneshot::channel();
        self.waiting.push((question, sender));
        Some((self.last, receiver))
    }

    /// Takes an answer; `false` when nobody waits for it any more.
    pub(super) fn answer(&mut self, id: u64, answer: Answer) -> bool {
        match self.settle(id) {
            Some(waiting) => waiting.send(answer).is_ok(),
            None => false,
        }
    }

    /// Whoever asked is gone, or has waited long enough.
    pub(super) fn withdraw(&mut self, id: u64) {
        self.settle(id);
    }

    fn settle(&mut self, id: u64) -> Option<oneshot::Sender<Answer>> {
        let at = self.waiting.iter().position(|(asked, _)| asked.id == id)?;
        let (_, waiting) = self.waiting.remove(at);
        self.tell(|| Reply {
            settled: Some(id),
            ..Reply::new()
        });
        Some(waiting)
    }

    /// Somebody shows questions from now on, those that wait already first. `None` when enough do.
    pub(super) fn watch(&mut self) -> Option<mpsc::UnboundedReceiver<Reply>> {
        self.watchers.retain(|watcher| !watcher.is_closed());
        if self.watchers.len() >= WATCHERS {
            return None;
        }
        let (sender, receiver) = mpsc::unbounded_channel();
        for (question, _) in &self.waiting {
            let _ = sender.send(asked(question));
        }
        self.watchers.push(sender);
        Some(receiver)
    }

    /// One who showed questions is gone. If it was the last, nobody answers those that wait.
    pub(super) fn left(&mut self) {
        if !self.are_heard() {
            self.waiting.clear();
        }
    }

    fn tell(&mut self, news: impl Fn() -> Reply) {
        self.watchers.retain(|watcher| watcher.send(news()).is_ok());
    }
}

fn asked(question: &Question) -> Reply {
    Reply {
        question: Some(question.clone()),
        ..Reply::new()
    }
}
