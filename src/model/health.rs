//! How healthy a connection is: one word, a reason, the next step (DESIGN section 2).

use serde::Serialize;

use super::{EndReason, Expiry, Grant, Problem, ProblemKind, UnixTime};

/// The state word of a row. Always drawn with a glyph, never by colour alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub enum Health {
    #[serde(rename = "signing in")]
    SigningIn,
    #[serde(rename = "needs sign-in")]
    NeedsSignIn,
    #[serde(rename = "error")]
    Error,
    #[serde(rename = "offline")]
    Offline,
    #[serde(rename = "expired")]
    Expired,
    #[serde(rename = "expiring")]
    Expiring,
    #[serde(rename = "untested")]
    Untested,
    #[serde(rename = "connected")]
    Connected,
}

impl Health {
    pub fn word(self) -> &'static str {
        match self {
            Self::SigningIn => "signing in",
            Self::NeedsSignIn => "needs sign-in",
            Self::Error => "error",
            Self::Offline => "offline",
            Self::Expired => "expired",
            Self::Expiring => "expiring",
            Self::Untested => "untested",
            Self::Connected => "connected",
        }
    }
}

/// Health with the reason behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    pub health: Health,
    /// A fixed token for scripts (`reason` in JSON); `None` when there is nothing to explain.
    pub reason: Option<&'static str>,
    /// One sentence of our own for people.
    pub message: Option<String>,
}

/// A grant without a refresh token is `expiring` when less than this is left, in seconds.
const EXPIRING_SECONDS: u64 = 15 * 60;

impl Verdict {
    /// The first that is true wins, in the order of DESIGN section 2.
    pub fn of(
        grant: Option<&Grant>,
        ended: Option<EndReason>,
        problem: Option<&Problem>,
        signing_in: bool,
        now: UnixTime,
    ) -> Self {
        if signing_in {
            return Self::plain(Health::SigningIn);
        }
        let Some(grant) = grant else {
            return Self::needs_sign_in(ended);
        };
        if let Some(end) = ended {
            return Self::needs_sign_in(Some(end));
        }
        if grant.ends_at.is_some_and(|end| end <= now) {
            return Self::needs_sign_in(Some(EndReason::EndedByProvider));
        }
        if let Some(problem) = problem {
            return match problem.kind {
                ProblemKind::Configuration => Self::because(
                    Health::Error,
                    "configuration",
                    format!(
                        "The provider refuses this configuration: {}.",
                        problem.detail.shown()
                    ),
                ),
                ProblemKind::Transport => Self::because(
                    Health::Offline,
                    "transport",
                    format!(
                        "The last try failed: {}. The sign-in is kept.",
                        problem.detail.shown()
                    ),
                ),
            };
        }
        if grant.expiry.passed(now) {
            return if grant.has_refresh_token {
                Self::because(
                    Health::Expired,
                    "renews",
                    "The access token has expired; it renews by itself when used.".to_owned(),
                )
            } else {
                Self::because(
                    Health::NeedsSignIn,
                    "expired",
                    "The access token has expired and there is no refresh token; sign in again."
                        .to_owned(),
                )
            };
        }
        if grant
            .ends_at
            .is_some_and(|end| nearly_over(end, grant.signed_in_at, now))
        {
            return Self::because(
                Health::Expiring,
                "grant-ends",
                "The sign-in itself ends soon; sign in again before that.".to_owned(),
            );
        }
        if let (Expiry::At(end), false) = (grant.expiry, grant.has_refresh_token)
            && nearly_over(end, grant.issued_at, now)
        {
            return Self::because(
                Health::Expiring,
                "no-refresh-token",
                "Access ends soon and cannot be renewed; then sign in again.".to_owned(),
            );
        }
        if grant.proved_at.is_none() {
            return Self::because(
                Health::Untested,
                "untested",
                "Not used since the sign-in; test it.".to_owned(),
            );
        }
        Self::plain(Health::Connected)
    }

    /// The same of a connection without a test read: nobody is told to test what cannot be tested.
    #[must_use]
    pub fn without_test_read(self) -> Self {
        match self.health {
            Health::Untested => Self {
                message: Some("Signed in; the first use shows that it works.".to_owned()),
                ..self
            },
            _ => self,
        }
    }

    fn plain(health: Health) -> Self {
        Self {
            health,
            reason: None,
            message: None,
        }
    }

    fn because(health: Health, reason: &'static str, message: String) -> Self {
        Self {
            health,
            reason: Some(reason),
            message: Some(message),
        }
    }

