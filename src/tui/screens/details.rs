//! Everything about one connection. Beside the table on wide screens, over it on others.

use crate::actions::{Action, Facts, Key, Place};
use crate::advice::still_waits;
use crate::engine::{Detail, Happened, Row};
use crate::model::{
    AccountSource, ConnectionId, Expiry, Grant, Health, IssuerProof, ScopeSet, UnixTime,
};
use crate::tui::bulk::Deed;
use crate::tui::face::{Effect, Face, moved};
use crate::tui::glyph;
use crate::tui::home;
use crate::tui::model::{Screen, World};
use crate::tui::notice::Notice;
use crate::tui::page::{Page, Pen};
use crate::tui::request::Request;
use crate::tui::scope_line;
use crate::tui::screens::history::{TIMES, missing};
use crate::tui::screens::{Editing, HistoryScreen, Renaming};
use crate::tui::table::not_asked_yet;
use crate::tui::text;
use crate::tui::theme::Role;

/// Lines of the history below the facts; its own screen has them all.
const LATEST: usize = 10;

/// The state of the screen.
pub(in crate::tui) struct Details {
    id: ConnectionId,
    detail: Option<Box<Detail>>,
    /// What its provider said of the token, when it was asked from here.
    said: Option<(String, UnixTime)>,
    /// Whether this half has the keys when the screen is split.
    pub(in crate::tui) focused: bool,
    at: usize,
}

/// A line: label, text, and what `c` copies.
struct Fact {
    label: &'static str,
    words: String,
    role: Role,
    copy: Option<String>,
    /// That is a page to open.
    page: bool,
}

impl Details {
    pub(in crate::tui) fn new(id: ConnectionId) -> Self {
        Self {
            id,
            detail: None,
            said: None,
            focused: true,
            at: 0,
        }
    }

    /// Shows another connection; `false` when it is the same.
    pub(in crate::tui) fn show(&mut self, id: &ConnectionId) -> bool {
        if self.id == *id {
            return false;
        }
        *self = Self {
            focused: self.focused,
            ..Self::new(id.clone())
        };
        true
    }

    pub(in crate::tui) fn id(&self) -> &ConnectionId {
        &self.id
    }

    /// The definition was read.
    pub(in crate::tui) fn know(&mut self, detail: &Detail) {
        if detail.connection.id == self.id {
            let generation = |detail: &Detail| {
                let grant = detail.connection.grant.as_ref();
                grant.map(|grant| (grant.id.clone(), grant.generation))
            };
            // What was said of a token says nothing of the next one.
            if self.detail.as_deref().map(generation) != Some(generation(detail)) {
                self.said = None;
            }
            self.detail = Some(Box::new(detail.clone()));
        }
    }

    /// The provider was asked about the token.
    pub(in crate::tui) fn introspected(&mut self, id: &ConnectionId, words: &str, now: UnixTime) {
        if self.id == *id {
            self.said = Some((words.to_owned(), now));
        }
    }

    pub(in crate::tui) fn next_change(&self, now: UnixTime) -> Option<UnixTime> {
        match self.detail.as_ref()?.connection.grant.as_ref()?.expiry {
            Expiry::At(at) if at > now => Some(now.plus(text::left_changes_in(at.since(now)))),
            _ => None,
        }
    }

    /// The history below the facts.
    fn latest(&self) -> impl Iterator<Item = &Happened> {
        let lines = self.detail.iter().flat_map(|detail| &detail.history.lines);
        lines.take(LATEST)
    }

