//! The vault, this machine's clock and the surroundings, in words.

use super::{Check, State, about};
use crate::advice::{MEMORY_NOT_LOCKED, still_waits, version};
use crate::host::{Environment, FirstWay, MemoryLock, Signing, Suggestion};
use crate::model::{Seconds, UnixTime, Waiting};
use crate::vault::{Status, VaultError};

/// Providers that still take a sign-in for good which is over here.
pub(super) fn waiting(waiting: &[Waiting]) -> Check {
    let told: Vec<String> = waiting
        .iter()
        .map(|one| still_waits(one, UnixTime::rfc3339))
        .collect();
    Check::new("revocations", State::Warn, told.join(" ")).run("valetkey revoke --pending")
}

pub(super) fn vault(
    status: &Result<Option<Status>, VaultError>,
    backup_at: Option<UnixTime>,
    now: UnixTime,
) -> Check {
    let status = match status {
        Ok(Some(status)) => status,
        Ok(None) => {
            return Check::new(
                "vault",
                State::Ok,
                "none yet; it is made when there is first something to store",
            );
        }
        Err(error) => return Check::of_vault("vault", State::Fix, error),
    };
    if status.moved {
        return Check::new(
            "vault",
            State::Warn,
            "This vault was last used on another machine, or restored from a copy. Refreshing here may \
             end the sign-ins there. If the other copy is not used any more:",
        )
        .run("valetkey vault adopt");
    }
    if status.second_copies > 0 {
        return Check::new(
            "vault",
            State::Warn,
            format!(
                "{} came out of a backup. Two machines must not refresh the same sign-in; if the other machine \
                 does not use them any more:",
                match status.second_copies {
                    1 => "1 sign-in".to_owned(),
                    count => format!("{count} sign-ins"),
                }
            ),
        )
        .run("valetkey vault adopt");
    }
    let slots: Vec<&str> = status.slots.iter().map(|slot| slot.kind.as_str()).collect();
    let written = status.last_write.map_or(String::new(), |at| {
        format!(", last write {} ago", about(now.since(at)))
    });
    let words = format!(
        "{} slot, format {}{written}",
        slots.join(" and "),
        status.format
    );
    match backup_at {
        Some(at) => {
            let age = about(now.since(at));
            Check::new(
                "vault",
                State::Ok,
                format!("{words}, its copy is {age} old"),
            )
        }
        None => Check::new("vault", State::Warn, format!("{words}, no copy beside it")),
    }
}

/// Two programs may read their clocks a moment apart.
const A_MOMENT: Seconds = Seconds(60);

pub(super) fn behind_vault(span: Seconds) -> Check {
    if span <= A_MOMENT {
        // Beside the comparison with a provider, which is the `clock` where one is asked.
        let words = "this machine's clock is not behind the vault's last write";
        return Check::new("time", State::Ok, words);
    }
    Check::new(
        "time",
        State::Warn,
        format!(
            "This machine's clock is {} behind the vault's last write: it was set back, or was ahead \
             then.",
            about(span)
        ),
    )
}

pub(super) fn memory(lock: MemoryLock) -> Check {
    match lock {
        MemoryLock::Locked => Check::new(
            "memory",
            State::Ok,
            "secrets are kept out of the swap space",
        ),
        MemoryLock::Unavailable => Check::new("memory", State::Warn, MEMORY_NOT_LOCKED),
    }
}

pub(super) fn build(signing: Signing) -> Check {
    let version = version(signing);
    match signing {
        Signing::Development => Check::new(
            "build",
            State::Warn,
            format!("{version}: the keychain asks anew after each upgrade"),
        ),
        Signing::NotNeeded | Signing::By(_) => Check::new("build", State::Ok, version),
    }
}

pub(super) fn environment(environment: &Environment, first: Suggestion) -> Check {
    let facts = [
        (environment.ssh.is_some(), "SSH session"),
        (environment.wsl, "WSL"),
        (environment.container, "container"),
        (environment.display, "a display"),
        (!environment.display, "no display"),
        (environment.browser_variable, "BROWSER is set"),
        (
            environment.wishes.browser,
            "a browser is named in config.toml",
        ),
        (environment.tmux, "tmux"),
        (environment.screen, "screen"),
        (environment.mosh, "mosh"),
        (environment.sudo, "sudo"),
        (environment.remote_editor, "remote editor"),
        (!environment.others.is_empty(), "other users are logged in"),
    ];
    let facts: Vec<&str> = facts
        .into_iter()
        .filter(|(there, _)| *there)
        .map(|(_, word)| word)
        .collect();
    let way = match first.way {
        FirstWay::Browser => "the browser of this machine comes first",
        FirstWay::Paste if first.reason == "settings" => "pasting comes first",
        FirstWay::Forward if first.reason == "settings" => "a forwarded port comes first",
        FirstWay::Device if first.reason == "settings" => "a code comes first, where it is offered",
        _ if !environment.others.is_empty() => "a code or pasting come first",
        _ if environment.ssh.is_some() => "a code, a forwarded port or pasting come first",
        _ => "a code or pasting come first",
    };
    let why = match first.reason {
        "settings" => "config.toml says so",
        "browser_variable" => "somebody named one",
        "others" => "other users of this machine could reach a port on it",
        "ssh" => "a page opened here would open where nobody looks",
        "wsl" => "WSL opens the one of Windows",
        "desk" => "a page can open here",
        _ => "no page can open here",
    };
    Check::new(
        "environment",
        State::Ok,
        format!("{}; {way}, because {why}", facts.join(", ")),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t_08_doctor_warns_of_a_build_that_the_keychain_does_not_know_again() {
        let check = build(Signing::Development);
        assert_eq!(check.state, State::Warn);
        assert!(
            check.words.contains("development build, not signed"),
            "{}",
            check.words
        );
        assert_eq!(build(Signing::By("Developer ID")).state, State::Ok);
    }
}
