//! Changing a connection's definition, field by field. Nothing is stored before the last line is pressed.

use super::dropping::Dropping;
use crate::actions::{Action, Facts, Key, Place};
use crate::advice::fields::{SECRET, about};
use crate::engine::{Detail, Doubt, Edit, Field, Row, put_all};
use crate::model::{Connection, ConnectionId, Untrusted};
use crate::tui::authority_file::AuthorityFile;
use crate::tui::face::{Effect, Face, moved};
use crate::tui::field::{TextField, Typed};
use crate::tui::masked::MaskedField;
use crate::tui::model::{Screen, World};
use crate::tui::notice::Notice;
use crate::tui::page::{Page, Pen};
use crate::tui::request::Request;
use crate::tui::table::provider_of;
use crate::tui::text::sentence;
use crate::tui::theme::Role;

/// Harmless lines first: a key typed by mistake must not change an address.
const ORDER: [Field; 16] = [
    Field::Scopes,
    Field::Policy,
    Field::Lifetime,
    Field::Ahead,
    Field::ClientId,
    Field::Auth,
    Field::Redirect,
    Field::Authorization,
    Field::Token,
    Field::Device,
    Field::Revocation,
    Field::Introspection,
    Field::Userinfo,
    Field::Issuer,
    Field::TestRead,
    Field::Authority,
];
/// Typed in place of a file, it takes the stored authority away.
const NO_FILE: &str = "-";
/// Cells of the labels.
const LABELS: usize = 19;

/// What stands in a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Line {
    Field(usize),
    Secret,
    Save,
    /// Back to the fields, once saving was asked about.
    Keep,
    /// Save although it parks the sign-in.
    Park,
}

/// What a field shows of what is stored: of an authority nothing, its file is not known any more.
fn written(field: Field, connection: &Connection) -> String {
    match field {
        Field::Authority => String::new(),
        _ => field.text(connection),
    }
}

/// A field with what it holds and what is stored.
struct Entry {
    field: Field,
    stored: String,
    input: TextField,
    problem: Option<String>,
}

impl Entry {
    fn is_changed(&self) -> bool {
        self.text() != self.stored
    }

    /// A client ID is kept exactly; of the others the blanks around go.
    fn text(&self) -> &str {
        match self.field {
            Field::ClientId => self.input.value(),
            _ => self.input.trimmed(),
        }
    }
}

/// The state of the screen.
pub(in crate::tui) struct Editing {
    id: ConnectionId,
    name: String,
    provider: String,
    /// As it is stored, once it was read.
    connection: Option<Box<Connection>>,
    entries: Vec<Entry>,
    secret: MaskedField,
    /// What the file that was typed for an authority holds.
    authority: AuthorityFile,
    at: usize,
    /// Whether to park the sign-in was asked; the answer is not there yet.
    asked: bool,
    /// Saving waits for the authority's file to be read.
    going_on: bool,
    saving: bool,
}

impl Editing {
    pub(in crate::tui) fn new(row: &Row) -> Self {
        Self {
            id: row.summary.id.clone(),
            name: row.summary.name.to_string(),
            provider: provider_of(row),
            connection: None,
            entries: Vec::new(),
            secret: MaskedField::default(),
            authority: AuthorityFile::default(),
            at: 0,
            asked: false,
            going_on: false,
            saving: false,
        }
    }

    /// The screen for the selected row, and the reading of what it shows.
    pub(in crate::tui) fn open(world: &World) -> Vec<Effect> {
        let Some(row) = world.table.selected() else {
            return Vec::new();
        };
        vec![
            Effect::Open(Box::new(Screen::Editing(Box::new(Self::new(row))))),
            Effect::Ask(Request::LoadDetail(row.summary.id.clone())),
        ]
    }

    pub(in crate::tui) fn id(&self) -> &ConnectionId {
        &self.id
    }

    /// What was typed and is not stored, by field.
    #[cfg(test)]
    pub(in crate::tui) fn typed_texts(&self) -> std::collections::BTreeMap<Field, String> {
        let changed = self.entries.iter().filter(|entry| entry.is_changed());
        changed
            .map(|entry| (entry.field, entry.input.value().to_owned()))
            .collect()
    }

