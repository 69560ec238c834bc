//! What the machine, its keychain and its clock bring up, and faults of the program itself.

use super::{Advice, exit};
use crate::host::{Fault, Scarce};
use crate::model::Untrusted;

/// Told while the desktop asks its person to unlock the keychain.
pub const KEYCHAIN_WAIT: &str =
    "Waiting for your keychain, at most 2 minutes. Your desktop may be asking you to unlock it.";

/// Told after it where a passphrase would do too.
pub const KEYCHAIN_INSTEAD: &str = "Press enter to use a passphrase instead.";

/// Told once when tokens were looked at again because the time of day was set (conformance J-11).
pub const CLOCK_MOVED: &str = "System clock moved; tokens rechecked.";

/// The limit for locked memory is too small.
pub const MEMORY_NOT_LOCKED: &str = "Memory locking is unavailable, so the swap space may come to hold secrets. To \
     change that, raise the limit: ulimit -l 512";

/// Where the vault's key will live, for the first start. Nothing is asked of the keychain yet.
pub fn key_place(ssh: bool) -> &'static str {
    if ssh {
        "Sign-ins are stored encrypted. This is an SSH session: where no keychain answers, you choose \
         a passphrase when the first sign-in is stored."
    } else {
        "Sign-ins are stored encrypted. Your keychain holds the key; where there is none, you choose \
         a passphrase when the first sign-in is stored."
    }
}

/// What to tell when the system gives the process too little to work with. Nothing was begun.
pub fn scarce(scarce: Scarce) -> Advice {
    match scarce {
        Scarce::Files { limit } => Advice::new(
            "file-limit",
            exit::OTHER,
            format!(
                "This process may open only {limit} files at a time, and {} are needed. Nothing was changed.",
                Scarce::FILES
            ),
        )
        .hint("Raise the limit and try again: ulimit -n 256"),
        Scarce::Threads => Advice::new(
            "process-limit",
            exit::OTHER,
            "The system lets you start no more threads. Nothing was changed.",
        )
        .hint("End some other programs, or raise the limit (ulimit -u), and try again."),
    }
}

/// What to tell about a fault of the program itself, line by line: nothing of what it was working on.
pub fn fault(fault: &Fault) -> [String; 2] {
    let told = format!(
        "valetkey: Internal error {} at {}. What was stored is kept.",
        fault.code, fault.place
    );
    let next = match &fault.note {
        Some(note) => {
            let note = Untrusted::new(note.to_string_lossy()).shown();
            format!(
                "  Try again. If it comes back, report it with this note, which holds no secret: {note}"
            )
        }
        None => "  Try again. If it comes back, report it with these two lines.".to_owned(),
    };
    [told, next]
}
