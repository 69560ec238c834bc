//! Plays keys against the model and a fake backend, and reads the frames.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::backend::FakeBackend;
use super::example::{NOW, rows, setup};
use crate::engine::{AttemptEvent, Row};
use crate::model::{Seconds, Secret};
use crate::tui::backend::{Backend, Replies};
use crate::tui::{Model, Msg, Setup, update, view};

/// A face with its backend.
pub(super) struct Script {
    pub(super) model: Model,
    pub(super) backend: FakeBackend,
    replies: Replies,
    queue: UnboundedReceiver<Msg>,
}

impl Script {
    pub(super) fn new(setup: Setup, rows: Vec<Row>, size: (u16, u16)) -> Self {
        let (replies, queue) = unbounded_channel();
        let mut script = Self {
            model: Model::new(setup, size, NOW),
            backend: FakeBackend::new(rows),
            replies,
            queue,
        };
        script
            .backend
            .perform(crate::tui::Request::LoadRows, &script.replies);
        script.settle();
        script
    }

    /// The storyboard's rows at its size.
    pub(super) fn usual() -> Self {
        Self::new(setup(), rows(), (80, 24))
    }

    pub(super) fn empty() -> Self {
        Self::new(setup(), Vec::new(), (80, 24))
    }

    /// Plays keys by name: `a`, `enter`, `ctrl-c`; `"text"` types it.
    pub(super) fn keys(&mut self, script: &str) -> &mut Self {
        for word in script.split(' ').filter(|word| !word.is_empty()) {
            match word
                .strip_prefix('"')
                .and_then(|word| word.strip_suffix('"'))
            {
                Some(text) => text
                    .chars()
                    .for_each(|c| self.key(KeyCode::Char(c), KeyModifiers::NONE)),
                None => self.named(word),
            }
        }
        self
    }

    fn named(&mut self, word: &str) {
        let code = match word {
            "enter" => KeyCode::Enter,
            "esc" => KeyCode::Esc,
            "tab" => KeyCode::Tab,
            "shift-tab" => KeyCode::BackTab,
            "up" => KeyCode::Up,
            "down" => KeyCode::Down,
            "left" => KeyCode::Left,
            "home" => KeyCode::Home,
            "end" => KeyCode::End,
            "space" => KeyCode::Char(' '),
            "del" => KeyCode::Delete,
            "backspace" => KeyCode::Backspace,
            "f1" => KeyCode::F(1),
            "f2" => KeyCode::F(2),
            "f5" => KeyCode::F(5),
            "f6" => KeyCode::F(6),
            "f9" => KeyCode::F(9),
            "shift-left" => return self.key(KeyCode::Left, KeyModifiers::SHIFT),
            "shift-right" => return self.key(KeyCode::Right, KeyModifiers::SHIFT),
            other => match other.strip_prefix("ctrl-") {
                Some(letter) => {
                    let letter = letter.chars().next().expect("a letter");
                    self.key(KeyCode::Char(letter), KeyModifiers::CONTROL);
                    return;
                }
                None => KeyCode::Char(other.chars().next().expect("a key")),
            },
        };
        self.key(code, KeyModifiers::NONE);
    }

    fn key(&mut self, code: KeyCode, modifiers: KeyModifiers) {
        self.send(Msg::Key(KeyEvent::new(code, modifiers)));
    }

    pub(super) fn paste(&mut self, text: &str) -> &mut Self {
        self.send(Msg::Paste(Secret::new(text.to_owned())));
        self
    }

    pub(super) fn wait(&mut self, seconds: u64) -> &mut Self {
        let now = self.model.world.now.plus(Seconds(seconds));
        self.send(Msg::Tick(now));
        self
    }

    pub(super) fn resize(&mut self, width: u16, height: u16) -> &mut Self {
        self.send(Msg::Resize(width, height));
        self
    }

    /// Something happens in the running attempt.
    pub(super) fn event(&mut self, event: AttemptEvent) -> &mut Self {
        let msg = self.backend.event(event);
        self.send(msg);
        self
    }

    pub(super) fn send(&mut self, msg: Msg) {
        for request in update(&mut self.model, msg) {
            self.backend.perform(request, &self.replies);
        }
        self.settle();
    }

    fn settle(&mut self) {
        while let Ok(msg) = self.queue.try_recv() {
            for request in update(&mut self.model, msg) {
                self.backend.perform(request, &self.replies);
            }
        }
    }

    /// Delivers one answer that was held back; `false` when there is none.
    pub(super) fn deliver(&mut self) -> bool {
        let Some(msg) = self.backend.late.pop_front() else {
            return false;
        };
        self.send(msg);
        true
    }

    /// What was asked of the backend since the last call, without reads.
    pub(super) fn asked(&mut self) -> Vec<&'static str> {
        std::mem::take(&mut self.backend.asked)
            .into_iter()
            .filter(|word| !word.starts_with("load-"))
            .collect()
    }

    pub(super) fn terminal(&self) -> Terminal<TestBackend> {
        let (width, height) = self.model.size();
        let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("terminal");
        terminal
            .draw(|frame| view(&self.model, frame))
            .expect("drawn");
        terminal
    }

    /// The frame as text, without the blanks at the ends of its lines.
    pub(super) fn frame(&self) -> String {
        let terminal = self.terminal();
        let buffer = terminal.backend().buffer();
        let width = usize::from(buffer.area.width);
        let lines = buffer.content.chunks(width).map(|line| {
            let line: String = line.iter().map(ratatui::buffer::Cell::symbol).collect();
            line.trim_end().to_owned()
        });
        lines.collect::<Vec<_>>().join("\n") + "\n"
    }

    pub(super) fn shows(&self, words: &str) -> bool {
        self.frame().contains(words)
    }
}