    /// The definition was read, perhaps once more: a field that was not touched follows it.
    pub(in crate::tui) fn know(&mut self, detail: &Detail) {
        if detail.connection.id != self.id {
            return;
        }
        let connection = &detail.connection;
        self.name = connection.name.to_string();
        if self.connection.is_none() {
            self.entries = ORDER
                .into_iter()
                .map(|field| Entry {
                    field,
                    stored: written(field, connection),
                    input: TextField::new(written(field, connection)),
                    problem: None,
                })
                .collect();
        }
        for entry in &mut self.entries {
            let fresh = written(entry.field, connection);
            if fresh != entry.stored && !entry.is_changed() {
                entry.input.set(fresh.clone());
            }
            entry.stored = fresh;
        }
        self.connection = Some(Box::new(connection.clone()));
    }

    /// It was not stored; everything typed is still there.
    pub(in crate::tui) fn not_stored(&mut self) {
        self.saving = false;
    }

    fn lines(&self) -> Vec<Line> {
        let mut lines = Vec::new();
        for (index, entry) in self.entries.iter().enumerate() {
            lines.push(Line::Field(index));
            if entry.field == Field::Auth {
                lines.push(Line::Secret);
            }
        }
        match (lines.is_empty(), self.asked) {
            (true, _) => {}
            (false, true) => lines.extend([Line::Keep, Line::Park]),
            (false, false) => lines.push(Line::Save),
        }
        lines
    }

    fn focused(&self) -> Option<Line> {
        self.lines().get(self.at).copied()
    }

    /// What is changed; an authority once its file was read.
    fn edits(&self) -> Vec<Edit> {
        let changed = self.entries.iter().filter(|entry| entry.is_changed());
        let edit = |entry: &Entry| {
            let value = match (entry.field, entry.text()) {
                (Field::Authority, NO_FILE) => "",
                (Field::Authority, file) => self.authority.pem(file)?,
                (_, text) => text,
            };
            Some((entry.field, value.to_owned()))
        };
        changed.filter_map(edit).collect()
    }

    /// The file that is typed for an authority; empty where none is.
    fn authority_typed(&self) -> String {
        let entry = self
            .entries
            .iter()
            .find(|entry| entry.field == Field::Authority);
        let typed = entry.map_or("", Entry::text);
        typed
            .strip_prefix(NO_FILE)
            .filter(|rest| rest.is_empty())
            .unwrap_or(typed)
            .to_owned()
    }

    /// The authority's file was read: its problem stands beside its field, and whoever saves goes on.
    pub(in crate::tui) fn authority_read(
        &mut self,
        file: &str,
        found: &Result<String, String>,
    ) -> Vec<Effect> {
        self.authority.answered(file, found);
        let waited = std::mem::take(&mut self.going_on);
        if self.authority_typed() != file {
            return Vec::new();
        }
        self.show_authority_problem(file);
        match (waited, found) {
            (true, Ok(_)) => self.press(),
            (true, Err(_)) => {
                self.check();
                Vec::new()
            }
            (false, _) => Vec::new(),
        }
    }

    /// An authority is stored with it.
    fn trusts_one(&self) -> bool {
        self.connection
            .as_ref()
            .is_some_and(|connection| connection.ca_pem.is_some())
    }

    fn show_authority_problem(&mut self, file: &str) {
        let problem = self.authority.problem(file).map(str::to_owned);
        let mut entries = self.entries.iter_mut();
        if let Some(entry) = entries.find(|entry| entry.field == Field::Authority) {
            entry.problem = problem;
        }
    }

    fn is_changed(&self) -> bool {
        !self.secret.is_empty() || self.entries.iter().any(Entry::is_changed)
    }

    /// Looks at everything; the first field with a problem is selected then.
    fn check(&mut self) -> bool {
        let Some(connection) = &self.connection else {
            return false;
        };
        let problems = put_all(&mut connection.as_ref().clone(), &self.edits());
        for entry in &mut self.entries {
            let here = problems.iter().find(|(field, _)| *field == entry.field);
            entry.problem = here.map(|(_, problem)| sentence(problem));
        }
        self.show_authority_problem(&self.authority_typed());
        let wrong = |line: &Line| matches!(line, Line::Field(index) if self.entries[*index].problem.is_some());
        match self.lines().iter().position(wrong) {
            Some(at) => {
                self.at = at;
                false
            }
            None => true,
        }
    }

