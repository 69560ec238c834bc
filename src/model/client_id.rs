//! A client ID, which is kept exactly as it was given (RFC 6749 section 2.2 leaves its form to the provider).

/// Whether a blank stands in it, seen or unseen: nearly always it was copied along.
pub fn has_blanks(client_id: &str) -> bool {
    client_id.chars().any(char::is_whitespace)
}
