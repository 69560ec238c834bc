//! What the agent says of itself.

use std::path::Path;

use super::vault::PASSPHRASE_NEEDED;
use super::{Advice, exit};
use crate::model::{Seconds, Shown, Untrusted};

/// Why the vault is opened by a passphrase although an agent holds it open.
pub const GIVES_NO_KEY: &str =
    "The open agent gives out tokens, never the key: this needs the passphrase.";

/// What gives tokens to programs need not open the vault itself: the agent is named where a passphrase is needed.
#[must_use]
pub fn for_programs(mut advice: Advice) -> Advice {
    if advice.code == PASSPHRASE_NEEDED {
        advice.hint = Some("To keep it open for programs: valetkey agent start (where one runs: valetkey vault unlock). Or set VALETKEY_PASSPHRASE_FILE, or give --passphrase-fd; `token` asks with --interactive.".to_owned());
    }
    advice
}

/// It holds no key.
pub fn locked(by_person: bool) -> Advice {
    let (code, sentence) = if by_person {
        (LOCKED, "The agent is locked.")
    } else {
        (CLOSED, "The agent does not hold the vault open.")
    };
    Advice::new(code, exit::VAULT, sentence).hint("run: valetkey vault unlock")
}

/// A person locked it.
pub const LOCKED: &str = "agent-locked";
/// It was not opened yet, or its time is over.
pub const CLOSED: &str = "agent-closed";

/// Too many wrong keys came.
pub fn wait(left: Seconds) -> Advice {
    Advice::new(
        "agent-wait",
        exit::BUSY,
        format!(
            "The last key did not fit. The next one may be tried in {} s.",
            left.0
        ),
    )
}

/// The key is not the vault's.
pub fn wrong_key() -> Advice {
    Advice::new(
        "wrong-key",
        exit::VAULT,
        "This key does not open the vault.",
    )
}

/// Unlocking needs a key.
pub fn no_key() -> Advice {
    Advice::new(
        "no-key",
        exit::USAGE,
        "The agent was given no key to unlock with.",
    )
}

/// A message that is none.
pub fn not_understood() -> Advice {
    Advice::new(
        "not-understood",
        exit::USAGE,
        "The agent does not understand this message.",
    )
}

/// Another version of the protocol.
pub fn other_version(theirs: u32, ours: u32) -> Advice {
    Advice::new(
        "other-version",
        exit::OTHER,
        format!("The agent speaks version {ours} of its protocol, not {theirs}."),
    )
    .hint("Start it again after an upgrade: valetkey agent stop, valetkey agent start")
}

/// A message whose meaning is reserved.
pub fn not_supported() -> Advice {
    Advice::new(
        "not-supported",
        exit::USAGE,
        "This agent does not do that yet.",
    )
}

/// A question that was answered, or that nobody waits for any more.
pub fn settled() -> Advice {
    Advice::new(
        "settled",
        exit::OTHER,
        "Nobody waits for this answer any more.",
    )
}

/// Enough programs show questions.
pub fn too_many_watchers() -> Advice {
    Advice::new("too-many", exit::BUSY, "Too many programs watch the agent.")
}

/// Whoever asked has left.
pub fn gone() -> Advice {
    Advice::new("gone", exit::OTHER, "Whoever asked has left.")
}

/// No agent is there.
pub fn not_running() -> Advice {
    Advice::new("no-agent", exit::OTHER, "No agent is running.").hint("run: valetkey agent start")
}

/// Told on the desktop, once for each time a sign-in ends.
pub fn sign_in_needed(name: &str) -> String {
    format!("{name} needs a sign-in. Run: valetkey login {name}")
}

/// Another agent is alive.
pub fn taken() -> Advice {
    Advice::new("agent-runs", exit::BUSY, "An agent is running already.")
        .hint("See it with: valetkey agent status")
}

/// The system allows no socket there (conformance 2.I6).
pub fn socket_too_long(path: &Path, longest: usize) -> Advice {
    Advice::new(
        "socket-path",
        exit::OTHER,
        format!(
            "The path of the agent's socket has {} bytes; the system allows {longest}: {}",
            path.as_os_str().len(),
            shown(path)
        ),
    )
    .hint("Set XDG_RUNTIME_DIR or VALETKEY_HOME to a shorter folder.")
}

/// Something else lies in the place of the socket.
pub fn socket_occupied(path: &Path) -> Advice {
    Advice::new(
        "socket-occupied",
        exit::OTHER,
        format!(
            "Something that is no socket lies in its place: {}",
            shown(path)
        ),
    )
    .hint("Look at it, and take it away.")
}

/// Its folder is not private (conformance Y-01).
pub fn socket_folder(why: &Advice) -> Advice {
    Advice {
        code: "socket-not-private".into(),
        sentence: format!("The agent's socket would not be private. {}", why.sentence),
        ..why.clone()
    }
}

/// The system refuses.
pub fn socket_failed(cause: &str) -> Advice {
    Advice::new(
        "socket",
        exit::OTHER,
        format!("The agent's socket cannot be made: {cause}."),
    )
    .hint("valetkey paths tells where it lies.")
}

fn shown(path: &Path) -> Shown {
    Untrusted::new(path.to_string_lossy()).shown()
}

/// The socket is not ours (conformance Y-03).
pub fn other_user() -> Advice {
    Advice::new(
        "agent-other-user",
        exit::OTHER,
        "The agent belongs to another user. Nothing was sent to it.",
    )
    .hint("valetkey paths tells where its socket lies.")
}

/// It is frozen, or has too much to do.
pub fn silent() -> Advice {
    Advice::new("agent-silent", exit::BUSY, "The agent does not answer.")
        .hint("Look for its process, or try again.")
}

/// Its answer is none.
pub fn other_language() -> Advice {
    Advice::new(
        "agent-language",
        exit::OTHER,
        "The agent's answer is not understood. It may be of another version.",
    )
    .hint("Start it again: valetkey agent stop, valetkey agent start")
}

/// The connection to it broke.
pub fn broken() -> Advice {
    Advice::new(
        "agent-broken",
        exit::OTHER,
        "The connection to the agent broke.",
    )
    .hint("Try again; valetkey agent status tells whether it runs.")
}