    /// Looks at the field that is left.
    fn leave_line(&mut self) {
        let (Some(Line::Field(index)), Some(connection)) = (self.focused(), &self.connection)
        else {
            return;
        };
        if self.entries[index].field == Field::Authority {
            let typed = self.authority_typed();
            self.authority.left(&typed);
            self.show_authority_problem(&typed);
            return;
        }
        let entry = &mut self.entries[index];
        let mut trial = connection.as_ref().clone();
        let problem = if entry.is_changed() {
            entry.field.put(&mut trial, entry.text()).err()
        } else {
            None
        };
        entry.problem = problem.map(|problem| sentence(&problem));
    }

    /// What saving does to the sign-in and to the client secret (conformance G-07).
    fn warning(&self) -> Option<String> {
        let before = self.connection.as_deref()?;
        let mut after = before.clone();
        put_all(&mut after, &self.edits());
        let mut words: Vec<String> = Doubt::of_change(before, &after)
            .iter()
            .map(sentence)
            .collect();
        let redirect = &after.registration.redirect;
        words.extend(
            redirect
                .advice()
                .filter(|_| *redirect != before.registration.redirect),
        );
        if before.endpoint_identity() == after.endpoint_identity() {
            return (!words.is_empty()).then(|| words.join(" "));
        }
        let known = before.provider.hosts();
        let mut new = after.provider.hosts();
        new.retain(|host| !known.contains(host));
        let where_to = if new.is_empty() {
            "there".to_owned()
        } else {
            format!("to {}", new.join(" or "))
        };
        let address = before.provider != after.provider;
        let what = if address {
            "A new address"
        } else if before.ca_pem != after.ca_pem {
            "Another authority"
        } else if before.registration.client_id == after.registration.client_id {
            "Another redirect URL"
        } else {
            "Another client ID"
        };
        if before.grant.is_some() {
            let fate = if address {
                format!("its tokens will not be sent {where_to}")
            } else {
                "its tokens are not used for it".to_owned()
            };
            words.push(format!(
                "{what} parks this sign-in: {fate}. You sign in again."
            ));
        }
        if before.registration.has_secret && self.secret.is_empty() {
            words.push(
                "The client secret belongs to what was stored before: type the new one too."
                    .to_owned(),
            );
        }
        (!words.is_empty()).then(|| words.join(" "))
    }

    /// Whether something changes that a person is asked about.
    fn doubts(&self) -> bool {
        self.connection.as_deref().is_some_and(|before| {
            let mut after = before.clone();
            put_all(&mut after, &self.edits());
            !Doubt::of_change(before, &after).is_empty()
        })
    }

    /// Whether saving ends the sign-in that is there.
    fn parks(&self) -> bool {
        self.connection.as_deref().is_some_and(|before| {
            let mut after = before.clone();
            put_all(&mut after, &self.edits());
            before.grant.is_some() && before.endpoint_identity() != after.endpoint_identity()
        })
    }

    fn press(&mut self) -> Vec<Effect> {
        match self.focused() {
            Some(Line::Field(index)) if !self.entries[index].field.choices().is_empty() => {
                self.turn(index);
            }
            Some(Line::Field(index)) => {
                self.leave_line();
                if self.entries[index].problem.is_none() {
                    self.at = self.lines().len().saturating_sub(1);
                }
            }
            Some(Line::Secret) => self.at = self.lines().len().saturating_sub(1),
            Some(Line::Save | Line::Park) if self.check() => {
                let typed = self.authority_typed();
                match self.authority.ask(&typed) {
                    Some(request) => {
                        self.going_on = true;
                        return vec![Effect::Ask(request)];
                    }
                    None => return self.press_save(),
                }
            }
            Some(Line::Keep) => self.asked = false,
            Some(Line::Save | Line::Park) | None => {}
        }
        Vec::new()
    }

