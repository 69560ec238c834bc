//! Scopes that a resource wants and a sign-in lacks: what to ask for then, and how often (RFC 6750 section 3.1,
//! conformance C-05). All faces follow this one rule.

use super::failure::{Error, FailureKind};
use crate::model::{ScopeSet, Untrusted};

/// Sign-ins in a row that ask for what a resource wants. One that always wants more gets no third.
const ROUNDS: u32 = 2;

/// What is remembered of one connection, in memory, until a test read works.
#[derive(Debug, Clone, Default)]
pub struct StepUp {
    /// Named by the resource, and not asked for since.
    wanted: ScopeSet,
    /// Sign-ins that asked for them and changed nothing.
    rounds: u32,
}

/// What can be done for a test read that was refused for want of scopes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remedy {
    /// Sign in again.
    SignIn {
        /// What the sign-in lacks.
        missing: ScopeSet,
        /// What to ask for: what was asked for before, and that.
        union: ScopeSet,
    },
    /// Nothing: it was asked for, and the resource still refuses.
    NotGranted {
        /// What the sign-in lacks.
        missing: ScopeSet,
    },
}

impl StepUp {
    /// A test read failed. `None`: not for want of scopes, or of none that a person can be asked about.
    /// `requested`, `granted`: those of the connection; `granted` is `None` where nobody stated them.
    pub fn refused(
        &mut self,
        error: &Error,
        requested: &ScopeSet,
        granted: Option<&ScopeSet>,
    ) -> Option<Remedy> {
        let wanted = challenged(error)?;
        let none = ScopeSet::default();
        let lacking = wanted.without(granted.unwrap_or(&none));
        // Granted, and refused all the same: they are named as the resource named them.
        let missing = if lacking.is_empty() {
            wanted.clone()
        } else {
            lacking
        };
        if self.rounds >= ROUNDS {
            return Some(Remedy::NotGranted { missing });
        }
        let all = joined(&self.wanted, &wanted);
        let union = joined(previous(requested, granted), &all).bounded().ok()?;
        self.wanted = all;
        Some(Remedy::SignIn { missing, union })
    }

    /// A sign-in that asked for `asked` was accepted.
    pub fn signed_in(&mut self, asked: &ScopeSet) {
        if !self.wanted.is_empty() && self.wanted.without(asked).is_empty() {
            self.rounds += 1;
            self.wanted = ScopeSet::default();
        }
    }

    /// What a person who chooses scopes begins with: what is `requested`, and what a resource wants too.
    #[must_use]
    pub fn proposed(&self, requested: &ScopeSet, granted: Option<&ScopeSet>) -> ScopeSet {
        if self.wanted.is_empty() {
            return requested.clone();
        }
        joined(previous(requested, granted), &self.wanted)
    }
}

/// What the resource named, if it can be asked for: scopes, and no more than a person is shown.
fn challenged(error: &Error) -> Option<ScopeSet> {
    let Error::Provider(failure) = error else {
        return None;
    };
    let FailureKind::MoreScope(text) = &failure.kind else {
        return None;
    };
    let scopes = ScopeSet::parse(text.raw()).and_then(ScopeSet::bounded);
    scopes
        .ok()
        .filter(|scopes| !scopes.is_empty())
        .filter(|scopes| {
            let line = scopes.to_string();
            Untrusted::new(&*line).shown().as_str() == line
        })
}

/// Whoever asked for none has the provider's usual ones, and must not lose them.
fn previous<'a>(requested: &'a ScopeSet, granted: Option<&'a ScopeSet>) -> &'a ScopeSet {
    match granted {
        Some(granted) if requested.is_empty() => granted,
        _ => requested,
    }
}

fn joined(one: &ScopeSet, other: &ScopeSet) -> ScopeSet {
    one.iter().chain(other.iter()).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::super::failure::{Endpoint, ProviderFailure};
    use super::*;

    fn scopes(text: &str) -> ScopeSet {
        ScopeSet::parse(text).expect("scopes")
    }

    fn wants(text: &str) -> Error {
        let mut failure =
            ProviderFailure::status(Endpoint::Test, "api.example.com".to_owned(), 403);
        failure.kind = FailureKind::MoreScope(Untrusted::new(text));
        failure.into()
    }

    fn sign_in(missing: &str, union: &str) -> Remedy {
        Remedy::SignIn {
            missing: scopes(missing),
            union: scopes(union),
        }
    }

    #[test]
    fn c_05_the_union_keeps_what_there_is_and_names_what_is_missing() {
        for (requested, granted, wanted, missing, union) in [
            ("a", Some("a"), "b", "b", "a b"),
            ("a", Some("a"), "a b", "b", "a b"),
            ("a", None, "a b", "a b", "a b"),
            // Asked for and not granted, or granted and refused all the same.
            ("a b", Some("a"), "b", "b", "a b"),
            ("a b", Some("a b"), "b", "b", "a b"),
            // The provider's usual ones are kept.
            ("", Some("a"), "b", "b", "a b"),
            ("", None, "b", "b", "b"),
        ] {
            let granted = granted.map(scopes);
            let mut state = StepUp::default();
            let remedy = state.refused(&wants(wanted), &scopes(requested), granted.as_ref());
            assert_eq!(
                remedy,
                Some(sign_in(missing, union)),
                "{requested} {wanted}"
            );
            let proposed = state.proposed(&scopes(requested), granted.as_ref());
            assert_eq!(proposed, scopes(union));
        }
    }

    #[test]
    fn c_05_what_several_challenges_named_is_asked_for_together() {
        let mut state = StepUp::default();
        let has = scopes("a");
        state.refused(&wants("b"), &has, Some(&has));
        let remedy = state.refused(&wants("c"), &has, Some(&has));
        assert_eq!(remedy, Some(sign_in("c", "a b c")));
    }

    #[test]
    fn c_05_two_sign_ins_that_asked_for_it_are_the_end() {
        let mut state = StepUp::default();
        let (has, union) = (scopes("a"), scopes("a b"));
        for _ in 0..2 {
            let remedy = state.refused(&wants("b"), &has, Some(&has));
            assert_eq!(remedy, Some(sign_in("b", "a b")));
            // One that asked for less is none of them, nor a second one without a test read between.
            state.signed_in(&has);
            state.signed_in(&union);
            state.signed_in(&union);
        }
        for wanted in ["b", "c"] {
            assert_eq!(
                state.refused(&wants(wanted), &union, Some(&has)),
                Some(Remedy::NotGranted {
                    missing: scopes(wanted)
                })
            );
            assert_eq!(state.proposed(&union, Some(&has)), union);
        }
    }

    #[test]
    fn c_05_what_is_no_list_of_scopes_or_too_long_to_be_shown_is_not_offered() {
        let has = scopes("a");
        let many: Vec<String> = (0..1001).map(|number| format!("s{number}")).collect();
        for text in [
            "",
            " ",
            "a\"b",
            "write\u{202e}",
            "write\u{1b}[2J",
            &many.join(" "),
            &"x".repeat(5000),
        ] {
            let mut state = StepUp::default();
            assert_eq!(state.refused(&wants(text), &has, None), None, "{text:?}");
            assert_eq!(state.proposed(&has, None), has);
        }
        // Nor what was refused for another reason.
        let other = ProviderFailure::status(Endpoint::Test, "api.example.com".to_owned(), 403);
        let mut state = StepUp::default();
        assert_eq!(state.refused(&other.into(), &has, None), None);
    }
}