    fn facts_of(&self, world: &World) -> Vec<Fact> {
        let Some(detail) = &self.detail else {
            return Vec::new();
        };
        let connection = &detail.connection;
        let fact = |label, words: String| Fact {
            label,
            words,
            role: Role::Plain,
            copy: None,
            page: false,
        };
        let copied = |label, words: String, copy: String| Fact {
            label,
            words,
            role: Role::Plain,
            copy: Some(copy),
            page: false,
        };
        let mut facts = Vec::new();
        if let Some(message) = &detail.verdict.message {
            let health = detail.verdict.health;
            let untestable = health == Health::Untested && connection.provider.test.is_none();
            let message = if untestable {
                let words = format!("{message} {{edit}} adds a Test read URL.");
                world.keys().fill(&words)
            } else {
                message.clone()
            };
            facts.push(Fact {
                role: crate::tui::theme::role_of_health(health),
                ..fact("State", message)
            });
        }
        for waiting in &detail.waiting {
            facts.push(Fact {
                role: Role::Warn,
                ..fact(
                    "Revocation",
                    still_waits(waiting, |at| world.clock_time(at)),
                )
            });
        }
        let grant = connection.grant.as_ref();
        let over = detail.verdict.health == Health::NeedsSignIn;
        facts.push(account(grant, over, world));
        let unasked = world.table.row(&self.id).map(not_asked_yet);
        let unasked = unasked.unwrap_or_default();
        scopes(&connection.requested, grant, over, &unasked, &mut facts);
        if grant.is_some() && !unasked.is_empty() {
            let words = format!("not asked for yet: {unasked}; {{re-authorize}} asks");
            facts.push(fact("", world.keys().fill(&words)));
        }
        let known = world.known_scopes(&connection.provider.id);
        if let Some(less) = scope_line::less(connection.held_or_requested(), known) {
            facts.push(fact("", less));
        }
        if let Some(grant) = grant {
            if over {
                facts.push(fact("Tokens", "over".to_owned()));
            } else {
                facts.push(fact("Access token", access_token(grant, world)));
                facts.push(fact("Refresh token", refresh_token(grant, world)));
            }
            // Practice ends with the program, so no command finds what was made in it.
            if !over && !world.setup.practice {
                let command = format!("valetkey token {}", connection.name);
                facts.push(copied("Programs", command.clone(), command));
            }
            if let Some((words, at)) = &self.said {
                let words = format!("{words} (asked {})", world.clock_time(*at));
                facts.push(fact("Asked about it", words));
            }
        }
        let registration = &connection.registration;
        let secret = if registration.has_secret {
            format!("secret kept, sent as {}", registration.auth.as_str())
        } else {
            "no secret (PKCE)".to_owned()
        };
        let client = shown(&registration.client_id);
        let short = text::cut_middle(&client, 28, glyph::dots(world.setup.look.ascii));
        facts.push(copied("App", format!("{short}  {secret}"), client));
        let redirect = registration.redirect.to_string();
        facts.push(copied("Redirect URL", redirect.clone(), redirect));
        if connection.issuer_proof() == IssuerProof::None {
            facts.push(Fact {
                role: Role::Warn,
                ..fact("Answers", IssuerProof::MISSING.to_owned())
            });
        }
        facts.push(fact("Talks to", connection.provider.hosts().join("  ")));
        for (name, url) in connection.provider.endpoints.named() {
            facts.push(copied(name, url.to_string(), url.to_string()));
        }
        let quirks = connection.provider.quirks.iter();
        let quirks = quirks.filter(|quirk| quirk.concerns(registration.has_secret));
        for (index, quirk) in quirks.enumerate() {
            let label = if index == 0 { "Quirks" } else { "" };
            facts.push(fact(label, quirk.meaning().to_owned()));
        }
        if connection.dev_http {
            facts.push(Fact {
                role: Role::Warn,
                ..fact(
                    "Plain http",
                    "allowed on this machine (development)".to_owned(),
                )
            });
        }
        if let Some(page) = &connection.provider.manage_url {
            facts.push(Fact {
                page: true,
                ..copied("Manage at", page.to_string(), page.to_string())
            });
        }
        if let Some(at) = grant.and_then(|grant| grant.tested_at) {
            facts.push(fact("Last test", world.clock_time(at)));
        }
        facts
    }
}

fn shown(text: &str) -> String {
    crate::model::Untrusted::new(text).shown().into()
}