    /// Saves, or asks first where that ends a sign-in.
    fn press_save(&mut self) -> Vec<Effect> {
        if self.focused() == Some(Line::Save) && (self.parks() || self.doubts()) {
            // Enter once more, by habit, must not end a sign-in.
            self.asked = true;
            return Vec::new();
        }
        self.save()
    }

    /// The next of several choices.
    fn turn(&mut self, index: usize) {
        let entry = &mut self.entries[index];
        let choices = entry.field.choices();
        let at = choices
            .iter()
            .position(|choice| *choice == entry.input.value());
        let next = at.map_or(0, |at| (at + 1) % choices.len());
        entry.input.set(choices[next]);
    }

    fn save(&mut self) -> Vec<Effect> {
        if self.saving {
            return Vec::new();
        }
        if !self.is_changed() {
            return vec![
                Effect::Close,
                Effect::Say(Notice::info("Nothing was changed.")),
            ];
        }
        self.saving = true;
        vec![Effect::Ask(Request::Edit {
            id: self.id.clone(),
            edits: self.edits(),
            secret: (!self.secret.is_empty()).then(|| self.secret.secret()),
        })]
    }
}

fn label(field: Field) -> &'static str {
    match field {
        Field::Authorization => "Authorization URL",
        Field::Token => "Token URL",
        Field::Device => "Device URL",
        Field::Revocation => "Revocation URL",
        Field::Introspection => "Introspection URL",
        Field::Userinfo => "Userinfo URL",
        Field::Issuer => "Issuer",
        Field::TestRead => "Test read URL",
        Field::Redirect => "Redirect URL",
        Field::ClientId => "Client ID",
        Field::Auth => "Secret is sent",
        Field::Scopes => "Scopes",
        Field::Policy => "A program",
        Field::Lifetime => "Agent serves it",
        Field::Ahead => "Agent renews it",
        Field::Authority => "CA file",
    }
}

/// A choice in words.
fn meaning(field: Field, choice: &str) -> &'static str {
    match (field, choice) {
        (Field::Auth, "basic") => "as Basic authentication",
        (Field::Auth, "post") => "in the body",
        (Field::Auth, _) => "there is no secret (PKCE)",
        (Field::Policy, "confirm") => "asks you each time",
        (Field::Policy, "confirm-session") => "asks you once in a terminal session",
        (Field::Policy, "deny") => "is refused",
        (Field::Policy, _) => "gets a token",
        (_, "yes") => "before anybody asks",
        _ => "when it is asked for",
    }
}

impl Face for Editing {
    fn place(&self) -> Place {
        Place::Form
    }

