//! `login`: a sign-in told line by line, or as JSON lines.

use std::io::BufRead as _;

use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::args::Login;
use super::failed::Failed;
use super::setup::{Setup, prompt};
use super::{output, runtime};
use crate::advice::{self, advise};
use crate::engine::{
    Answer, Attempt, AttemptEvent, Change, Ignored, Outcome, Question, SignInOptions, Step,
    StepState, Way,
};
use crate::host::HiddenLines;
use crate::model::{AttemptId, ScopeSet, Seconds, Secret, UnixTime};

impl Login {
    /// As `add --sign-in` runs it.
    pub(super) fn plain(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            device: false,
            no_browser: false,
            paste: false,
            timeout: None,
            accept_wider: false,
            accept_account: false,
            json: false,
        }
    }

    /// As `token --interactive` runs it.
    pub(super) fn interactive(name: &str) -> Self {
        Self::plain(name)
    }
}

pub(super) fn run(setup: &Setup, login: &Login) -> Result<(), Failed> {
    let ready = || {
        let connection = setup.engine.connection(&login.name)?;
        setup.open_vault()?;
        Ok((connection.id, runtime()?))
    };
    match ready() {
        Ok((id, runtime)) => runtime.block_on(story(setup, login, &id)),
        Err(failed) if login.json => Err(failed_early(setup, failed)),
        Err(failed) => Err(failed),
    }
}

/// Failures before the attempt began speak the same language as it.
fn failed_early(setup: &Setup, failed: Failed) -> Failed {
    let advice = &failed.0;
    // The reader may be gone; the exit code still tells.
    let _ = output::json(&json!({
        "version": 1, "attempt": null, "at": setup.engine.now().rfc3339(), "event": "failed",
        "step": null, "code": advice.code, "message": advice.sentence, "fixes": [],
        "exit": advice.exit,
    }));
    failed
}

async fn story(
    setup: &Setup,
    login: &Login,
    id: &crate::model::ConnectionId,
) -> Result<(), Failed> {
    let mut changes = setup.engine.subscribe();
    let options = SignInOptions {
        device: login.device,
        no_browser: login.no_browser || login.paste,
        timeout: login.timeout.map(Seconds),
        accept_wider: login.accept_wider,
        accept_account: login.accept_account,
        test: false,
    };
    let attempt = setup.engine.sign_in(id, options)?;
    let teller = Teller {
        login,
        attempt: attempt.id.clone(),
        setup,
    };
    let mut pastes = Pastes::open(login);
    let mut signals = Signals::new()?;
    loop {
        tokio::select! {
            change = changes.recv() => {
                let Some(change) = change else { break };
                if teller.change(&attempt, change).await? {
                    break;
                }
            }
            Some(text) = pastes.next() => attempt.remote.paste(text),
            () = signals.next() => attempt.remote.cancel(),
        }
    }
    drop(pastes);
    attempt
        .outcome()
        .await
        .map(|_| ())
        .map_err(|error| Failed::from(&*error))
}

/// Tells what happens, in words or as JSON lines.
struct Teller<'a> {
    login: &'a Login,
    attempt: AttemptId,
    setup: &'a Setup,
}

