//! What is wrong in the person's settings, in words.

use super::doctor::{Check, State};
use crate::settings::{Loaded, Told};

/// One sentence for the first thing that is wrong, and where the rest is told.
pub fn in_short(loaded: &Loaded) -> Option<String> {
    let found = &loaded.found;
    let first = found.problems.iter().chain(&found.warnings).next()?;
    let more = match found.problems.len() + found.warnings.len() - 1 {
        0 => String::new(),
        more => format!(" ({more} more: valetkey doctor)"),
    };
    Some(format!("{}.{more}", first.shown()))
}

/// The lines of the report: what is wrong, or that nothing is.
pub fn checks(loaded: &Loaded) -> Vec<Check> {
    let line = |state, told: &Told| Check::new("settings", state, told.shown());
    let found = &loaded.found;
    let problems = found.problems.iter().map(|told| line(State::Fix, told));
    let warnings = found.warnings.iter().map(|told| line(State::Warn, told));
    let mut checks: Vec<Check> = problems.chain(warnings).collect();
    if checks.is_empty() {
        let at = crate::model::Untrusted::new(loaded.path.to_string_lossy()).shown();
        let words = if loaded.there {
            format!("{at}, read as it stands")
        } else {
            format!("{at} is not there; everything is at its default")
        };
        checks.push(Check::new("settings", State::Ok, words));
    }
    checks
}