fn account(grant: Option<&Grant>, over: bool, world: &World) -> Fact {
    let (words, copy) = match grant.map(|grant| (&grant.account, grant)) {
        None => ("nobody is signed in".to_owned(), None),
        Some((None, _)) => ("the provider did not say".to_owned(), None),
        Some((Some(account), grant)) => {
            let source = match account.source {
                AccountSource::IdToken => "from its identity token",
                AccountSource::Userinfo => "from its userinfo",
                AccountSource::TestRead => "from the test read",
            };
            let label: String = account.label.shown().into();
            let words = if over {
                format!("{label}  was signed in, {source}")
            } else {
                let since = text::ago(grant.signed_in_at, world.now);
                format!("{label}  {source}, signed in {since}")
            };
            (words, Some(label))
        }
    };
    Fact {
        label: "Account",
        words,
        role: Role::Plain,
        copy,
        page: false,
    }
}

/// Requested, granted and in use are three different sets (conformance B-01). Of a sign-in that is over only
/// what it had is worth a line.
fn scopes(
    requested: &ScopeSet,
    grant: Option<&Grant>,
    over: bool,
    unasked: &ScopeSet,
    facts: &mut Vec<Fact>,
) {
    let list = |set: &ScopeSet| {
        if set.is_empty() {
            "none".to_owned()
        } else {
            set.to_string()
        }
    };
    let mut push = |label, role, words: String| {
        facts.push(Fact {
            label,
            words,
            role,
            copy: None,
            page: false,
        });
    };
    push(
        "Scopes",
        Role::Plain,
        format!(
            "asked    {}",
            if requested.is_empty() {
                "the provider's default".to_owned()
            } else {
                list(requested)
            }
        ),
    );
    let Some(grant) = grant else {
        return;
    };
    if over {
        let had = grant.granted.as_ref().unwrap_or(requested);
        push("", Role::Plain, format!("had      {}", list(had)));
        return;
    }
    match &grant.granted {
        None => push(
            "",
            Role::Plain,
            "granted  as requested (the provider did not list them)".to_owned(),
        ),
        Some(granted) => {
            push("", Role::Plain, format!("granted  {}", list(granted)));
            let refused = requested.without(granted).without(unasked);
            if !refused.is_empty() {
                push("", Role::Warn, format!("refused  {refused}"));
            }
            let added = granted.without(requested);
            if !added.is_empty() {
                push(
                    "",
                    Role::Warn,
                    format!("added    {added}, without being asked"),
                );
            }
        }
    }
    if let Some(in_use) = &grant.in_use {
        push("", Role::Plain, format!("in use   {}", list(in_use)));
        let added = in_use.without(grant.granted.as_ref().unwrap_or(requested));
        if !added.is_empty() {
            push("", Role::Warn, format!("added    {added}, by a refresh"));
        }
    }
}

fn access_token(grant: &Grant, world: &World) -> String {
    match grant.expiry {
        Expiry::At(at) if at <= world.now => format!("expired ({})", world.clock_time(at)),
        Expiry::At(at) if text::is_long(at.since(world.now)) => {
            format!("expires in {}", text::left(at.since(world.now)))
        }
        Expiry::At(at) => {
            format!(
                "expires in {} ({})",
                text::left(at.since(world.now)),
                world.clock_time(at)
            )
        }
        Expiry::Never => "does not expire".to_owned(),
        Expiry::NotStated => "expiry not stated".to_owned(),
    }
}

fn refresh_token(grant: &Grant, world: &World) -> String {
    if !grant.has_refresh_token {
        return "none; sign in again when the access token ends".to_owned();
    }
    let rotates = match grant.rotates {
        Some(true) => "yes, changes at every refresh",
        Some(false) => "yes, stays the same",
        None => "yes, not used yet",
    };
    match grant.ends_at {
        Some(at) => format!("{rotates}; the sign-in ends {}", world.clock_time(at)),
        None => rotates.to_owned(),
    }
}