    fn typed(&mut self) -> Option<Typed<'_>> {
        match self.focused()? {
            Line::Field(index) if self.entries[index].field.choices().is_empty() => {
                Some(Typed::Plain(&mut self.entries[index].input))
            }
            Line::Secret => Some(Typed::Masked(&mut self.secret)),
            _ => None,
        }
    }

    fn typing(&self) -> bool {
        match self.focused() {
            Some(Line::Field(index)) => self.entries[index].field.choices().is_empty(),
            Some(Line::Secret) => true,
            _ => false,
        }
    }

    fn help(&self) -> Option<&'static str> {
        match self.focused()? {
            Line::Field(index) => Some(about(self.entries[index].field)),
            Line::Secret => Some(SECRET),
            // What they say stands above them, and needs the room.
            Line::Save | Line::Keep | Line::Park => None,
        }
    }

    fn facts(&self, _world: &World, facts: &mut Facts) {
        facts.enter = match self.focused() {
            Some(Line::Field(_)) if !self.typing() => Some("change"),
            Some(Line::Field(_) | Line::Secret) => Some("done"),
            Some(Line::Save | Line::Park) => Some("save"),
            _ => None,
        };
    }

    fn edited(&mut self, _world: &World) {
        if let Some(Line::Field(index)) = self.focused() {
            self.entries[index].problem = None;
        }
        self.asked = false;
    }

    fn act(&mut self, action: Action, _key: Key, world: &World) -> Vec<Effect> {
        // Whoever does something else does not save any more.
        self.going_on = false;
        let mut effects = self.act_here(action, world);
        let due = self.authority.due(&self.authority_typed());
        effects.extend(due.map(Effect::Ask));
        effects
    }

    fn click(&mut self, item: usize, _world: &World) -> bool {
        if self.at == item {
            return true;
        }
        self.going_on = false;
        self.leave_line();
        self.at = item.min(self.lines().len().saturating_sub(1));
        false
    }

    fn page(&self, pen: Pen, _world: &World) -> Page {
        let mut page = Page::new(format!("Edit {}", self.name), self.provider.clone(), pen);
        if self.connection.is_none() {
            page.text(0, Role::Dim, "Reading it.");
            return page;
        }
        for (at, line) in self.lines().into_iter().enumerate() {
            let selected = at == self.at;
            match line {
                Line::Field(index) => self.draw_field(&mut page, at, selected, index),
                Line::Secret => {
                    let kept = self.connection.as_ref().is_some_and(|connection| {
                        connection.registration.has_secret && self.secret.is_empty()
                    });
                    if kept && !selected {
                        let words = "kept; type a new one to replace it";
                        page.fact(at, false, "Client secret", LABELS, Role::Dim, words);
                    } else {
                        page.masked(at, selected, "Client secret", LABELS, &self.secret, None);
                    }
                }
                Line::Save => {
                    page.blank();
                    let warning = self.warning();
                    if let Some(words) = &warning {
                        page.text(0, Role::Warn, words);
                    }
                    let words = match (self.saving, self.is_changed()) {
                        (true, _) => "Storing it.",
                        (false, false) => "Save (nothing is changed)",
                        (false, true) => "Save",
                    };
                    page.item(at, selected, words, 0, "");
                }
                Line::Keep => {
                    page.blank();
                    if let Some(words) = self.warning() {
                        page.text(0, Role::Warn, &words);
                    }
                    page.item(at, selected, "Go on editing (nothing is stored yet)", 0, "");
                }
                Line::Park if self.saving => page.item(at, selected, "Storing it.", 0, ""),
                Line::Park => {
                    let words = if self.parks() {
                        "Save it and give up this sign-in"
                    } else {
                        "Save it so"
                    };
                    page.item(at, selected, words, 0, "");
                }
            }
        }
        page
    }
}

impl Editing {
    fn act_here(&mut self, action: Action, world: &World) -> Vec<Effect> {
        let len = self.lines().len();
        if let Some(at) = moved(self.at, len, world.page_lines(), action) {
            self.leave_line();
            self.at = at;
            return Vec::new();
        }
        match action {
            Action::GoOn => self.press(),
            Action::Toggle
                if !matches!(self.focused(), Some(Line::Save | Line::Keep | Line::Park)) =>
            {
                self.press()
            }
            Action::Back if self.is_changed() => {
                let dropping = Dropping::new(
                    format!("Edit {}", self.name),
                    "You changed something and did not save it.",
                );
                vec![Effect::Open(Box::new(Screen::Dropping(dropping)))]
            }
            Action::Back => vec![Effect::Close],
            _ => Vec::new(),
        }
    }

    fn draw_field(&self, page: &mut Page, at: usize, selected: bool, index: usize) {
        let entry = &self.entries[index];
        let name = label(entry.field);
        let value = entry.input.value();
        if entry.field == Field::Lifetime && value.is_empty() && !selected {
            let words = "as long as the vault is open; type 8h or 2d to shorten it";
            page.fact(at, false, name, LABELS, Role::Dim, words);
        } else if entry.field == Field::Authority && value.is_empty() && self.trusts_one() {
            if selected {
                page.field(at, true, name, LABELS, &entry.input, None);
                let words = "one is kept; - takes it away";
                page.pair("", LABELS + 1, Role::Dim, words);
            } else {
                let words = "one is kept; type another file to replace it";
                page.fact(at, false, name, LABELS, Role::Dim, words);
            }
        } else if entry.field.choices().is_empty() {
            let problem = entry.problem.as_deref();
            page.long_field(at, selected, name, LABELS, &entry.input, problem);
        } else {
            let value: String = Untrusted::new(value).shown().into();
            let words = format!("{value}: {}", meaning(entry.field, &value));
            page.item(at, selected, name, LABELS, &words);
        }
    }
}
