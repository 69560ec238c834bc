//! `login`: a sign-in told line by line, or as JSON lines.

mod events;
mod interrupted;
mod lines;
mod picture;
mod ways;
mod words;

use super::args::Login;
use super::failed::Failed;
use super::setup::Setup;
use super::{output, runtime};
use crate::advice;
use crate::engine::{
    Answer, Attempt, AttemptEvent, Change, Error, Ignored, Question, SignInOptions, Step,
    StepState, Way,
};
use crate::model::{Connection, ConnectionId, Quirk, ScopeSet, Seconds, Secret};
use crate::sandbox::Approval;
use lines::{Fruitless, Lines, Pastes};
use ways::Surroundings;

impl Login {
    /// As `add --sign-in` and `token --interactive` run it.
    pub(super) fn plain(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            scope: None,
            device: false,
            qr: false,
            no_browser: false,
            paste: false,
            ssh_host: None,
            resume: false,
            timeout: None,
            accept_wider: false,
            accept_account: false,
            json: false,
        }
    }
}

pub(super) fn run(setup: &Setup, login: &Login) -> Result<(), Failed> {
    let ready = || {
        let connection = setup.engine.connection(&login.name)?;
        let scopes = asked(login, &connection)?;
        if let Some(target) = &login.ssh_host {
            setup.engine.set_reached_as(target)?;
        }
        setup.open_vault()?;
        setup.prove_keychain()?;
        Ok((connection.id, scopes, runtime()?))
    };
    match ready() {
        Ok((id, scopes, runtime)) => runtime.block_on(story(setup, login, &id, scopes)),
        Err(failed) => Err(early(setup, login, failed)),
    }
}

/// Tells a failure before the attempt began in the attempt's own language.
fn early(setup: &Setup, login: &Login, failed: Failed) -> Failed {
    if login.json {
        // The reader may be gone; the exit code still tells.
        let _ = output::json(&events::failed_early(setup, &failed.0));
    }
    failed
}

/// Other scopes than those of the definition, if there are to be any.
fn asked(login: &Login, connection: &Connection) -> Result<Option<ScopeSet>, Failed> {
    let commas = connection.provider.has(&Quirk::CommaScopes);
    let typed = login.scope.as_deref();
    let parsed = typed.map(|text| ScopeSet::typed(text, commas)).transpose();
    parsed.map_err(|problem| {
        Failed::usage(
            "scope",
            format!("--scope: {problem}."),
            "Give the scopes in quotes, with spaces between.",
        )
    })
}

async fn story(
    setup: &Setup,
    login: &Login,
    id: &ConnectionId,
    scopes: Option<ScopeSet>,
) -> Result<(), Failed> {
    let resume = interrupted::goes_on(setup, login, id)?;
    let mut changes = setup.engine.subscribe();
    let options = SignInOptions {
        scopes,
        device: login.device,
        no_browser: login.no_browser || login.paste,
        paste: login.paste,
        timeout: login.timeout.map(Seconds),
        accept_wider: login.accept_wider,
        accept_account: login.accept_account,
        test: false,
        resume,
    };
    let attempt = setup
        .engine
        .sign_in(id, options)
        .map_err(|error| early(setup, login, error.into()))?;
    let _deferred = setup.signals_deferred();
    let mut signals = Signals::new()?;
    let mut telling = Telling {
        setup,
        login,
        lines: Lines::open(login),
        question: None,
        pastes: Pastes::default(),
        approved: false,
        ways: Vec::new(),
        led: false,
        code_way: false,
        unrelated: 0,
        stopped: None,
    };
    loop {
        tokio::select! {
            change = changes.recv() => match change {
                Some(Change::Attempt { attempt: about, event, .. }) if about == attempt.id => {
                    if telling.heard(&attempt, &event).await? {
                        break;
                    }
                }
                Some(_) => {}
                None => break,
            },
            line = telling.lines.next() => telling.typed(&attempt, line).await,
            wanted = signals.next() => if wanted {
                setup.engine.stop(&attempt.id);
            } else {
                // Whoever was cut off may go on with it (conformance Z-10).
                attempt.remote.cancel();
            },
        }
        telling.give_up(&attempt);
    }
    telling.end(attempt).await
}

