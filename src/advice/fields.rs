//! What a field of a definition wants, for somebody who is new to OAuth. Each fits two lines of 56 cells.

use crate::engine::Field;

/// In a sentence or two.
pub fn about(field: Field) -> &'static str {
    match field {
        Field::Authorization => {
            "The page where you sign in and approve. The provider's developer pages name it, under OAuth 2.0."
        }
        Field::Token => {
            "Where your approval is swapped for tokens. It stands beside the authorization URL."
        }
        Field::Device => {
            "Optional. Gives out a short code to type on another device, where there is no browser here."
        }
        Field::Revocation => {
            "Optional. Where a sign-in is ended, so that its tokens die at the provider too."
        }
        Field::Introspection => {
            "Optional, and not used yet. Where a server looks up whether a token is still alive."
        }
        Field::Userinfo => "Optional. Says whose account it is, so that the table can name it.",
        Field::Issuer => {
            "Optional. The sign-in server's own name, an https address; answers are checked against it."
        }
        Field::TestRead => {
            "Optional. An address of the API that only reads, such as /user. It proves that the token works."
        }
        Field::Redirect => {
            "Where the browser brings the answer: this machine. Register it there exactly as it stands."
        }
        Field::ClientId => {
            "What the provider calls your app; you get it by registering one there. It is no secret."
        }
        Field::Auth => {
            "How the client secret is sent. PKCE is a one-time proof, which needs no secret."
        }
        Field::Scopes => "What this connection may touch, with blanks between.",
        Field::Policy => "What happens when a program asks for this connection's token.",
        Field::Lifetime => {
            "For how long the agent hands it out after the vault was opened, for example 8h or 2d."
        }
        Field::Ahead => {
            "Whether the agent renews the token before it ends, so that no program waits for it."
        }
        Field::Authority => {
            "Optional. A PEM file: the certificate of an authority of your own, beside those this machine trusts."
        }
    }
}

/// A client secret.
pub const SECRET: &str = "The password of your app, not yours. The provider shows it beside the client ID, if it gives one.";

/// The passphrase of a vault that is there already.
pub const PASSPHRASE: &str = "It is the one you chose for this vault, and opens your sign-ins. It is not shown. Ctrl-C stops.";

/// The passphrase of a backup.
pub const BACKUP_PASSPHRASE: &str =
    "It is the one that was chosen when this backup was written. It is not shown. Ctrl-C stops.";

/// Where no client secret is needed.
pub const NO_SECRET: &str =
    "PKCE, a one-time proof, does its work. Add a secret only if the provider insists.";
