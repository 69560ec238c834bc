//! Asking which scopes to request: what is known of them, and an answer that can be corrected.

use super::failed::Failed;
use super::prompt::{prompt, yes};
use super::setup::{self, Setup};
use super::{catalogue, output};
use crate::advice;
use crate::model::{Connection, ScopeSet, Untrusted};
use crate::provider::{ScopeHelp, ends_with_its_token, narrower};
use crate::sandbox::SCOPES;

/// What is known of the scopes of a connection's provider.
pub(super) fn known(setup: &Setup, connection: &Connection) -> Vec<ScopeHelp> {
    if setup.practice_provider().is_some() {
        return of_practice();
    }
    let Ok(paths) = setup::paths() else {
        return Vec::new();
    };
    // What is wrong with the person's own presets is told where presets are chosen.
    let catalogue = catalogue::quiet(&paths.config);
    let preset = catalogue.find(&connection.provider.id);
    preset.map_or_else(Vec::new, |preset| preset.known_scopes().to_vec())
}

/// Those of the pretend service.
pub(super) fn of_practice() -> Vec<ScopeHelp> {
    let known = |(name, meaning): &(&str, &str)| ScopeHelp {
        name: (*name).to_owned(),
        help: (*meaning).to_owned(),
        // It keeps people signed in without it.
        broad: *name == "offline_access",
        narrower: None,
    };
    SCOPES.iter().map(known).collect()
}

/// Asks until the answer will do. `usual` is what enter alone requests; `held` is what there is to add to;
/// `commas`: this provider puts commas between scopes.
pub(super) fn ask(
    known: &[ScopeHelp],
    usual: &ScopeSet,
    held: &ScopeSet,
    commas: bool,
) -> Result<ScopeSet, Failed> {
    tell(known);
    output::note(if known.is_empty() {
        "Names with spaces between are the whole list; +NAME adds one, -NAME leaves one out."
    } else {
        "Names with spaces between are the whole list; +NAME adds one, -NAME leaves one out; ? lists them."
    });
    output::note(&if usual.is_empty() {
        "Enter alone asks for none.".to_owned()
    } else {
        format!("Enter alone asks for: {usual}")
    });
    loop {
        let text = prompt("Scopes: ", "")?;
        if text == "?" {
            tell(known);
            if known.is_empty() {
                let words = "None are known here. The service's documentation names them.";
                output::note(words);
            }
            continue;
        }
        let scopes = match understood(&text, usual, held, commas) {
            Ok(scopes) => scopes,
            Err(problem) => {
                output::note(&format!("  {problem}. Once more:"));
                continue;
            }
        };
        let strange: Vec<&str> = scopes
            .iter()
            .map(|scope| scope.as_str())
            .filter(|scope| !known.is_empty() && !usual.iter().any(|one| one.as_str() == *scope))
            .filter(|scope| !known.iter().any(|known| known.name == *scope))
            .collect();
        if strange.is_empty()
            || yes(
                &format!("Not in the list: {}. Request it anyway?", strange.join(" ")),
                false,
            )?
        {
            if let Some(first) = narrower(known, &scopes).first() {
                output::note(&first.told(advice::narrower));
            }
            if ends_with_its_token(known, &scopes) {
                output::note(advice::WITHOUT_OFFLINE_ACCESS);
            }
            return Ok(scopes);
        }
    }
}

fn tell(known: &[ScopeHelp]) {
    let wide = known.iter().map(|scope| scope.name.chars().count()).max();
    for scope in known {
        let broad = if scope.broad { "broad: " } else { "" };
        output::item(&format!(
            "  {:<wide$}  {broad}{}",
            Untrusted::new(&*scope.name).shown(),
            Untrusted::new(&*scope.help).shown(),
            wide = wide.unwrap_or(0).min(30),
        ));
    }
}

/// A list, or changes to what is held.
fn understood(
    text: &str,
    usual: &ScopeSet,
    held: &ScopeSet,
    commas: bool,
) -> Result<ScopeSet, String> {
    let words: Vec<&str> = text
        .split_whitespace()
        .map(|word| word.trim_matches(','))
        .filter(|word| !word.is_empty())
        .collect();
    let change = |word: &&str| word.starts_with(['+', '-']);
    let changes = !words.is_empty() && words.iter().all(change);
    if !changes && words.iter().any(change) {
        return Err("Put + or - before each name, or before none".to_owned());
    }
    let wanted: Vec<&str> = if words.is_empty() {
        usual.iter().map(|scope| scope.as_str()).collect()
    } else if changes {
        let kept = held.iter().map(|scope| scope.as_str()).filter(|scope| {
            !words
                .iter()
                .any(|word| word.strip_prefix('-') == Some(scope))
        });
        let more = words.iter().filter_map(|word| word.strip_prefix('+'));
        kept.chain(more).collect()
    } else {
        words
    };
    ScopeSet::typed(&wanted.join(" "), commas).map_err(|problem| problem.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b_05_scopes_are_listed_added_or_left_out() {
        let usual = ScopeSet::parse("profile items:read").expect("scopes");
        for (typed, wanted) in [
            ("", "profile items:read"),
            ("email", "email"),
            ("items:read, email", "items:read email"),
            ("+email", "profile items:read email"),
            ("-profile +email", "items:read email"),
        ] {
            let wanted = ScopeSet::parse(wanted).expect("scopes");
            let understood = understood(typed, &usual, &usual, false);
            assert_eq!(understood, Ok(wanted), "{typed}");
        }
        let two = ScopeSet::parse("a b").expect("scopes");
        assert_eq!(understood("a,b", &usual, &usual, true), Ok(two));
        // Changes are made to what is held, where that is more than what was asked for.
        let none = ScopeSet::default();
        let more = ScopeSet::parse("profile items:read email").expect("scopes");
        assert_eq!(understood("+email", &none, &usual, false), Ok(more));
        assert_eq!(understood("", &none, &usual, false), Ok(none));
        for refused in [
            "a,b",
            "\u{201c}profile\u{201d}",
            "+email items:read",
            "email -profile",
        ] {
            assert!(
                understood(refused, &usual, &usual, false).is_err(),
                "{refused}"
            );
        }
    }
}
