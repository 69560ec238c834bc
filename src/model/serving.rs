//! How programs get the tokens of a connection.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::Seconds;

/// What a person decided about handing out tokens of one connection (conformance Y-06, Y-08).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Serving {
    /// Whether a program gets one.
    pub policy: Policy,
    /// How long after the vault was unlocked the agent serves it; `None`: as long as it is open.
    pub lifetime: Option<Seconds>,
    /// The agent renews its token before anybody asks.
    pub ahead: bool,
}

/// Whether a program that asks gets a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Policy {
    /// It does.
    #[default]
    Allow,
    /// A person is asked each time.
    Confirm,
    /// A person is asked once for each terminal session.
    ConfirmSession,
    /// It does not.
    Deny,
}

impl Policy {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Allow, Self::Confirm, Self::ConfirmSession, Self::Deny];

    /// The word on the command line and in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Confirm => "confirm",
            Self::ConfirmSession => "confirm-session",
            Self::Deny => "deny",
        }
    }

    /// By its word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|policy| policy.word() == word)
    }
}

/// What is stored and not known here counts as [`Policy::Deny`]: a newer version may have meant anything by
/// it, and nobody meant to allow more (bad input F20).
impl<'de> Deserialize<'de> for Policy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let stored = Value::deserialize(deserializer)?;
        let known = stored.as_str().and_then(Self::parse);
        Ok(known.unwrap_or(Self::Deny))
    }
}

impl Serving {
    /// Nothing was decided.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn y_06_a_policy_has_one_word_everywhere() {
        for policy in Policy::ALL {
            assert_eq!(Policy::parse(policy.word()), Some(policy));
            let json = serde_json::to_value(policy).expect("json");
            assert_eq!(json, policy.word());
        }
        assert_eq!(Policy::parse("Allow"), None);
    }

    #[test]
    fn f20_a_stored_policy_that_is_not_known_is_the_most_restrictive() {
        let stored = |policy: Value| {
            let serving = serde_json::json!({ "policy": policy, "ahead": true });
            serde_json::from_value::<Serving>(serving).expect("readable")
        };
        for policy in Policy::ALL {
            assert_eq!(stored(policy.word().into()).policy, policy);
        }
        for unknown in [
            Value::from("ask-the-boss"),
            "Allow".into(),
            " allow".into(),
            "".into(),
            Value::Null,
            true.into(),
            0.into(),
            serde_json::json!(["allow"]),
            serde_json::json!({ "allow": true }),
        ] {
            let serving = stored(unknown.clone());
            assert_eq!(serving.policy, Policy::Deny, "{unknown}");
            assert!(serving.ahead, "the rest holds");
        }
        let silent: Serving = serde_json::from_str("{}").expect("readable");
        assert_eq!(silent.policy, Policy::Allow, "nothing was decided");
    }
}
