//! `agent start|stop|status|unit`, and `vault unlock|lock`, which speak to it.

use std::path::PathBuf;

use serde_json::json;

use super::args::{AgentCommand, AgentStart, Cli};
use super::failed::Failed;
use super::output;
use super::setup::{self, Setup};
use crate::advice::doctor::AgentFound;
use crate::advice::{Advice, agent as words, exit};
use crate::agent::client::{Client, ClientError, Told};
use crate::agent::{Options, StartError, Status, key_text, start, start_here};
use crate::engine::{Error, VaultFacts};
use crate::model::{Seconds, UnixTime, Untrusted, span};
use crate::vault::VaultKey;

pub(super) fn run(cli: &Cli, command: &AgentCommand) -> Result<(), Failed> {
    match command {
        AgentCommand::Start(options) => begin(cli, options),
        AgentCommand::Stop => stop(),
        AgentCommand::Status { json } => status(*json),
        AgentCommand::Unit => unit(),
    }
}

fn begin(cli: &Cli, wish: &AgentStart) -> Result<(), Failed> {
    let paths = setup::paths()?;
    let limit = |text: &Option<String>, flag: &str| -> Result<Option<Seconds>, Failed> {
        let read = text.as_deref().map(span).transpose();
        read.map_err(|problem| {
            Failed::usage(
                "span",
                format!("{flag}: {problem}."),
                "See valetkey agent start --help",
            )
        })
    };
    let options = Options {
        lifetime: limit(&wish.lifetime, "--lifetime")?,
        idle_exit: limit(&wish.idle_exit, "--idle-exit")?,
    };
    if let Some(status) = running()? {
        output::note(&format!(
            "An agent is running already (process {}).",
            status.pid
        ));
        if !status.unlocked {
            output::note("  It does not hold the vault open. run: valetkey vault unlock");
        }
        return Ok(());
    }
    let setup = Setup::new(cli)?;
    let open = !wish.locked && open_if_possible(&setup)?;
    let home = setup.home.clone();
    let here = wish.foreground;
    let begun = |key: Option<&VaultKey>| {
        if here {
            Err(start_here(&home, &paths.run, key, options))
        } else {
            start(&home, &paths.run, key, options)
        }
    };
    let begun = if open {
        setup.engine.with_key(|key| begun(Some(key)))?
    } else {
        begun(None)
    };
    begun.map_err(refused)?;
    if let Some(status) = running()? {
        output::note(&format!(
            "The agent is running (process {}). {}",
            status.pid,
            state(&status)
        ));
        if !setup.agent {
            output::note("  Nothing here asks it: config.toml says `agent = false`.");
        }
    }
    Ok(())
}

/// Whether the vault is open now. Without anybody to ask, an agent that begins closed is better than none.
fn open_if_possible(setup: &Setup) -> Result<bool, Failed> {
    if matches!(setup.engine.vault_facts()?, VaultFacts::NotMade) {
        output::note("There is no vault yet; the agent begins closed.");
        return Ok(false);
    }
    match setup.open_vault() {
        Ok(()) => Ok(true),
        Err(failed) if failed.0.exit == exit::VAULT && !setup.asks() => {
            output::note(&format!("valetkey: {}", failed.0.sentence));
            output::note("  The agent begins closed. run: valetkey vault unlock");
            Ok(false)
        }
        Err(failed) => Err(failed),
    }
}

fn refused(error: StartError) -> Failed {
    match error {
        StartError::Refused(advice) => Failed(advice),
        StartError::Process(error) => Error::from(error).into(),
        StartError::Memory => Failed::usage(
            "ephemeral",
            "A vault in memory ends with its process, so no agent can hold it open.",
            "Start it without --ephemeral.",
        ),
    }
}

fn stop() -> Result<(), Failed> {
    match client()? {
        Some(mut client) => {
            told(client.stop())?;
            output::note("The agent has stopped.");
        }
        None => output::note("No agent is running."),
    }
    Ok(())
}

fn status(as_json: bool) -> Result<(), Failed> {
    let Some(status) = running()? else {
        return Err(Failed(words::not_running()));
    };
    if as_json {
        return Ok(output::json(&json!({
            "version": 1,
            "running": true,
            "pid": status.pid,
            "program": status.program,
            "unlocked": status.unlocked,
            "locked_by_person": status.locked_by_person,
            "started_at": status.started_at.rfc3339(),
            "locks_at": status.locks_at.map(UnixTime::rfc3339),
            "served": status.served,
            "turned_away": status.turned_away,
            "clients": status.clients,
            "waiting": status.waiting,
            "ahead": status.ahead,
            "need_sign_in": status.need_sign_in,
            "memory_kib": status.memory_kib,
        }))?);
    }
    let program = Untrusted::new(status.program.as_str()).shown();
    output::data(&format!(
        "Agent    process {}, version {program}, since {}",
        status.pid,
        status.started_at.rfc3339()
    ))?;
    output::data(&format!("Vault    {}", state(&status)))?;
    output::data(&format!("Tokens   {} given out", status.served))?;
    if status.turned_away > 0 {
        output::data(&format!(
            "Refused  {} connections of other users",
            status.turned_away
        ))?;
    }
    if status.ahead > 0 {
        output::data(&format!(
            "Ahead    renews the tokens of {} connections",
            status.ahead
        ))?;
    }
    if status.waiting > 0 {
        output::data(&format!(
            "Waiting  {} questions for you, in the table",
            status.waiting
        ))?;
    }
    for name in &status.need_sign_in {
        let name = Untrusted::new(name.as_str()).shown();
        output::data(&format!("Sign in  valetkey login {name}"))?;
    }
    if let Some(memory) = status.memory_kib {
        output::data(&format!("Memory   {memory} KiB"))?;
    }
    Ok(())
}

