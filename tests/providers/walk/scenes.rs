//! The walk of one service.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use valetkey::provider::{Preset, Way};

use super::Current;
use super::book::Book;
use crate::definition::{CLIENT_ID, SECRET, free_port};
use crate::dressed::{App, By, Dressed};
use crate::fixture::Fixture;
use crate::home::Pages;
use crate::term::{CTRL_C, ENTER, ESC, Term};
use crate::web;

/// The port of a preset that wants a port registered. It may be somebody's: the walk signs in by another.
const PORT: &str = "8765";

pub(super) struct Walk<'a> {
    pub(super) term: &'a mut Term,
    pub(super) pages: &'a Pages,
    pub(super) current: &'a Current,
    pub(super) book: &'a mut Book,
    pub(super) preset: &'a Preset,
}

impl Walk<'_> {
    /// From the table to the table.
    pub(super) fn whole(&mut self, facts: Fixture) {
        let name = self.preset.name.clone();
        self.book.begin(&self.preset.id, &name);
        self.term.press("a");
        self.term.until_shows("Step 1 of 7");
        let id = self.preset.id.clone();
        self.term.press(&id);
        self.term.until(&id, |term| {
            term.shows(&format!("▏{id}")) && term.line_with("▸").contains(&name)
        });
        self.page("Step 1: the service, by its name");
        self.term.press(ENTER);
        self.term.until_shows("Step 2 of 7");
        self.page("Step 2: where it is found");
        self.term.press(ENTER);
        self.term.until_shows("Step 3 of 7");
        self.page("Step 3: what to enter there, and what to bring back");
        let registered = self.registered();
        self.fill_in_app();
        self.term.until_shows("Step 4 of 7");
        self.page("Step 4: what it may touch");
        self.term.press(ENTER);
        self.term.until_shows("Step 5 of 7");
        self.page("Step 5: all there is to know before it starts");
        let port = free_port().to_string();
        if registered.contains(PORT) {
            self.move_to_port(&registered.replace(PORT, &port));
        }
        let app = App {
            client_id: CLIENT_ID.to_owned(),
            secret: SECRET.to_owned(),
            redirect: registered.replace(PORT, &port),
            asked: crate::definition::names(&self.preset.default_scopes()),
        };
        self.sign_in(facts, app);
    }

    fn page(&mut self, shows: &str) {
        self.book.page(self.term, shows);
    }

    /// The redirect address as the screen tells to enter it.
    fn registered(&self) -> String {
        let text = self.term.text();
        let line = ["Redirect  ", "Callback  "]
            .iter()
            .find_map(|label| text.lines().find_map(|line| line.split_once(label)));
        let address = line.map(|(_, address)| address.trim().to_owned());
        // Where none is entered, every address of this machine is taken.
        address.unwrap_or_else(|| self.preset.redirect(&BTreeMap::new()).to_string())
    }

    fn fill_in_app(&mut self) {
        self.term.fill("Client ID  ", CLIENT_ID);
        if self.preset.client.needs_secret(Way::Browser) {
            self.term.press(ENTER);
            self.term.until("the secret's line", |term| {
                term.line_with("▸").contains("Secret")
            });
            self.term.press(SECRET);
            self.term
                .until_shows(&format!("{} characters", SECRET.len()));
        }
        self.go_on();
    }

    /// Enter goes to the next thing that is missing, then to "Go on".
    fn go_on(&mut self) {
        while !self.term.line_with("▸").contains("Go on") {
            let before = self.term.line_with("▸");
            self.term.press(ENTER);
            self.term.until("the next line", |term| {
                term.shows("▸") && term.line_with("▸") != before
            });
        }
        self.term.press(ENTER);
    }

    /// Back to the addresses, another port, and forth again.
    fn move_to_port(&mut self, redirect: &str) {
        for step in [4, 3, 2] {
            self.term.press(ESC);
            self.term.until_shows(&format!("Step {step} of 7"));
        }
        if !self.term.shows("Redirect URL") {
            self.term.select("More addresses");
            self.term.press(ENTER);
        }
        self.term.select("Redirect URL");
        self.term.press("\x15");
        self.term.until("an empty field", |term| {
            !term.line_with("▸").contains("http")
        });
        self.term.press(redirect);
        self.term
            .until(redirect, |term| term.line_with("▸").contains(redirect));
        self.go_on();
        self.term.until_shows("Step 3 of 7");
        for step in [4, 5] {
            self.term.press(ENTER);
            self.term.until_shows(&format!("Step {step} of 7"));
        }
    }

    fn sign_in(&mut self, facts: Fixture, app: App) {
        let mut dressed = Dressed::new(facts, By::Browser, app);
        dressed.now = now();
        let dressed = Arc::new(dressed);
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = Some(dressed.clone());
        self.term.press(ENTER);
        self.term.until_shows("● Waiting for your approval");
        self.page("Step 6: while you approve in the browser");
        let start = self.pages.next();
        let (page, cookie) = web::follow(&start);
        let callback = dressed.authorize(&page).expect("approved");
        let browser = thread::spawn(move || {
            let url = callback.clone();
            web::Approved { callback, cookie }.deliver(&url).status
        });
        self.term.until_shows("Step 7 of 7");
        assert_eq!(browser.join().expect("a browser"), 200);
        self.page("Step 7: connected, and tested");
        let account = &dressed.facts.account;
        let text = self.term.text();
        assert!(
            account
                .iter()
                .any(|name| text.contains(&format!("Connected as {name}."))),
            "the right account, {account:?}:\n{text}"
        );
        assert_eq!(dressed.violations(), Vec::<String>::new());
        self.term.press(ENTER);
        self.term.until_shows("NAME");
    }
}

pub(super) fn leave(mut term: Term) {
    term.press(CTRL_C);
    assert_eq!(term.end(), 0);
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    i64::try_from(since.expect("after 1970").as_secs()).expect("fits")
}
