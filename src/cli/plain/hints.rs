//! What to do next, as it is typed here: advice for a shell names the same thing by another word.

use super::super::setup::Setup;
use super::editing::CLIENT_SECRET;
use super::menu::{Action, numbered};
use crate::model::ConnectionId;

/// Where the person stands when a hint is heard, and may type what it says.
#[derive(Clone, Copy)]
pub(super) enum Place<'a> {
    /// At the list; what was done there was done with this connection.
    List(Option<&'a ConnectionId>),
    /// In the menu of this one.
    Menu(&'a ConnectionId),
}

/// What a command in an advice is here, and what for; the first that fits a command counts.
const HERE: [(&str, Action, &str); 8] = [
    ("--scope", Action::Scopes, "To ask for other scopes"),
    // A test read that is not there yet is one of the settings.
    ("test-url=", Action::Edit, "To add one"),
    ("valetkey login", Action::SignIn, "To sign in"),
    ("valetkey refresh", Action::Refresh, "To refresh"),
    ("valetkey edit", Action::Edit, "To change it"),
    ("valetkey remove", Action::End, "To delete it"),
    (
        "valetkey revoke",
        Action::End,
        "To tell it again, or no more",
    ),
    ("valetkey show", Action::Details, "To see more"),
];

const PRESETS: &str = "a alone asks for a service; ? there lists them all.";

/// What is at hand here without a command.
const AT_HAND: [&str; 2] = ["valetkey list", "valetkey add"];

impl Place<'_> {
    /// The lines that say here what a hint says to somebody in a shell.
    pub(super) fn lines(self, setup: &Setup, hint: &str) -> Vec<String> {
        let lines = said(hint, |action| self.way(setup, action));
        lines.unwrap_or_default()
    }

    /// What is typed here for it, if it is there to be chosen.
    fn way(self, setup: &Setup, action: Action) -> Option<String> {
        let (Self::List(Some(id)) | Self::Menu(id)) = self else {
            return Some(format!("{} and its number", action.letter()?));
        };
        let connection = setup.engine.connection_by_id(id).ok()?;
        let offered = numbered(setup, &connection).ok()?;
        let (_, words) = offered.into_iter().find(|(one, _)| *one == action)?;
        let name = &connection.name;
        Some(match (self, action.letter()) {
            (Self::Menu(_), _) => words,
            (_, Some(letter)) => format!("{letter} {name}"),
            (_, None) => format!("{name}, then {words}"),
        })
    }
}

/// `None`: it says nothing of use here.
fn said(hint: &str, way: impl Fn(Action) -> Option<String>) -> Option<Vec<String>> {
    let Some((prose, _)) = hint.split_once("valetkey ") else {
        return (!hint.is_empty() && !hint.contains("--")).then(|| vec![hint.to_owned()]);
    };
    let outside = || Some(vec![hint.replace("run: ", "In a shell: ")]);
    let mut ways = Vec::new();
    for command in hint.split(" or: ") {
        let fits = |(word, _, _): &&(&str, Action, &str)| command.contains(word);
        let Some((_, action, purpose)) = HERE.iter().find(fits) else {
            continue;
        };
        let Some(way) = way(*action) else {
            return outside();
        };
        let then = setting(command).map_or(String::new(), |field| format!(", then {field}"));
        let line = format!("{purpose}: {way}{then}");
        if !ways.contains(&line) {
            ways.push(line);
        }
    }
    if ways.is_empty() {
        if hint.contains("valetkey presets") {
            return Some(vec![PRESETS.to_owned()]);
        }
        // A vault or a keychain is mended outside.
        let at_hand = AT_HAND.iter().any(|command| hint.contains(command));
        return if at_hand { None } else { outside() };
    }
    let prose = prose
        .trim_end_matches("run: ")
        .trim_end_matches([' ', ':', '(']);
    let prose = (!prose.is_empty()).then(|| format!("{prose}."));
    Some(prose.into_iter().chain(ways).collect())
}

/// The field that a command would change, and its value where one is named.
fn setting(command: &str) -> Option<String> {
    let (_, rest) = command.split_once("valetkey edit ")?;
    let word = rest.split_whitespace().nth(1)?.trim_end_matches(')');
    if word == "--client-secret-file" {
        return Some(CLIENT_SECRET.to_owned());
    }
    let (field, value) = word.split_once('=')?;
    let any = value.chars().all(char::is_uppercase);
    Some(if any {
        field.to_owned()
    } else {
        format!("{field}, {value}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_names_what_can_be_typed_where_it_is_heard() {
        let menu = |action: Action| {
            let number = if action == Action::SignIn { 3 } else { 9 };
            Some(number.to_string())
        };
        let told = |hint: &str| said(hint, menu).unwrap_or_default();
        for (hint, lines) in [
            ("Try again.", &["Try again."][..]),
            ("run: valetkey login a", &["To sign in: 3"]),
            (
                "run: valetkey login a --scope \"b c\"",
                &["To ask for other scopes: 9"],
            ),
            (
                "run: valetkey refresh a   or: valetkey login a",
                &["To refresh: 9", "To sign in: 3"],
            ),
            (
                "If it has one: valetkey edit NAME introspection-url=URL",
                &["If it has one.", "To change it: 9, then introspection-url"],
            ),
            (
                "Send it that way (valetkey edit NAME auth=basic) and sign in again.",
                &["Send it that way.", "To change it: 9, then auth, basic"],
            ),
            (
                "run: valetkey edit NAME --client-secret-file FILE",
                &["To change it: 9, then client-secret"],
            ),
            (
                "run: valetkey revoke --pending   or: valetkey revoke a --drop",
                &["To tell it again, or no more: 9"],
            ),
            (
                "A test-url only reads; edit adds it: valetkey edit a test-url=URL   or once: valetkey test a --url URL",
                &[
                    "A test-url only reads; edit adds it.",
                    "To add one: 9, then test-url",
                ],
            ),
            (
                "run: valetkey vault status",
                &["In a shell: valetkey vault status"],
            ),
            (
                "See them all: valetkey presets. Or give --token-url.",
                &[PRESETS],
            ),
            ("run: valetkey list", &[]),
            ("Give --token-url.", &[]),
            ("", &[]),
        ] {
            assert_eq!(told(hint), lines, "{hint}");
        }
        // Whatever is gone from here is left to a shell.
        assert_eq!(
            said("run: valetkey revoke --pending", |_| None),
            Some(vec!["In a shell: valetkey revoke --pending".to_owned()])
        );
    }
}
