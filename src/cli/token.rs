//! `token`: a fresh access token on stdout and nothing else.

use std::ffi::OsString;

use serde_json::json;

use super::args::Token;
use super::failed::Failed;
use super::obtain::{self, Given, obtain, write_down};
use super::setup::{self, Setup};
use super::{output, passphrase};
use crate::advice::agent::{CLOSED, for_programs};
use crate::advice::{NOBODY_TO_ASK, advise, exit};
use crate::agent::client::{Client, Told, Wanted};
use crate::engine::{Error, is_ready};
use crate::host::{Clock as _, OsKeychain, Paths, SystemClock};
use crate::model::{Connection, Policy, Seconds, Secret, UnixTime, Untrusted};
use crate::settings::wants_agent;
use crate::vault::{Home, SlotKind, Unlock, Vault, VaultError};

/// `valetkey token NAME` with nothing else, a valid token at hand and a key slot that opens by
/// itself: printed before parser, runtime, TLS and logging start. Everything else, errors included,
/// takes the ordinary way.
pub(super) fn fast(arguments: &[OsString]) -> Option<u8> {
    let [_, command, name] = arguments else {
        return None;
    };
    let name = name
        .to_str()
        .filter(|name| command == "token" && !name.starts_with('-'))?;
    if output::stdout_is_terminal() {
        return None;
    }
    let paths = setup::paths().ok()?;
    if let Some(answered) = by_agent(&paths, name) {
        return Some(answered);
    }
    let home = setup::disk_home(&paths);
    Some(match valid_token(&home, name)? {
        Ok((connection, token)) => match output::data(token.reveal()) {
            Ok(()) => {
                let (id, name) = (&connection.id, connection.name.as_str());
                // Nobody asked to be told of a line that could not be written.
                let _ = write_down(&home, SystemClock.now(), id, name);
                exit::OK
            }
            Err(_) => exit::OTHER,
        },
        Err(error) => {
            let failed = Failed(for_programs(advise(&error)));
            super::tell(&failed, false);
            failed.0.exit
        }
    })
}

/// What the agent says, printed. It is asked once: a person who said no is not asked again. `None`: the
/// ordinary way is needed, without it or to ask a person here.
fn by_agent(paths: &Paths, name: &str) -> Option<u8> {
    let mut client = Client::connect(&paths.run).ok()??;
    if !wants_agent(&paths.config) {
        return None;
    }
    let wanted = Wanted {
        name,
        ..Wanted::default()
    };
    match client.token(&wanted).ok()? {
        Told::Yes(given) => {
            for note in &given.notes {
                let note = Untrusted::new(note.as_str()).shown();
                output::note(&format!("valetkey: {note}"));
            }
            Some(match output::data(given.token.reveal()) {
                Ok(()) => exit::OK,
                Err(_) => exit::OTHER,
            })
        }
        Told::No(advice) if [CLOSED, NOBODY_TO_ASK].contains(&&*advice.code) => None,
        Told::No(advice) => {
            let code = advice.exit;
            super::tell(&Failed(advice), false);
            Some(code)
        }
    }
}

/// An error only of the keychain, which is not asked twice: the desktop would ask its person twice.
fn valid_token(home: &Home, name: &str) -> Option<Result<(Connection, Secret), Error>> {
    let mut vault = Vault::open(home).ok()??;
    let connection = vault.connection(name).ok()??;
    let allowed = connection.serving.policy == Policy::Allow;
    if !allowed || !is_ready(&vault, &connection, None, &SystemClock) {
        return None;
    }
    let slots = vault.status().ok()?.slots;
    let has = |kind| slots.iter().any(|slot| slot.kind == kind);
    let passphrase = passphrase::brought(None).ok().flatten();
    if let Some(passphrase) = passphrase.filter(|_| has(SlotKind::Passphrase)) {
        vault.unlock(Unlock::Passphrase(&passphrase)).ok()?;
    }
    if !vault.is_unlocked() && has(SlotKind::Keychain) {
        match vault.unlock(Unlock::Keychain(&OsKeychain::new(false))) {
            Err(VaultError::Keychain(why)) if has(SlotKind::Passphrase) => {
                return Some(Err(Error::PassphraseNeeded(why)));
            }
            Err(error @ VaultError::Keychain(_)) => return Some(Err(error.into())),
            other => other.ok()?,
        }
    }
    let token = vault.access_token(&connection).ok()??;
    Some(Ok((connection, token)))
}

pub(super) fn run(setup: &Setup, token: &Token) -> Result<(), Failed> {
    if !token.show {
        refuse_terminal("Pipe it, or use --show.")?;
    }
    if let Some(name) = &token.env {
        check_variable(name)?;
    }
    let given = obtain(
        setup,
        &obtain::Wanted {
            name: &token.name,
            min_valid: token.min_valid.map(Seconds),
            resource: token.resource.as_deref(),
            interactive: token.interactive,
        },
    )?;
    print(token, &given)?;
    given.handed_out(setup);
    Ok(())
}

/// Known before anything is spent: a token is not printed on a screen by accident (Y-10).
pub(super) fn refuse_terminal(otherwise: &str) -> Result<(), Failed> {
    if output::stdout_is_terminal() {
        return Err(Failed::usage(
            "terminal",
            "Refusing to print a token on a screen, where it stays in the scrollback.",
            otherwise,
        ));
    }
    Ok(())
}

/// What every shell takes as the name of a variable.
pub(super) fn check_variable(name: &str) -> Result<(), Failed> {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) || !name.chars().all(fits)
    {
        return Err(Failed::usage(
            "env",
            "This is not a name of a variable.",
            "Letters, digits and `_` only.",
        ));
    }
    Ok(())
}

fn print(token: &Token, given: &Given) -> Result<(), Failed> {
    let text = given.token.reveal();
    if token.json {
        return Ok(output::json(&json!({
            "version": 1,
            "connection": given.name,
            "access_token": text,
            "token_type": "Bearer",
            "expires_at": given.expires_at.map(UnixTime::rfc3339),
            "scopes": given.scopes,
            "resources": given.resources,
            "binding": null,
            "refreshed": given.refreshed,
        }))?);
    }
    let line = match (&token.env, token.header) {
        // Tokens are visible ASCII; a quote in one must not end the shell's string.
        (Some(name), _) => format!("{name}='{}'", text.replace('\'', r"'\''")),
        (None, true) => format!("Authorization: Bearer {text}"),
        (None, false) => text.to_owned(),
    };
    Ok(output::data(&line)?)
}
