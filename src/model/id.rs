//! Identities that never change, as 128 random bits in lower-case hex.

use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub struct $name(String);

        impl $name {
            /// Makes an id of 16 random bytes; the caller owns the source of randomness.
            pub fn from_random(bytes: [u8; 16]) -> Self {
                let mut text = String::with_capacity(32);
                for byte in bytes {
                    use fmt::Write as _;
                    let _ = write!(text, "{byte:02x}");
                }
                Self(text)
            }

            /// Takes an id that this program wrote earlier; `None` when it is not one.
            pub fn parse(text: &str) -> Option<Self> {
                let ok = text.len() == 32
                    && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
                ok.then(|| Self(text.to_owned()))
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id!(
    /// A row of the table.
    ConnectionId
);
id!(
    /// A client at one provider.
    RegistrationId
);
id!(
    /// What a person approved once. A new sign-in makes a new grant.
    GrantId
);
id!(
    /// A revocation that waits.
    WaitingId
);
id!(
    /// One run of a sign-in. Late answers to another attempt are dropped.
    AttemptId
);
