//! What is odd about an answer that was taken all the same.

use crate::oauth::Note;

/// Told once, when a sign-in is done; `None` where the provider's named quirk says it already, or where it
/// is of no use to anybody.
pub fn remark(note: Note) -> Option<&'static str> {
    match note {
        Note::LifetimeNotUnderstood => Some(
            "The provider said something about the token's lifetime that makes no sense, so the token is used \
             until it is refused.",
        ),
        Note::RefreshTokenEmpty => {
            Some("The provider sent an empty refresh token, so this sign-in cannot be renewed.")
        }
        Note::TokenTypeMissing
        | Note::IntervalDefaulted
        | Note::IntervalCut
        | Note::DeviceLifetimeCut
        | Note::DirectAddressDropped
        | Note::OldAddressName => None,
    }
}
