//! The table itself.

use super::facts::{self, Facts, Why};
use super::key::Key;
use super::place::{Action, Place};

/// One line of the table.
#[derive(Debug)]
pub struct Entry {
    pub action: Action,
    /// Its name in the palette; see [`Entry::public_name`].
    pub name: &'static str,
    /// The word in the footer; empty when it never stands there.
    pub word: &'static str,
    /// One line of help.
    pub help: &'static str,
    /// Unless a person has others ([`super::Keymap`]).
    pub keys: &'static [Key],
    pub places: &'static [Place],
    needs: Option<fn(&Facts) -> Why>,
}

impl Entry {
    /// `Err` with the reason when it is not possible now; [`super::Keymap::fill`] puts keys into it.
    pub(super) fn reason_against(&self, facts: &Facts) -> Result<(), &'static str> {
        self.needs.map_or(Ok(()), |needs| needs(facts))
    }

    /// Its name where keys are set: `show-as-qr`.
    pub fn public_name(&self) -> String {
        self.name.replace(' ', "-").to_lowercase()
    }

    /// Whether it works on every screen.
    pub fn is_global(&self) -> bool {
        self.places.len() == Place::ALL.len()
    }
}

use Place::{
    Authorize, Choices, Details, Finding, Finished, Form, Help, History, Palette, Passphrase,
    Providers, SignInPage, Start, Table,
};

const EVERYWHERE: &[Place] = &Place::ALL;
const LISTS: &[Place] = &[
    Start, Table, Details, History, Providers, Form, Authorize, SignInPage, Finished, Choices,
    Help, Palette, Passphrase,
];
const PAGED: &[Place] = &[
    Table, Details, History, Providers, Form, Choices, Help, Palette,
];
/// Lists that never have a text field.
const READ: &[Place] = &[Table, Details, History, Help];
const LETTERED: &[Place] = &[Table, Details, History, Help, Form, Finished];
const ROWS: &[Place] = &[Table, Details];

