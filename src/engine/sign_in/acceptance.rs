//! From the approval to the accepted grant: exchange, store, identify, accept, test.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::super::attempt::Control;
use super::super::identify::CandidateFacts;
use super::super::job::{Job, Report};
use super::super::{Answer, AttemptEvent, Error, Question, Step, StepState, TestReport};
use super::Story;
use super::approval::Approved;
use crate::model::{
    Account, AccountSource, Connection, GrantId, ScopeSet, Secret, Shown, Untrusted,
};
use crate::oauth::{Approval, Flow};
use crate::vault::VaultError;

/// Who signed in, and what was granted.
pub(super) type Accepted = (Option<Shown>, Option<ScopeSet>);

impl Story {
    /// Exchange, store, identify, accept.
    pub(super) async fn after_approval(
        &mut self,
        flow: Option<Arc<Flow>>,
        approved: Approved,
    ) -> Result<Accepted, Error> {
        let grant = match (approved, flow) {
            (Approved::Code(approval), Some(flow)) => {
                self.begin(Step::Exchange);
                let grant = self.exchange(&flow, approval).await?;
                self.state(Step::Exchange, StepState::Done, None);
                grant
            }
            (Approved::ByDevice(grant), _) => {
                for step in [Step::Approve, Step::Check, Step::Exchange] {
                    self.state(step, StepState::Done, None);
                }
                grant
            }
            (Approved::Code(_), None) => return Err(Error::Internal("a code without its flow")),
        };
        self.state(Step::Store, StepState::Done, None);
        match self.accept(&grant).await {
            Ok(accepted) => Ok(accepted),
            Err(error) => {
                // Whatever stopped it: tokens that nobody accepted do not stay alive unseen.
                let revoked = self
                    .engine
                    .give_candidate_back(&self.connection, &grant)
                    .await?;
                Err(match error {
                    Error::GivenBack {
                        question, chosen, ..
                    } => Error::GivenBack {
                        question,
                        chosen,
                        revoked,
                    },
                    other => other,
                })
            }
        }
    }

    /// Who is it, and is it to replace what was there? `GivenBack` and `Cancelled` say no.
    async fn accept(&mut self, grant: &GrantId) -> Result<Accepted, Error> {
        self.begin(Step::Identify);
        let candidate = self
            .engine
            .identify_candidate(&self.connection, grant)
            .await?;
        let account = candidate
            .account
            .as_ref()
            .map(|account| account.label.shown());
        let detail = account.as_ref().map(ToString::to_string);
        self.state(Step::Identify, StepState::Done, detail);
        self.begin(Step::Accept);
        for question in questions(&self.connection, &candidate) {
            self.decide(question).await?;
        }
        // Under the lock, so that no refresh or revocation of the old grant is half-way.
        let lock = self.engine.lock_grant(&self.connection.id).await?;
        // Cancelled since the approval: nothing is stored any more.
        while let Ok(control) = self.inbox.try_recv() {
            if matches!(control, Control::Cancel) {
                return Err(Error::Cancelled);
            }
        }
        let now = self.engine.now();
        let accepted = self.engine.with_vault(|vault| {
            let id = &self.connection.id;
            match &self.options.scopes {
                Some(asked) => vault.accept_candidate_for(id, grant, asked, now),
                None => vault.accept_candidate(id, grant, now),
            }
        });
        drop(lock);
        let accepted = accepted.map_err(|error| match error {
            Error::Vault(VaultError::NoCandidate) => Error::Overtaken,
            other => other,
        })?;
        self.engine.note_issued(&accepted);
        self.state(Step::Accept, StepState::Done, None);
        Ok((account, accepted.granted))
    }

    async fn exchange(&mut self, flow: &Flow, approval: Approval) -> Result<GrantId, Error> {
        let lock = self.engine.lock_grant(&self.connection.id).await?;
        let job = Job::Exchange {
            connection: self.connection.id.clone(),
            identity: flow.identity,
            asked: self.connection.requested.clone(),
            attempt: self.attempt.clone(),
            redirect_uri: flow.redirect_uri.clone(),
            code: approval.code,
            granted: approval.granted,
            verifier: flow.verifier.duplicate(),
            nonce: flow.nonce.as_ref().map(Secret::duplicate),
        };
        match self.engine.run_job(&lock, job).await? {
            Report::Stored { grant, notes } => {
                self.notes = notes;
                Ok(grant)
            }
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
        // No browser is expected any more, and a fixed port may be wanted elsewhere (E-07).
        self.close_listener(None).await;
        self.event(AttemptEvent::Asked(question.clone()));
        let give_up = Instant::now() + Duration::from_secs(self.lifetime().0);
        let given_back = |question, chosen| Error::GivenBack {
            question: Box::new(question),
            chosen,
            revoked: false,
        };
        loop {
            match timeout_at(give_up, self.inbox.recv()).await {
                Ok(Some(Control::Answer(Answer::Accept))) => return Ok(()),
                Ok(Some(Control::Answer(Answer::GiveBack))) => {
                    return Err(given_back(question, true));
                }
                Ok(Some(Control::Answer(Answer::Nobody)) | None) | Err(_) => {
                    return Err(given_back(question, false));
                }
                Ok(Some(Control::Cancel)) => return Err(Error::Cancelled),
                Ok(Some(_)) => {}
            }
        }
    }

    pub(super) async fn test(&mut self) -> Option<TestReport> {
        if !self.options.test || self.connection.provider.test.is_none() {
            return None;
        }
        self.begin(Step::Test);
        let report = self.engine.test(self.connection.name.as_str(), None).await;
        if let Ok(report) = report {
            let detail = format!("status {}", report.status);
            self.state(Step::Test, StepState::Done, Some(detail));
            Some(report)
        } else {
            // The sign-in stands; the row tells what the test found.
            self.state(Step::Test, StepState::Failed, None);
            None
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
    let now = match (before, &candidate.account) {
        (Some(before), Some(now)) if !same_account(before, now) => Some(now.label.shown()),
        // It may be anybody: asked about like somebody else.
        (Some(_), None) => Some(Untrusted::new("an account the provider did not name").shown()),
        _ => None,
    };
    if let (Some(before), Some(now)) = (before, now) {
        questions.push(Question::OtherAccount {
            before: before.label.shown(),
            now,
        });
    }
    questions
}

/// By the provider's own identifiers where both have one of the same kind, else by either. With other scopes
/// the account may be named in another way: by an identity token, say, where the test read named it before.
fn same_account(before: &Account, now: &Account) -> bool {
    let is_subject = |account: &Account| account.source != AccountSource::TestRead;
    match (&before.id, &now.id) {
        (Some(a), Some(b)) if a == b => true,
        (Some(_), Some(_)) if is_subject(before) == is_subject(now) => false,
        _ => before.label == now.label,
    }
}