    fn needs_sign_in(end: Option<EndReason>) -> Self {
        let (reason, message) = match end {
            None => ("never-signed-in", "Nobody has signed in yet."),
            Some(EndReason::EndedByProvider) => (
                "ended-by-provider",
                "The provider ended this sign-in: it was revoked, expired or used elsewhere.",
            ),
            Some(EndReason::RevokedByYou) => ("revoked-by-you", "You revoked this sign-in."),
            Some(EndReason::VaultKeyGone) => (
                "vault-key-gone",
                "The vault key is gone, and this sign-in with it.",
            ),
            Some(EndReason::RefreshInterrupted) => (
                "refresh-interrupted",
                "A refresh was interrupted, and the provider no longer accepts the old token.",
            ),
            Some(EndReason::AccountChanged) => (
                "account-changed",
                "The provider switched the account during a refresh; that was stopped.",
            ),
            Some(EndReason::EndpointsChanged) => (
                "endpoints-changed",
                "An address was changed, which parked this sign-in: its tokens will not be sent there.",
            ),
        };
        Self::because(Health::NeedsSignIn, reason, message.to_owned())
    }
}

/// Less than 15 minutes or less than 10 % of the whole life is left, whichever is shorter of the two
/// for short lives: a five-minute token is not "expiring" from birth.
fn nearly_over(end: UnixTime, start: UnixTime, now: UnixTime) -> bool {
    let left = end.since(now).0;
    let life = end.since(start).0;
    if life <= EXPIRING_SECONDS {
        left * 10 < life
    } else {
        left < EXPIRING_SECONDS || left * 10 < life
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{GrantId, Untrusted};

    fn grant() -> Grant {
        Grant {
            id: GrantId::from_random([1; 16]),
            granted: None,
            account: None,
            signed_in_at: UnixTime(0),
            expiry: Expiry::At(UnixTime(3600)),
            issued_at: UnixTime(0),
            in_use: None,
            has_refresh_token: true,
            rotates: None,
            ends_at: None,
            proved_at: Some(UnixTime(1)),
            tested_at: None,
            generation: 1,
        }
    }

    fn word(grant: Option<&Grant>, end: Option<EndReason>, now: i64) -> &'static str {
        Verdict::of(grant, end, None, false, UnixTime(now))
            .health
            .word()
    }

    #[test]
    fn design_2_the_first_that_is_true_wins() {
        let g = grant();
        assert_eq!(word(None, None, 0), "needs sign-in");
        assert_eq!(
            word(Some(&g), Some(EndReason::RevokedByYou), 0),
            "needs sign-in"
        );
        assert_eq!(word(Some(&g), None, 10), "connected");
        assert_eq!(word(Some(&g), None, 3600), "expired");
        let problem = Problem {
            kind: ProblemKind::Transport,
            detail: Untrusted::new("x"),
            at: UnixTime(0),
        };
        assert_eq!(
            Verdict::of(Some(&g), None, Some(&problem), false, UnixTime(3600)).health,
            Health::Offline
        );
        assert_eq!(
            Verdict::of(Some(&g), None, Some(&problem), true, UnixTime(3600)).health,
            Health::SigningIn
        );
        let untested = Grant {
            proved_at: None,
            ..grant()
        };
        assert_eq!(word(Some(&untested), None, 10), "untested");
    }

    #[test]
    fn only_what_can_be_tested_is_said_to_want_a_test() {
        let said = |proved_at, tested| {
            let grant = Grant {
                proved_at,
                ..grant()
            };
            let verdict = Verdict::of(Some(&grant), None, None, false, UnixTime(10));
            let verdict = if tested {
                verdict
            } else {
                verdict.without_test_read()
            };
            verdict.message.unwrap_or_default()
        };
        assert!(said(None, true).contains("test it"));
        let first_use = "Signed in; the first use shows that it works.";
        assert_eq!(said(None, false), first_use);
        assert_eq!(said(Some(UnixTime(1)), false), "", "it is connected");
    }

    #[test]
    fn j_16_without_a_refresh_token_the_end_is_announced() {
        let g = Grant {
            has_refresh_token: false,
            ..grant()
        };
        assert_eq!(word(Some(&g), None, 3000), "expiring");
        assert_eq!(word(Some(&g), None, 2000), "connected");
        assert_eq!(word(Some(&g), None, 3600), "needs sign-in");
        assert_eq!(word(Some(&grant()), None, 3599), "connected");
    }
}