fn state(status: &Status) -> String {
    match (status.unlocked, status.locked_by_person, status.locks_at) {
        (true, _, Some(end)) => format!("It holds the vault open until {}.", end.rfc3339()),
        (true, _, None) => "It holds the vault open.".to_owned(),
        (false, true, _) => "It is locked.".to_owned(),
        (false, false, _) => "It does not hold the vault open.".to_owned(),
    }
}

/// A unit for the person's own service manager.
fn unit() -> Result<(), Failed> {
    let program = std::env::current_exe()
        .map_err(|_| Failed::from(Error::Internal("this program's path is not known")))?;
    Ok(output::data(&unit_text(&program))?)
}

fn unit_text(program: &std::path::Path) -> String {
    // systemd.service(5): percent signs and quotes have a meaning there.
    let program = program
        .to_string_lossy()
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('%', "%%")
        .replace('$', "$$");
    format!(
        "# Save as ~/.config/systemd/user/valetkey-agent.service, then:\n\
         #   systemctl --user enable --now valetkey-agent\n\
         [Unit]\n\
         Description=Valetkey agent, which holds the vault open and serves tokens\n\
         \n\
         [Service]\n\
         Type=exec\n\
         ExecStart=\"{program}\" agent start --foreground\n\
         Restart=on-failure\n\
         LimitCORE=0\n\
         LimitMEMLOCK=8M\n\
         NoNewPrivileges=yes\n\
         \n\
         [Install]\n\
         WantedBy=default.target"
    )
}

/// Hands the vault's key to the agent.
pub(super) fn unlock(setup: &Setup) -> Result<(), Failed> {
    let Some(mut client) = client()? else {
        return Err(Failed(words::not_running()));
    };
    if told(client.status())?.unlocked {
        output::note("The agent holds the vault open already.");
        return Ok(());
    }
    if matches!(setup.engine.vault_facts()?, VaultFacts::NotMade) {
        return Err(Error::Vault(crate::vault::VaultError::NotMade).into());
    }
    setup.open_vault()?;
    let key = setup.engine.with_key(key_text)?;
    // Typing a passphrase takes longer than a client may be silent.
    let Some(mut client) = self::client()? else {
        return Err(Failed(words::not_running()));
    };
    told(client.unlock(key))?;
    output::note("The agent holds the vault open.");
    Ok(())
}

/// Has the agent forget the vault's key.
pub(super) fn lock() -> Result<(), Failed> {
    match client()? {
        Some(mut client) => {
            told(client.lock())?;
            output::note("The agent is locked. It gives out no token until: valetkey vault unlock");
        }
        None => output::note("No agent is running, so nothing is held open."),
    }
    Ok(())
}

/// Whether one runs and holds the vault open.
pub(super) fn is_open() -> bool {
    matches!(running(), Ok(Some(status)) if status.unlocked)
}

/// How it stands, for `doctor`.
pub(super) fn found() -> AgentFound {
    match running() {
        Ok(None) => AgentFound::Absent,
        Ok(Some(status)) if status.unlocked => AgentFound::Open(status.locks_at),
        Ok(Some(status)) if status.locked_by_person => AgentFound::Locked,
        Ok(Some(_)) => AgentFound::Closed,
        Err(failed) => AgentFound::Useless(failed.0),
    }
}

fn running() -> Result<Option<Status>, Failed> {
    match client()? {
        Some(mut client) => match client.status() {
            // It ended at this moment.
            Err(ClientError::Broken(_)) => Ok(None),
            other => told(other).map(Some),
        },
        None => Ok(None),
    }
}

fn client() -> Result<Option<Client>, Failed> {
    let run: PathBuf = setup::paths()?.run;
    Client::connect(&run).map_err(|error| of_no_use(&error))
}

fn told<T>(told: Result<Told<T>, ClientError>) -> Result<T, Failed> {
    match told {
        Ok(Told::Yes(value)) => Ok(value),
        Ok(Told::No(advice)) => Err(Failed(advice)),
        Err(error) => Err(of_no_use(&error)),
    }
}

/// Why a running agent is of no use.
fn of_no_use(error: &ClientError) -> Failed {
    Failed(unreachable(error))
}

/// The same, to note and go on without it.
pub(super) fn unreachable(error: &ClientError) -> Advice {
    match error {
        ClientError::OtherUser => words::other_user(),
        ClientError::Silent => words::silent(),
        ClientError::NotUnderstood => words::other_language(),
        ClientError::Broken(_) => words::broken(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unit_survives_a_strange_path() {
        let text = unit_text(std::path::Path::new("/opt/100% \"mine\"/valetkey"));
        assert!(
            text.contains(
                "ExecStart=\"/opt/100%% \\\"mine\\\"/valetkey\" agent start --foreground\n"
            ),
            "{text}"
        );
    }
}