impl Teller<'_> {
    /// Tells one change; true when it was the attempt's last.
    async fn change(&self, attempt: &Attempt, change: Change) -> Result<bool, Failed> {
        let Change::Attempt {
            attempt: id, event, ..
        } = change
        else {
            return Ok(false);
        };
        if id != self.attempt {
            return Ok(false);
        }
        if self.login.json {
            if let Some(line) = self.json(&event) {
                output::json(&line)?;
            }
        } else {
            self.words(attempt, &event).await;
        }
        match event {
            AttemptEvent::Asked(question) => {
                attempt.remote.answer(self.decide(&question));
                Ok(false)
            }
            AttemptEvent::Done { .. } | AttemptEvent::Failed { .. } | AttemptEvent::Cancelled => {
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    async fn words(&self, attempt: &Attempt, event: &AttemptEvent) {
        match event {
            AttemptEvent::Step {
                step: Step::Browser,
                state: StepState::Done,
                detail,
            } => {
                let browser = detail.as_deref().unwrap_or("the browser");
                output::note(&if self.takes_pastes() {
                    format!(
                        "Opening your browser ({browser}). If it can't reach this machine, paste here the whole\naddress it ends on (it is not shown)."
                    )
                } else {
                    format!("Opening your browser ({browser}).")
                });
            }
            AttemptEvent::Step {
                step: Step::Browser,
                state: StepState::Skipped,
                ..
            } if !self.login.device => {
                self.no_browser_here(attempt).await;
            }
            AttemptEvent::Step {
                step: Step::Approve,
                state: StepState::Active,
                ..
            } => {
                output::note("Waiting for your approval.");
            }
            AttemptEvent::Way(way) => way_in_words(way),
            AttemptEvent::Ignored(Ignored::Unrelated { .. }) => {}
            AttemptEvent::Ignored(what) => output::note(&advice::ignored(what).1),
            AttemptEvent::Done { outcome } => output::note(&Self::done(outcome)),
            _ => {}
        }
    }

    /// The ways of a machine without a browser, in words.
    async fn no_browser_here(&self, attempt: &Attempt) {
        if let Some(url) = attempt.remote.start_url(false).await {
            output::note(&format!("Open this in a browser on this machine:\n  {url}"));
        }
        if !self.takes_pastes() {
            return;
        }
        if let Some(url) = attempt.remote.authorization_url().await {
            output::note(&format!(
                "Or in a browser anywhere else:\n  {}\nApprove; the browser then fails to load a page: paste its whole address here (it is not\nshown). Never send it to anyone.",
                url.reveal()
            ));
        }
    }

    /// Whether somebody can paste an address here.
    fn takes_pastes(&self) -> bool {
        self.login.paste || (output::stdin_is_terminal() && !self.login.json)
    }

    fn done(outcome: &Outcome) -> String {
        let account = outcome
            .account
            .as_ref()
            .map_or("(identity not provided)".to_owned(), |account| {
                format!("as {account}")
            });
        let scopes = match &outcome.granted {
            None if outcome.requested.is_empty() => "Scopes: the provider's default.".to_owned(),
            None => format!(
                "Scopes: {} (as requested; the provider did not list them).",
                outcome.requested
            ),
            Some(granted) => {
                let refused = outcome.requested.without(granted);
                let added = granted.without(&outcome.requested);
                let part = |label: &str, set: &ScopeSet| {
                    if set.is_empty() {
                        String::new()
                    } else {
                        format!(" {label}: {set}.")
                    }
                };
                format!(
                    "Granted: {granted}.{}{}",
                    part("Refused", &refused),
                    part("Added by the provider", &added)
                )
            }
        };
        format!("Signed in to {} {account}. {scopes}", outcome.name)
    }

    /// Without a terminal nobody can say yes: the new sign-in is given back.
    fn decide(&self, question: &Question) -> Answer {
        if self.login.json || !output::stdin_is_terminal() {
            return Answer::GiveBack;
        }
        let text = match question {
            Question::WiderGrant { added } => format!(
                "The provider granted more than you asked: {added}.\n  1 keep   2 give it back\nNumber [2]: "
            ),
            Question::OtherAccount { before, now } => format!(
                "You signed in as {now}. This connection belongs to {before}.\n  1 replace   2 keep {before} ({now}'s sign-in is given back)\nNumber [2]: "
            ),
        };
        match prompt(&text, "2") {
            Ok(answer) if answer == "1" => Answer::Accept,
            _ => Answer::GiveBack,
        }
    }

    fn json(&self, event: &AttemptEvent) -> Option<Value> {
        let mut line = match event {
            AttemptEvent::Step {
                step,
                state,
                detail,
            } => {
                json!({"event": "step", "step": step.word(), "state": state.word(), "detail": detail})
            }
            AttemptEvent::Way(way) => way_in_json(way),
            AttemptEvent::Ignored(what) => {
                let (reason, message) = advice::ignored(what);
                json!({"event": "ignored", "reason": reason, "message": message})
            }
            AttemptEvent::Asked(question) => match question {
                Question::WiderGrant { added } => {
                    json!({"event": "asked", "question": "wider-grant", "added": super::json::list(added)})
                }
                Question::OtherAccount { before, now } => {
                    json!({"event": "asked", "question": "other-account", "before": before, "now": now})
                }
            },
            AttemptEvent::Done { outcome } => {
                let connection = self.setup.engine.connection(outcome.name.as_str()).ok()?;
                let verdict = self
                    .setup
                    .engine
                    .verdict(&connection, self.setup.engine.now());
                json!({"event": "done", "connection": super::json::connection(&connection, &verdict)})
            }
            AttemptEvent::Failed { error, step } => {
                let advice = advise(error);
                json!({
                    "event": "failed", "step": step.word(), "code": advice.code,
                    "message": advice.sentence,
                    "fixes": advice.fixes.iter().map(advice::Fix::label).collect::<Vec<_>>(),
                    "exit": advice.exit,
                })
            }
            AttemptEvent::Cancelled => {
                json!({"event": "failed", "step": null, "code": "cancelled", "message": "Stopped. Nothing was changed.", "fixes": [], "exit": advice::exit::INTERRUPTED})
            }
        };
        line["version"] = json!(1);
        line["attempt"] = json!(self.attempt.as_str());
        line["at"] = json!(self.setup.engine.now().rfc3339());
        Some(line)
    }
}

fn way_in_words(way: &Way) {
    match way {
        Way::Forward { command, start_url } => output::note(&format!(
            "Or forward the port: on your laptop, in another terminal, run\n  {command}\nthen open  {start_url}"
        )),
        Way::Device {
            user_code,
            verification_uri,
            complete: _,
            foreign_host,
            ..
        } => {
            output::note(
                "Only type a code that you asked for yourself. Never one that somebody sent you.",
            );
            if *foreign_host {
                output::note(
                    "The page lies on another host than the provider; check that you know it.",
                );
            }
            output::note(&format!("  open  {verification_uri}\n  type  {user_code}"));
        }
        Way::Open { .. } | Way::Paste => {}
    }
}

fn way_in_json(way: &Way) -> Value {
    match way {
        Way::Open { start_url } => {
            json!({"event": "way", "way": "open", "url": start_url, "code": null, "command": null})
        }
        Way::Forward { command, start_url } => {
            json!({"event": "way", "way": "forward", "url": start_url, "code": null, "command": command})
        }
        Way::Paste => {
            json!({"event": "way", "way": "paste", "url": null, "code": null, "command": null})
        }
        Way::Device {
            user_code,
            verification_uri,
            expires_at,
            ..
        } => {
            json!({"event": "way", "way": "device", "url": verification_uri, "code": user_code, "command": null, "expires_at": UnixTime::rfc3339(*expires_at)})
        }
    }
}

/// Pasted addresses: hidden lines of the terminal, or one line of stdin with `--paste`.
struct Pastes {
    lines: Option<mpsc::UnboundedReceiver<Secret>>,
    /// Keeps the echo off; gives it back when dropped.
    _hidden: Option<HiddenLines>,
}

impl Pastes {
    fn open(login: &Login) -> Self {
        let (sender, lines) = mpsc::unbounded_channel();
        if output::stdin_is_terminal() && !login.json {
            let hidden = HiddenLines::open(move |line| sender.send(line).is_ok()).ok();
            return Self {
                lines: hidden.is_some().then_some(lines),
                _hidden: hidden,
            };
        }
        if login.paste {
            std::thread::spawn(move || {
                for line in std::io::stdin().lock().lines().map_while(Result::ok) {
                    if sender.send(Secret::new(line)).is_err() {
                        break;
                    }
                }
            });
            return Self {
                lines: Some(lines),
                _hidden: None,
            };
        }
        Self {
            lines: None,
            _hidden: None,
        }
    }

    async fn next(&mut self) -> Option<Secret> {
        match &mut self.lines {
            Some(lines) => match lines.recv().await {
                Some(line) if !line.is_empty() => Some(line),
                Some(_) => None,
                None => std::future::pending().await,
            },
            None => std::future::pending().await,
        }
    }
}

/// Interrupt, termination and hang-up all stop the attempt; what is stored stays.
struct Signals([tokio::signal::unix::Signal; 3]);

impl Signals {
    fn new() -> Result<Self, Failed> {
        crate::host::defer_signals()
            .map(Self)
            .map_err(|_| Failed::from(crate::engine::Error::Internal("no signals")))
    }

    async fn next(&mut self) {
        let [hangup, interrupt, terminate] = &mut self.0;
        tokio::select! {
            _ = hangup.recv() => {}
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    }
}