/// What the story has come to, as its teller needs it.
struct Telling<'a> {
    setup: &'a Setup,
    login: &'a Login,
    lines: Lines,
    /// The next line answers this.
    question: Option<Question>,
    pastes: Pastes,
    approved: bool,
    /// Not told yet.
    ways: Vec<Way>,
    /// A browser was opened, or the person answers here: the other ways come after that.
    led: bool,
    /// A code can be typed on a web page: pastes are not the only way.
    code_way: bool,
    /// Requests to the listener that had nothing to do with the sign-in.
    unrelated: u32,
    /// Why the attempt was stopped from here.
    stopped: Option<Failed>,
}

impl Telling<'_> {
    /// Tells one event; true when it was the attempt's last.
    async fn heard(&mut self, attempt: &Attempt, event: &AttemptEvent) -> Result<bool, Failed> {
        if self.login.json {
            let stopped = self.stopped.as_ref().map(|failed| &failed.0);
            output::json(&events::line(self.setup, &attempt.id, event, stopped))?;
        } else if self.tell_practice(attempt, event).await {
            self.led = true;
        } else {
            self.tell_ways(attempt, event).await;
            words::tell(event, self.lines.are_read());
        }
        match event {
            AttemptEvent::Asked(question) => self.ask(attempt, question),
            AttemptEvent::Step {
                step: Step::Approve,
                state: StepState::Done,
                ..
            } => self.approved = true,
            AttemptEvent::Way(Way::Device { .. }) => self.code_way = true,
            AttemptEvent::Ignored(Ignored::DeviceWayClosed(_)) => self.code_way = false,
            AttemptEvent::Ignored(Ignored::Paste(problem)) => self.pastes.refuse(*problem),
            AttemptEvent::Ignored(Ignored::Unrelated { count }) => self.unrelated = *count,
            AttemptEvent::Done { .. } | AttemptEvent::Failed { .. } | AttemptEvent::Cancelled => {
                return Ok(true);
            }
            _ => {}
        }
        Ok(false)
    }

    /// Without a terminal nobody can say yes: the new sign-in is given back.
    fn ask(&mut self, attempt: &Attempt, question: &Question) {
        if self.lines.can_answer() {
            output::ask(&words::question(question));
            self.question = Some(question.clone());
        } else {
            attempt.remote.answer(Answer::Nobody);
        }
    }

    /// A line is the answer to the question that waits for one, else a paste.
    async fn typed(&mut self, attempt: &Attempt, line: Option<Secret>) {
        let Some(line) = line else {
            self.pastes.end();
            if self.question.take().is_some() {
                attempt.remote.answer(Answer::Nobody);
            } else if self.lines.can_answer() {
                // Whoever ends the input at a terminal has had enough.
                self.setup.engine.stop(&attempt.id);
            }
            return;
        };
        if let Some(question) = &self.question {
            let answer = match line.reveal().trim() {
                "1" => Answer::Accept,
                "2" | "" => Answer::GiveBack,
                "?" => return output::ask(&format!("\n{}", words::question(question))),
                // Perhaps an address that was pasted too late: never shown.
                _ => return output::ask("\nType 1 or 2: "),
            };
            // The terminal does not echo it.
            output::note(if answer == Answer::Accept { "1" } else { "2" });
            self.question = None;
            attempt.remote.answer(answer);
        } else if self.lines.can_answer() && ["", "?"].contains(&line.reveal().trim()) {
            // Nothing is left in silence: what is typed after that would be shown.
            let practice = self.setup.practice_provider().is_some();
            output::note(words::waits_for(
                line.reveal().trim() == "?",
                practice,
                self.code_way,
            ));
        } else if let Some(answer) = self.answered_here(attempt, &line).await {
            attempt.remote.paste(answer);
        } else if self.setup.practice_provider().is_some() && !line.reveal().contains("://") {
            output::note("Type approve or deny, or paste a whole address. Ctrl-C stops.");
        } else if !line.is_empty() {
            self.pastes.offer();
            attempt.remote.paste(line);
        }
    }

    /// Collects the ways, and tells them in order once the approval is waited for.
    async fn tell_ways(&mut self, attempt: &Attempt, event: &AttemptEvent) {
        match event {
            AttemptEvent::Way(way) => self.ways.push(way.clone()),
            AttemptEvent::Step {
                step: Step::Browser,
                state: StepState::Done,
                ..
            } => self.led = true,
            AttemptEvent::Step {
                step: Step::Approve,
                state: StepState::Active,
                ..
            } => {
                let ways = std::mem::take(&mut self.ways);
                let device = |way: &Way| matches!(way, Way::Device { .. });
                let environment = self.setup.engine.environment();
                let suggested = environment.first_way(ways.iter().any(device));
                let place = Surroundings {
                    first: suggested.way,
                    wished: environment.wishes.first_way == Some(suggested.way),
                    ssh: environment.ssh.is_some(),
                    shared: !environment.others.is_empty(),
                    led: self.led,
                    pastes: self.lines.are_read(),
                    qr: self.login.qr,
                };
                ways::tell(&ways, attempt, &place).await;
            }
            _ => {}
        }
    }

    /// Where no browser opens in practice, the nearest way first; true when that was all to tell.
    async fn tell_practice(&self, attempt: &Attempt, event: &AttemptEvent) -> bool {
        let no_browser = matches!(
            event,
            AttemptEvent::Step {
                step: Step::Browser,
                state: StepState::Skipped,
                ..
            }
        );
        if !no_browser || self.setup.practice_provider().is_none() || !self.lines.are_read() {
            return false;
        }
        output::note("Type approve or deny, as the pretend service would ask you.");
        if let Some(url) = attempt.remote.start_url(false).await {
            output::note(&format!(
                "Or open this in a browser on this machine:\n  {url}"
            ));
        }
        true
    }

    /// In practice the person may answer for the pretend service without a browser.
    async fn answered_here(&self, attempt: &Attempt, line: &Secret) -> Option<Secret> {
        let sandbox = self.setup.practice_provider()?;
        let page = attempt.remote.authorization_url().await?;
        let answer = match line.reveal().trim() {
            "approve" => sandbox.approve(page.reveal(), &Approval::default()),
            "deny" => sandbox.deny(page.reveal()),
            _ => return None,
        };
        answer.ok().map(Secret::new)
    }

    /// Stops a sign-in that only a paste could have settled, when no more can come.
    fn give_up(&mut self, attempt: &Attempt) {
        if !self.login.paste || self.approved || self.code_way || self.stopped.is_some() {
            return;
        }
        let Some(why) = self.pastes.failed() else {
            return;
        };
        self.stopped = Some(match why {
            Fruitless::Refused(problem) => Error::Paste(problem).into(),
            Fruitless::Nothing => Failed::usage(
                "paste",
                "Nothing was pasted. Nothing was changed.",
                "Give the whole address that the browser ended on as a line of stdin.",
            ),
        });
        self.setup.engine.stop(&attempt.id);
    }

    async fn end(self, attempt: Attempt) -> Result<(), Failed> {
        // Gives the terminal its echo back.
        drop(self.lines);
        if self.question.is_some() {
            // Nobody ended the question's line.
            output::note("");
        }
        let outcome = attempt.outcome().await;
        if self.unrelated > 0 && (outcome.is_err() || self.setup.verbose) && !self.login.json {
            let count = self.unrelated;
            output::note(&advice::ignored(&Ignored::Unrelated { count }).1);
        }
        if outcome.is_ok() {
            self.setup.tell_clock();
        }
        match (outcome, self.stopped) {
            (Ok(_), _) => Ok(()),
            (Err(error), Some(stopped)) if matches!(*error, Error::Cancelled) => Err(stopped),
            (Err(error), _) => Err(Failed::from(&*error)),
        }
    }
}

/// Interrupt, termination and hang-up all end the attempt; what is stored stays.
struct Signals([tokio::signal::unix::Signal; 3]);

impl Signals {
    fn new() -> Result<Self, Failed> {
        crate::host::defer_signals()
            .map(Self)
            .map_err(|_| Failed::from(Error::Internal("no signals")))
    }

    /// The next one; whether a person wanted it.
    async fn next(&mut self) -> bool {
        let [hangup, interrupt, terminate] = &mut self.0;
        tokio::select! {
            _ = hangup.recv() => false,
            _ = interrupt.recv() => true,
            _ = terminate.recv() => false,
        }
    }
}
