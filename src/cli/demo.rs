//! `demo` and `sandbox`: practice without any real service.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::catalogue::{self, LaterCatalogue};
use super::failed::Failed;
use super::practice::{CLIENT_ID, PracticeBrowser, practice_definition};
use super::to_file::write_file;
use super::{look, output, runtime, setup};
use crate::advice::{self, advise};
use crate::engine::{AttemptEvent, Change, Engine, Error, SignInOptions, StepState, World};
use crate::host::{Environment, OsKeychain, SystemClock};
use crate::model::{Expiry, Secret};
use crate::provider::Catalogue;
use crate::sandbox::{Behaviour, Options, SCOPES, Sandbox, Tls};
use crate::settings::Settings;
use crate::vault::Home;

/// What the terminal interface is started with.
pub struct TuiParts {
    /// With its vault as it stands; nothing is unlocked yet.
    pub engine: Engine,
    /// The presets to choose from, the person's own ones among them.
    pub catalogue: LaterCatalogue,
    /// Brought along in a file or descriptor; tried before the person is asked.
    pub passphrase: Option<Secret>,
    /// Open the wizard at once.
    pub wizard: Option<WizardStart>,
    pub settings: Settings,
    /// Where they and the presets are read again; none in practice.
    pub config: Option<PathBuf>,
    /// What is wrong in them, in a sentence.
    pub warning: Option<String>,
    /// Where an agent's socket may lie, whose questions are shown; none in practice.
    pub run: Option<PathBuf>,
    /// The practice provider, running as long as this lives, with its runtime.
    pub practice: Option<Practice>,
}

impl TuiParts {
    /// The same table once more, after something else was shown; none of practice, which keeps nothing.
    pub fn again(&self) -> Option<Self> {
        if self.practice.is_some() {
            return None;
        }
        Some(Self {
            engine: self.engine.clone(),
            // What is wrong with the person's own presets was told the first time.
            catalogue: Box::new(|| {
                setup::paths().map_or_else(
                    |_| Catalogue::built_in().clone(),
                    |paths| catalogue::quiet(&paths.config),
                )
            }),
            passphrase: self.passphrase.as_ref().map(Secret::duplicate),
            wizard: None,
            settings: self.settings.clone(),
            config: self.config.clone(),
            warning: None,
            run: self.run.clone(),
            practice: None,
        })
    }
}

/// Where the wizard begins: at this preset, or at its first question.
pub struct WizardStart(pub Option<String>);

/// A running practice provider.
pub struct Practice {
    /// For approving in its place.
    pub sandbox: Arc<Sandbox>,
    /// It runs on this.
    pub runtime: tokio::runtime::Runtime,
}

fn start(port: u16, tls: Tls, behaviour: Behaviour) -> Result<Practice, Failed> {
    let runtime = runtime()?;
    let options = Options {
        port,
        tls,
        behaviour,
        ..Options::default()
    };
    let sandbox = runtime.block_on(Sandbox::start(options)).map_err(|error| {
        Failed::usage(
            "sandbox",
            format!("The practice provider cannot start: {}.", error.kind()),
            "Choose another --port.",
        )
    })?;
    Ok(Practice {
        sandbox: Arc::new(sandbox),
        runtime,
    })
}

/// Practice with the terminal interface: the person's real browser, plain http on this machine so that
/// the browser needs no certificate.
pub(super) fn parts(port: u16, settings: Settings) -> Result<TuiParts, Failed> {
    let practice = start(port, Tls::Off, Behaviour::default())?;
    let world = World {
        clock: Arc::new(SystemClock),
        keychain: Arc::new(OsKeychain::new(false)),
        jobs_here: true,
        ..setup::world(&settings, false)
    };
    let engine = Engine::open(world, Home::Memory)?;
    Ok(TuiParts {
        engine,
        catalogue: Box::new(Catalogue::default),
        passphrase: None,
        wizard: None,
        settings,
        config: None,
        warning: None,
        run: None,
        practice: Some(practice),
    })
}