fn here(world: &World, act: impl FnOnce(&Row) -> Vec<Effect>) -> Vec<Effect> {
    world.table.selected().map_or_else(Vec::new, act)
}

impl Face for Details {
    fn place(&self) -> Place {
        Place::Details
    }

    fn facts(&self, world: &World, facts: &mut Facts) {
        facts.copyable = self
            .facts_of(world)
            .get(self.at)
            .is_some_and(|fact| fact.copy.is_some());
        facts.introspection = self.detail.as_ref().is_some_and(|detail| {
            let endpoints = &detail.connection.provider.endpoints;
            endpoints.introspection.is_some()
        });
    }

    fn act(&mut self, action: Action, _key: Key, world: &World) -> Vec<Effect> {
        let lines = self.facts_of(world);
        let len = lines.len() + self.latest().count();
        if let Some(at) = moved(self.at, len, world.page_lines(), action) {
            self.at = at;
            return Vec::new();
        }
        match action {
            Action::Copy => lines
                .into_iter()
                .nth(self.at)
                .and_then(|fact| fact.copy)
                .map_or_else(Vec::new, |text| vec![Effect::Copy("The line", text)]),
            Action::Switch => {
                self.focused = false;
                Vec::new()
            }
            Action::Back => vec![Effect::Close],
            // About this one, whatever is marked in the table.
            Action::Test => here(world, |row| home::one(row, Deed::Test, home::test)),
            Action::Introspect => vec![
                Effect::Ask(Request::Introspect {
                    id: self.id.clone(),
                    allowed: None,
                }),
                Effect::Say(Notice::info("Asking the provider about the token")),
            ],
            Action::Refresh => here(world, |row| home::one(row, Deed::Refresh, home::refresh)),
            Action::Reauthorize => home::reauthorize(world),
            Action::OtherScopes => home::other_scopes(world),
            Action::Revoke | Action::Delete => here(world, |row| home::revoke(world, &[row])),
            Action::History => HistoryScreen::open(world),
            Action::Edit => Editing::open(world),
            Action::Rename => here(world, |row| {
                vec![Effect::Open(Box::new(Screen::Renaming(Renaming::new(row))))]
            }),
            _ => Vec::new(),
        }
    }

    fn click(&mut self, item: usize, _world: &World) -> bool {
        self.focused = true;
        self.at = item;
        false
    }

    fn page(&self, pen: Pen, world: &World) -> Page {
        let row = world.table.row(&self.id);
        let title = row.map_or_else(String::new, |row| {
            format!(
                "{} {} {}",
                row.summary.name,
                glyph::BETWEEN,
                crate::tui::table::provider_of(row)
            )
        });
        let aside = row.map_or_else(String::new, |row| {
            format!(
                "{} {}",
                glyph::of_health(row.verdict.health),
                row.verdict.health.word()
            )
        });
        let mut page = Page::new(title, aside, pen);
        let Some(detail) = &self.detail else {
            page.text(0, Role::Dim, "Reading it.");
            return page;
        };
        let active = self.focused || !world.is_split();
        let facts = self.facts_of(world);
        let first = facts.len();
        for (index, fact) in facts.into_iter().enumerate() {
            let address = fact.copy.as_deref().filter(|_| fact.page);
            let selected = active && index == self.at;
            page.with_address(address.unwrap_or_default(), |page| {
                page.fact(index, selected, fact.label, 15, fact.role, &fact.words);
            });
        }
        let history = &detail.history;
        if !history.lines.is_empty() {
            page.rule("History");
            if let Some(words) = missing(history) {
                page.text(0, Role::Warn, &words);
            }
            for (index, line) in (first..).zip(self.latest()) {
                let words = line.sentence(|at| world.clock_time(at));
                let selected = active && index == self.at;
                page.item(index, selected, &world.clock_time(line.at), TIMES, &words);
            }
        }
        page
    }
}
