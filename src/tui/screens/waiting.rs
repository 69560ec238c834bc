//! The keychain takes its time: it asks its person in a window of its own, or does not answer. A
//! person who does not want to wait can use a passphrase instead.

use crate::actions::{Action, Key, Place};
use crate::engine::PassphraseWay;
use crate::host::KEYCHAIN_PATIENCE;
use crate::model::{Seconds, UnixTime};
use crate::tui::face::{Chosen, Effect, Face, choose};
use crate::tui::model::World;
use crate::tui::page::{Page, Pen};
use crate::tui::request::Request;
use crate::tui::text::clock;
use crate::tui::theme::Role;

/// What is waited for, and since when.
pub(in crate::tui) struct Waiting {
    instead: Option<PassphraseWay>,
    since: UnixTime,
    at: usize,
}

impl Waiting {
    pub(in crate::tui) fn new(instead: Option<PassphraseWay>, since: UnixTime) -> Self {
        Self {
            instead,
            since,
            at: 0,
        }
    }

    /// Each choice: its words, and whether a passphrase is asked for.
    fn choices(&self) -> Vec<(&'static str, bool)> {
        let passphrase = match self.instead {
            Some(PassphraseWay::Choose) => Some("Choose a passphrase instead"),
            Some(PassphraseWay::Unlock) => Some("Use the passphrase"),
            None => None,
        };
        passphrase
            .map(|words| (words, true))
            .into_iter()
            .chain([("Stop waiting; nothing is changed", false)])
            .collect()
    }

    fn press(&self, choice: usize) -> Vec<Effect> {
        match self.choices().get(choice) {
            Some((_, true)) => vec![Effect::Ask(Request::StopWaiting { passphrase: true })],
            Some((_, false)) => Self::stop(),
            None => Vec::new(),
        }
    }

    fn stop() -> Vec<Effect> {
        vec![
            Effect::Close,
            Effect::Ask(Request::StopWaiting { passphrase: false }),
        ]
    }
}

impl Face for Waiting {
    fn place(&self) -> Place {
        Place::Choices
    }

    fn act(&mut self, action: Action, key: Key, _world: &World) -> Vec<Effect> {
        let len = self.choices().len();
        match choose(&mut self.at, len, action, key) {
            Some(Chosen::Item(choice)) => self.press(choice),
            Some(Chosen::Back) => Self::stop(),
            None => Vec::new(),
        }
    }

    fn click(&mut self, item: usize, _world: &World) -> bool {
        std::mem::replace(&mut self.at, item) == item
    }

    fn page(&self, pen: Pen, world: &World) -> Page {
        let mut page = Page::new("Waiting for your keychain", "", pen);
        let words = "Your keychain asks for its password in its own window. If you see no such \
                     window, it does not answer.";
        page.text(0, Role::Plain, words);
        page.blank();
        let longest = Seconds(KEYCHAIN_PATIENCE.as_secs());
        let waited = world.now.since(self.since).min(longest);
        let words = format!("Waiting {} of {}", clock(waited), clock(longest));
        page.text(0, Role::Plain, &words);
        page.blank();
        for (index, (words, _)) in self.choices().into_iter().enumerate() {
            let label = format!("{}  {words}", index + 1);
            page.item(index, index == self.at, &label, 0, "");
        }
        page
    }
}