/// `sandbox`: the practice provider alone, until it is interrupted.
pub(super) fn sandbox(
    port: u16,
    switches: &[String],
    http: bool,
    ca_file: Option<&Path>,
) -> Result<(), Failed> {
    if switches.iter().any(|switch| switch == "help") {
        return Ok(output::data(&Behaviour::known())?);
    }
    let behaviour = Behaviour::parse(switches).map_err(|error| {
        // The list of all switches stands in the error too; it is too long for a sentence.
        let text = error.to_string();
        let first = text.lines().next().unwrap_or_default();
        let first = first.trim_end_matches("; known are:");
        Failed::usage(
            "behaviour",
            format!("{}.", crate::model::Untrusted::new(first).shown()),
            "See every switch: valetkey sandbox --behaviour help",
        )
    })?;
    let practice = start(port, if http { Tls::Off } else { Tls::Own }, behaviour)?;
    // Before anybody is told that it runs: a signal from then on ends it in order.
    let signals = {
        let _inside = practice.runtime.enter();
        crate::host::defer_signals()
    };
    let authority = practice.sandbox.ca_pem();
    if let (Some(pem), Some(path)) = (&authority, ca_file) {
        write_file(path, pem.as_bytes(), true)?;
    }
    let base = practice.sandbox.url();
    output::data(base)?;
    output::note("Practice provider. Nothing here is real. Stop it with Ctrl-C.");
    for (what, path) in [
        ("authorization URL", "/authorize"),
        ("token URL", "/token"),
        ("device URL", "/device_authorization"),
        ("revocation URL", "/revoke"),
        ("test read URL", "/me"),
        ("metadata", "/.well-known/oauth-authorization-server"),
    ] {
        output::note(&format!("  {what:<18} {base}{path}"));
    }
    output::note(&format!(
        "  {:<18} {CLIENT_ID}   (public, any loopback port)",
        "client ID"
    ));
    let scopes: Vec<&str> = SCOPES.iter().map(|(scope, _)| *scope).collect();
    output::note(&format!("  {:<18} {}", "scopes", scopes.join(" ")));
    match (authority, ca_file) {
        (Some(_), Some(path)) => {
            output::note(&format!("  {:<18} {}", "authority", output::path(path)));
        }
        (Some(pem), None) => {
            output::note("  trust this authority for the connection (--ca-file, which");
            output::note("  `valetkey sandbox --write-ca FILE` writes):");
            output::note(pem.trim_end());
        }
        (None, _) => {}
    }
    practice.runtime.block_on(async {
        if let Ok([mut hangup, mut interrupt, mut terminate]) = signals {
            tokio::select! {
                _ = hangup.recv() => {}
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        }
    });
    Ok(())
}

/// `demo --auto`: the whole story over TLS, without a terminal or a browser. Every line was checked
/// before it is printed; anything unexpected ends with exit 1.
pub(super) fn auto(port: u16) -> Result<(), Failed> {
    let practice = start(port, Tls::Own, Behaviour::default())?;
    let world = World {
        clock: Arc::new(SystemClock),
        browser: Arc::new(PracticeBrowser {
            sandbox: practice.sandbox.clone(),
            runtime: practice.runtime.handle().clone(),
        }),
        keychain: Arc::new(OsKeychain::new(false)),
        // The played browser is here, whatever this machine has.
        environment: Environment {
            browser_variable: true,
            ..Environment::default()
        },
        jobs_here: true,
    };
    let engine = Engine::open(world, Home::Memory)?;
    practice.runtime.block_on(story(&engine, &practice.sandbox))
}

async fn story(engine: &Engine, sandbox: &Sandbox) -> Result<(), Failed> {
    output::data("Practice. Nothing here is real and nothing is kept.")?;
    output::data(&format!("Provider   {}", sandbox.url()))?;
    let id = engine.add(practice_definition(sandbox.url(), sandbox.ca_pem())?)?;
    let name = engine.connection_by_id(&id)?.name.to_string();
    output::data(&format!("Added      {name}, in memory"))?;

    let mut changes = engine.subscribe();
    let attempt = engine.sign_in(
        &id,
        SignInOptions {
            test: true,
            ..SignInOptions::default()
        },
    )?;
    let outcome = attempt.outcome().await;
    while let Ok(change) = changes.try_recv() {
        let Change::Attempt { event, .. } = change else {
            continue;
        };
        match event {
            AttemptEvent::Step {
                step,
                state: StepState::Done,
                detail,
            } => {
                let detail = detail.map_or(String::new(), |detail| format!("  {detail}"));
                output::data(&format!("  ✓ {}{detail}", step.word()))?;
            }
            AttemptEvent::Ignored(what) => {
                output::data(&format!("  – {}", advice::ignored(&what).1))?;
            }
            _ => {}
        }
    }
    let outcome = outcome.map_err(|error| Failed::from(&*error))?;
    let account = outcome
        .account
        .as_ref()
        .map_or("nobody".to_owned(), ToString::to_string);
    let granted = outcome
        .granted
        .as_ref()
        .map_or("as requested".to_owned(), ToString::to_string);
    output::data(&format!(
        "Connected  as {account}; requested {}; granted {granted}",
        outcome.requested
    ))?;

    let first = engine.fresh_token(&name, None).await?;
    check(
        sandbox.accepts_access(first.token.reveal()),
        "the provider knows the token",
    )?;
    let expiry = first
        .connection
        .grant
        .as_ref()
        .map_or(Expiry::NotStated, |grant| grant.expiry);
    output::data(&format!(
        "Token      {}, expires {}",
        masked(&first.token),
        look::expires(expiry, engine.now())
    ))?;

    let report = engine.test(&name, None).await?;
    check(report.status == 200, "the test read succeeds")?;
    output::data(&format!(
        "Test       {} from {}",
        report.status, report.authority
    ))?;

    engine.refresh(&id).await?;
    let second = engine.fresh_token(&name, None).await?;
    check(
        !first.token.same(&second.token),
        "the refresh brought another token",
    )?;
    check(
        sandbox.reuse_events().is_empty(),
        "no refresh token was spent twice",
    )?;
    output::data(&format!(
        "Refreshed  {}; the old refresh token is spent, the new one stored",
        masked(&second.token)
    ))?;

    engine.revoke(&id).await?;
    check(
        !sandbox.accepts_access(second.token.reveal()),
        "the provider refuses the revoked token",
    )?;
    check(
        sandbox.live_refresh_tokens().is_empty(),
        "no refresh token is left alive",
    )?;
    output::data("Revoked    at the provider; the definition stays")?;

    match engine.fresh_token(&name, None).await {
        Err(error @ Error::NeedsSignIn { .. }) => {
            output::data(&format!("Then       {}", advise(&error).sentence))?;
        }
        _ => return Err(broken("a revoked connection needs a new sign-in")),
    }
    output::data("Done. Try it yourself: valetkey demo")?;
    Ok(())
}

fn check(holds: bool, what: &'static str) -> Result<(), Failed> {
    if holds { Ok(()) } else { Err(broken(what)) }
}

fn broken(what: &'static str) -> Failed {
    Failed::from(Error::Internal(what))
}

/// Never a prefix of the token: only that there is one, and how long it is.
fn masked(token: &Secret) -> String {
    format!("•••• ({} characters)", token.len())
}
