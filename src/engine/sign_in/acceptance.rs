//! From the approval to the accepted grant: exchange, store, identify, accept, test.

use std::sync::Arc;

use super::super::attempt::Control;
use super::super::identify::CandidateFacts;
use super::super::job::{Job, Report};
use super::super::{Answer, AttemptEvent, Error, Question, Step, StepState, TestReport};
use super::Story;
use super::approval::Approved;
use crate::model::{Account, AccountSource, Connection, ScopeSet, Secret, Shown};
use crate::oauth::Flow;

/// Who signed in, and what was granted.
pub(super) type Accepted = (Option<Shown>, Option<ScopeSet>);

impl Story {
    /// Exchange, store, identify, accept.
    pub(super) async fn after_approval(
        &mut self,
        flow: Option<Arc<Flow>>,
        approved: Approved,
    ) -> Result<Accepted, Error> {
        match (approved, flow) {
            (Approved::Code(code), Some(flow)) => {
                self.begin(Step::Exchange);
                self.exchange(&flow, code).await?;
                self.state(Step::Exchange, StepState::Done, None);
            }
            _ => {
                for step in [Step::Approve, Step::Check, Step::Exchange] {
                    self.state(step, StepState::Done, None);
                }
            }
        }
        self.state(Step::Store, StepState::Done, None);
        let accepted = self.accept().await;
        if let Err(Error::GivenBack(_) | Error::Cancelled) = accepted {
            self.engine.give_candidate_back(&self.connection).await?;
        }
        accepted
    }

    /// Who is it, and is it to replace what was there? `GivenBack` and `Cancelled` say no.
    async fn accept(&mut self) -> Result<Accepted, Error> {
        self.begin(Step::Identify);
        let candidate = self.engine.identify_candidate(&self.connection).await?;
        let account = candidate
            .account
            .as_ref()
            .map(|account| account.label.shown());
        self.state(
            Step::Identify,
            StepState::Done,
            account.as_ref().map(ToString::to_string),
        );
        self.begin(Step::Accept);
        for question in questions(&self.connection, &candidate) {
            self.decide(question).await?;
        }
        // Cancelled since the approval: nothing is stored any more.
        while let Ok(control) = self.inbox.try_recv() {
            if matches!(control, Control::Cancel) {
                return Err(Error::Cancelled);
            }
        }
        let now = self.engine.now();
        let grant = self
            .engine
            .with_vault(|vault| vault.accept_candidate(&self.connection.id, now))?;
        self.state(Step::Accept, StepState::Done, None);
        Ok((account, grant.granted))
    }

    async fn exchange(&self, flow: &Flow, code: Secret) -> Result<(), Error> {
        let lock = self.engine.lock_grant(&self.connection.id).await?;
        let job = Job::Exchange {
            connection: self.connection.id.clone(),
            identity: flow.identity,
            attempt: self.attempt.clone(),
            redirect_uri: flow.redirect_uri.clone(),
            code,
            verifier: flow.verifier.duplicate(),
            nonce: flow.nonce.as_ref().map(Secret::duplicate),
        };
        match self.engine.run_job(&lock, job).await? {
            Report::Stored => Ok(()),
            Report::Failed(trouble) => Err(trouble.into_error(self.connection.name.as_str())),
            _ => Err(Error::Internal("an exchange reported something else")),
        }
    }

    /// Asks before a wider grant or another account replaces what is there.
    async fn decide(&mut self, question: Question) -> Result<(), Error> {
        let accepted_beforehand = match question {
            Question::WiderGrant { .. } => self.options.accept_wider,
            Question::OtherAccount { .. } => self.options.accept_account,
        };
        if accepted_beforehand {
            return Ok(());
        }
        self.event(AttemptEvent::Asked(question.clone()));
        loop {
            match self.inbox.recv().await {
                Some(Control::Answer(Answer::Accept)) => return Ok(()),
                Some(Control::Answer(Answer::GiveBack)) | None => {
                    return Err(Error::GivenBack(Box::new(question)));
                }
                Some(Control::Cancel) => return Err(Error::Cancelled),
                Some(_) => {}
            }
        }
    }

    pub(super) async fn test(&mut self) -> Option<TestReport> {
        if !self.options.test || self.connection.provider.test.is_none() {
            return None;
        }
        self.begin(Step::Test);
        let report = self.engine.test(self.connection.name.as_str(), None).await;
        match report {
            Ok(report) => {
                self.state(
                    Step::Test,
                    StepState::Done,
                    Some(format!("status {}", report.status)),
                );
                Some(report)
            }
            Err(_) => {
                // The sign-in stands; the row tells what the test found.
                self.state(Step::Test, StepState::Failed, None);
                None
            }
        }
    }
}

/// What has to be asked before `accept`.
fn questions(connection: &Connection, candidate: &CandidateFacts) -> Vec<Question> {
    let mut questions = Vec::new();
    if let Some(granted) = &candidate.granted {
        let added = granted.without(&connection.requested);
        // Who asks for nothing lets the provider choose its default.
        if !added.is_empty() && !connection.requested.is_empty() {
            questions.push(Question::WiderGrant { added });
        }
    }
    let before = connection
        .grant
        .as_ref()
        .and_then(|grant| grant.account.as_ref());
    if let (Some(before), Some(now)) = (before, &candidate.account) {
        if !same_account(before, now) {
            questions.push(Question::OtherAccount {
                before: before.label.shown(),
                now: now.label.shown(),
            });
        }
    }
    questions
}

/// By the provider's own identifiers where both have one of the same kind, else by name.
fn same_account(before: &Account, now: &Account) -> bool {
    let is_subject = |account: &Account| account.source != AccountSource::TestRead;
    match (&before.id, &now.id) {
        (Some(a), Some(b)) if is_subject(before) == is_subject(now) => a == b,
        _ => before.label == now.label,
    }
}