/// Every action, most useful first: the footer is cut from the end.
#[rustfmt::skip] // one entry, two lines: it is read as a table
static ENTRIES: &[Entry] = &[
    Entry { action: Action::Add, name: "add", word: "add", help: "Connect a service",
        keys: &[Key::Char('a')], places: &[Start, Table], needs: None },
    Entry { action: Action::Practise, name: "practise", word: "", help: "Practise with a pretend service on this machine",
        keys: &[Key::Char('p')], places: &[Start], needs: Some(facts::practice) },
    Entry { action: Action::Open, name: "open", word: "open", help: "Open the selected connection",
        keys: &[Key::Enter], places: &[Table], needs: Some(facts::row) },
    Entry { action: Action::Test, name: "test", word: "test", help: "Read something simple to prove that it works",
        keys: &[Key::Char('t')], places: &[Table, Details, Finished], needs: Some(facts::signed_in) },
    Entry { action: Action::Refresh, name: "refresh", word: "refresh", help: "Swap the refresh token for a fresh access token",
        keys: &[Key::Char('r')], places: ROWS, needs: Some(facts::refresh_token) },
    Entry { action: Action::Reauthorize, name: "re-authorize", word: "re-authorize", help: "Sign in again",
        keys: &[Key::Char('u')], places: ROWS, needs: Some(facts::one) },
    Entry { action: Action::Edit, name: "edit", word: "edit", help: "Change the connection's addresses, app, scopes and rules",
        keys: &[Key::Char('e')], places: &[Details], needs: Some(facts::one) },
    Entry { action: Action::Edit, name: "edit", word: "", help: "Change the connection's addresses, app, scopes and rules",
        keys: &[Key::Char('e')], places: &[Table], needs: Some(facts::one) },
    Entry { action: Action::Revoke, name: "revoke or delete", word: "revoke", help: "End the sign-in, delete the connection, or both",
        keys: &[Key::Char('x')], places: ROWS, needs: Some(facts::row) },
    Entry { action: Action::History, name: "history", word: "", help: "What happened to the connection, and who was given a token",
        keys: &[Key::Char('h')], places: &[Table], needs: Some(facts::row) },
    Entry { action: Action::Find, name: "find", word: "find", help: "Filter the table; state: scope: provider: account: narrow it",
        keys: &[Key::Char('/')], places: &[Table], needs: Some(facts::rows) },
    Entry { action: Action::Delete, name: "delete", word: "", help: "Delete the connection; its sign-in can be revoked first",
        keys: &[Key::Delete], places: ROWS, needs: Some(facts::row) },
    Entry { action: Action::Choose, name: "choose", word: "choose", help: "Do what the selected line says",
        keys: &[Key::Enter], places: &[Start, Providers, Authorize, SignInPage, Finished, Choices, Palette], needs: None },
    Entry { action: Action::GoOn, name: "go on", word: "go on", help: "Press the selected line, or go on",
        keys: &[Key::Enter], places: &[Finding, Form, Passphrase], needs: None },
    Entry { action: Action::Pick, name: "pick by number", word: "", help: "Do what the line with this number says",
        keys: &[Key::Char('1'), Key::Char('2'), Key::Char('3'), Key::Char('4'), Key::Char('5'), Key::Char('6'), Key::Char('7'), Key::Char('8'), Key::Char('9')], places: &[Form, Authorize, SignInPage, Choices], needs: None },
    Entry { action: Action::Toggle, name: "tick", word: "", help: "Tick or untick the selected line",
        keys: &[Key::Char(' ')], places: &[Form, SignInPage], needs: None },
    Entry { action: Action::Switch, name: "switch halves", word: "switch", help: "Go to the other half of the screen",
        keys: &[Key::Tab], places: ROWS, needs: Some(facts::split) },
    Entry { action: Action::Stop, name: "stop", word: "stop", help: "Stop this sign-in; nothing stored is changed",
        keys: &[Key::Esc, Key::Char('q')], places: &[Authorize], needs: None },
    Entry { action: Action::Copy, name: "copy", word: "copy", help: "Copy the selected line",
        keys: &[Key::Char('c')], places: &[Form, Authorize, SignInPage, Finished, Choices], needs: Some(facts::copyable) },
    Entry { action: Action::Copy, name: "copy", word: "", help: "Copy the connection's name, or the address of the notice",
        keys: &[Key::Char('c')], places: &[Table], needs: Some(facts::copyable) },
    Entry { action: Action::ShowQr, name: "show as QR", word: "QR", help: "Show the code's page as a picture for a phone",
        keys: &[Key::Char('Q')], places: &[Authorize, SignInPage], needs: Some(facts::qr) },
    Entry { action: Action::ShowAddress, name: "show the address", word: "", help: "Show the whole address, which is good for this sign-in only",
        keys: &[Key::Char('o')], places: &[Authorize, SignInPage], needs: None },
    Entry { action: Action::SshHost, name: "name of this machine", word: "host", help: "Fill in what you type after ssh to get here",
        keys: &[Key::Char('h')], places: &[Authorize], needs: Some(facts::forward) },
    Entry { action: Action::OtherScopes, name: "other scopes", word: "scopes", help: "Ask for other scopes in place of these",
        keys: &[Key::Char('U')], places: &[Authorize], needs: Some(facts::other_scopes) },
    Entry { action: Action::BrowserHere, name: "browser here or elsewhere", word: "", help: "Open a browser here after all, or use one elsewhere",
        keys: &[Key::Char('B')], places: &[Authorize], needs: None },
    Entry { action: Action::PrintRaw, name: "print outside", word: "", help: "Print the addresses outside, to select with the mouse",
        keys: &[Key::Char('O')], places: &[Authorize, SignInPage], needs: None },
    Entry { action: Action::OtherScopes, name: "other scopes", word: "", help: "Sign in again and ask for other scopes",
        keys: &[Key::Char('U')], places: ROWS, needs: Some(facts::one) },
    Entry { action: Action::OtherScopes, name: "other scopes", word: "", help: "Sign in again and ask for other scopes",
        keys: &[Key::Char('U')], places: &[Finished], needs: None },
    Entry { action: Action::Introspect, name: "ask the provider", word: "", help: "Ask the provider what it says of the access token",
        keys: &[Key::Char('i')], places: &[Details], needs: Some(facts::introspection) },
    Entry { action: Action::Rename, name: "rename", word: "", help: "Give the connection another name",
        keys: &[Key::Char('n')], places: ROWS, needs: Some(facts::one) },
    Entry { action: Action::Undo, name: "undo a deletion", word: "", help: "Bring the last deleted settings back, without the sign-in",
        keys: &[Key::Char('z')], places: &[Start, Table], needs: Some(facts::deleted) },
    Entry { action: Action::ReadAgain, name: "read settings again", word: "", help: "Take over settings and presets that were changed meanwhile",
        keys: &[Key::Ctrl('r')], places: &[Start, Table], needs: Some(facts::changed) },
    Entry { action: Action::BringOver, name: "bring settings over", word: "", help: "Import connections from another machine's file",
        keys: &[Key::Char('i')], places: &[Start, Table], needs: Some(facts::kept) },
    Entry { action: Action::OtherWay, name: "choose another way", word: "", help: "Let a passphrase of your own hold the vault's key",
        keys: &[Key::Char('v')], places: &[Start], needs: Some(facts::no_vault) },
    Entry { action: Action::Sort, name: "sort", word: "", help: "Sort by the next column",
        keys: &[Key::Char('s'), Key::ShiftRight], places: &[Table], needs: Some(facts::rows) },
    Entry { action: Action::SortBefore, name: "sort back", word: "", help: "Sort by the column before",
        keys: &[Key::ShiftLeft], places: &[Table], needs: Some(facts::rows) },
    Entry { action: Action::Reverse, name: "reverse", word: "", help: "Turn the order round",
        keys: &[Key::Char('S')], places: &[Table], needs: Some(facts::rows) },
    Entry { action: Action::Group, name: "group", word: "", help: "Group by provider, account or state, then no more",
        keys: &[Key::Char('b')], places: &[Table], needs: Some(facts::rows) },
    Entry { action: Action::Mark, name: "mark", word: "", help: "Mark or unmark the row, to do things with several",
        keys: &[Key::Char(' ')], places: &[Table], needs: Some(facts::row) },
    Entry { action: Action::Complete, name: "complete", word: "complete", help: "Complete a word such as state:",
        keys: &[Key::Tab], places: &[Finding], needs: None },
    Entry { action: Action::Clear, name: "clear", word: "clear", help: "Clear the filter and the marks",
        keys: &[Key::Esc], places: &[Table], needs: Some(facts::narrowed) },
    Entry { action: Action::Back, name: "back", word: "back", help: "Go back one step; nothing typed is lost",
        keys: &[Key::Esc, Key::Char('q')], places: &[Finding, Details, History, Providers, Form, SignInPage, Finished, Choices, Passphrase, Help, Palette], needs: None },
    Entry { action: Action::Copy, name: "copy", word: "copy", help: "Copy the selected line",
        keys: &[Key::Char('c')], places: &[Details], needs: Some(facts::copyable) },
    Entry { action: Action::History, name: "history", word: "history", help: "What happened to the connection, and who was given a token",
        keys: &[Key::Char('h')], places: &[Details], needs: Some(facts::row) },
    Entry { action: Action::Up, name: "up", word: "", help: "One line up",
        keys: &[Key::Up], places: LISTS, needs: None },
    Entry { action: Action::Down, name: "down", word: "", help: "One line down",
        keys: &[Key::Down], places: LISTS, needs: None },
    Entry { action: Action::Up, name: "up", word: "", help: "One line up",
        keys: &[Key::Char('k')], places: LETTERED, needs: None },
    Entry { action: Action::Down, name: "down", word: "", help: "One line down",
        keys: &[Key::Char('j')], places: LETTERED, needs: None },
    Entry { action: Action::Next, name: "next", word: "next", help: "The next line or field",
        keys: &[Key::Tab], places: &[Start, Providers, Form, Authorize, SignInPage, Finished, Choices, Passphrase, Palette], needs: None },
    Entry { action: Action::Previous, name: "previous", word: "", help: "The line or field before",
        keys: &[Key::BackTab], places: &[Start, Providers, Form, Authorize, SignInPage, Finished, Choices, Passphrase, Palette], needs: None },
    Entry { action: Action::PageUp, name: "page up", word: "", help: "One screen up",
        keys: &[Key::PageUp, Key::Ctrl('b')], places: PAGED, needs: None },
    Entry { action: Action::PageDown, name: "page down", word: "", help: "One screen down",
        keys: &[Key::PageDown, Key::Ctrl('f')], places: PAGED, needs: None },
    Entry { action: Action::PageUp, name: "page up", word: "", help: "One screen up",
        keys: &[Key::Ctrl('u')], places: READ, needs: None },
    Entry { action: Action::PageDown, name: "page down", word: "", help: "One screen down",
        keys: &[Key::Ctrl('d')], places: READ, needs: None },
    Entry { action: Action::First, name: "first", word: "", help: "To the first line",
        keys: &[Key::Home, Key::Char('g')], places: LETTERED, needs: None },
    Entry { action: Action::Last, name: "last", word: "", help: "To the last line",
        keys: &[Key::End, Key::Char('G')], places: LETTERED, needs: None },
    Entry { action: Action::Palette, name: "palette", word: "", help: "All actions of this screen, by name",
        keys: &[Key::Char(':')], places: &[Start, Table, Details, History, Form, Finished], needs: None },
    Entry { action: Action::Lock, name: "lock", word: "", help: "Lock the vault",
        keys: &[Key::Char('L')], places: &[Start, Table, Details], needs: Some(facts::lockable) },
    Entry { action: Action::Answer, name: "answer a program", word: "", help: "See which program wants a token, and answer it",
        keys: &[Key::Ctrl('t')], places: EVERYWHERE, needs: Some(facts::asked) },
    Entry { action: Action::Mouse, name: "mouse", word: "", help: "Give the mouse to the terminal, or take it back",
        keys: &[Key::Char('M')], places: EVERYWHERE, needs: None },
    Entry { action: Action::Redraw, name: "redraw", word: "", help: "Draw the whole screen again",
        keys: &[Key::Ctrl('l')], places: EVERYWHERE, needs: None },
    Entry { action: Action::Suspend, name: "suspend", word: "", help: "Put the program to sleep; fg brings it back",
        keys: &[Key::Ctrl('z')], places: EVERYWHERE, needs: None },
    Entry { action: Action::Leave, name: "leave at once", word: "", help: "Leave; asks once while a sign-in is running",
        keys: &[Key::Ctrl('c')], places: EVERYWHERE, needs: None },
    Entry { action: Action::Help, name: "help", word: "more", help: "All keys of this screen",
        keys: &[Key::Char('?'), Key::F(1)], places: &[Start, Table, Finding, Details, History, Providers, Form, Authorize, SignInPage, Finished, Choices, Passphrase, Palette], needs: None },
    Entry { action: Action::Quit, name: "quit", word: "quit", help: "Leave; asks once while a sign-in is running",
        keys: &[Key::Char('q')], places: &[Start, Table], needs: None },
];

/// Every entry that works in a place, most useful first.
pub(super) fn entries_of_table(place: Place) -> impl Iterator<Item = &'static Entry> {
    ENTRIES
        .iter()
        .filter(move |entry| entry.places.contains(&place))
}

/// The whole table.
pub fn all() -> &'static [Entry] {
    ENTRIES
}
