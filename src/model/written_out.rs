//! The one place where a secret is written out: into a message for another process of this program.
//! Whoever asks for it names it (`#[serde(with = …)]`), and wipes the message after use.

/// For a [`Secret`](super::Secret) that is there.
pub(crate) mod secret_text {
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::model::Secret;

    pub(crate) fn serialize<S: Serializer>(secret: &Secret, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(secret.reveal())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Secret, D::Error> {
        String::deserialize(from).map(Secret::new)
    }
}

/// For one that may be there.
pub(crate) mod opt_secret_text {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::model::Secret;

    #[allow(clippy::ref_option)] // the shape serde asks for
    pub(crate) fn serialize<S: Serializer>(
        secret: &Option<Secret>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        secret.as_ref().map(Secret::reveal).serialize(to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<Secret>, D::Error> {
        Ok(Option::<String>::deserialize(from)?.map(Secret::new))
    }
}
