//! A backend that answers from memory.

use std::collections::VecDeque;
use std::sync::Arc;

use super::example::{
    attempt, detail_of, device_way, failure, forward_way, handed, id, name, report, row, scopes,
    unnamed_forward_way, wants,
};
use crate::advice::import::{placed, unread};
use crate::engine::{
    AttemptEvent, Brought, Change, Edit, Error, ImportPlan, Imported, IntrospectionReport, Look,
    NewConnection, Outcome, PassphraseWay, Row, Step, StepState, Way, put_all,
};
use crate::host::TextFileError;
use crate::model::{
    AttemptId, ConnectionId, EndpointUrl, RevokeRule, ScopeSet, Seconds, Secret, Untrusted,
};
use crate::provider::Catalogue;
use crate::tui::backend::{Backend, Replies};
use crate::tui::{
    AgentNews, Doing, Fresh, ImportFound, Msg, Reply, Request, Revocation, VaultState,
};
use crate::vault::{PrivacyProblem, VaultError};

fn gone(id: ConnectionId) -> Vec<Msg> {
    vec![Msg::Done(Reply::Failed {
        doing: Doing::At(id),
        error: Arc::new(Error::Internal("it is gone")),
    })]
}

/// The certificate of an authority, in PEM form.
pub(super) fn authority() -> String {
    static PEM: std::sync::LazyLock<String> = std::sync::LazyLock::new(|| {
        let key = rcgen::KeyPair::generate().expect("a key");
        let mut params = rcgen::CertificateParams::default();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        params.self_signed(&key).expect("signed").pem()
    });
    PEM.clone()
}

/// Answers at once, from memory; keeps a list of what was asked.
#[derive(Default)]
pub(super) struct FakeBackend {
    pub(super) rows: Vec<Row>,
    /// Without a revocation endpoint.
    pub(super) no_revocation: bool,
    /// The passphrase that has to be given first.
    pub(super) locked: Option<&'static str>,
    /// The keychain does not answer; what opens the vault instead.
    pub(super) keychain_silent: Option<PassphraseWay>,
    waiting: Vec<Request>,
    /// An agent holds the vault open.
    pub(super) agent_open: bool,
    /// An answer does not reach the agent.
    pub(super) agent_fails: Option<&'static str>,
    /// The vault was copied or restored.
    pub(super) moved: bool,
    /// Somebody was given a token meanwhile.
    pub(super) newer: bool,
    /// The hand-outs cannot be read.
    pub(super) unread: bool,
    pub(super) second_copy: bool,
    /// Tests and refreshes of these fail.
    pub(super) failing: Vec<ConnectionId>,
    /// Tests are refused for want of these scopes.
    pub(super) wanting: Option<&'static str>,
    /// Tests and refreshes are answered one by one, when the test says so.
    pub(super) slow: bool,
    /// So are definitions that are read.
    pub(super) slow_detail: bool,
    pub(super) late: VecDeque<Msg>,
    /// Deleted definitions had a client secret.
    pub(super) secrets: bool,
    /// Revocations that the provider did not hear.
    pub(super) untold: Vec<crate::model::Waiting>,
    /// Nothing more can be stored.
    pub(super) no_room: bool,
    pub(super) restored: u32,
    /// What was asked about which connection, since a test last emptied it.
    pub(super) about: Vec<(&'static str, ConnectionId)>,
    pub(super) asked: Vec<&'static str>,
    pub(super) copied: Vec<String>,
    pub(super) pasted: Vec<String>,
    pub(super) saved: Vec<NewConnection>,
    /// Fields changed, and whether a secret came with them.
    pub(super) edited: Vec<(Vec<Edit>, bool)>,
    /// What stands in the file to import.
    pub(super) file: String,
    /// What stands in the settings, one reading after the other.
    pub(super) fresh: VecDeque<Result<Fresh, Vec<String>>>,
    /// What answers at addresses that are looked at, one look after the other.
    pub(super) looks: VecDeque<Look>,
    attempts: u8,
    running: Option<(ConnectionId, AttemptId)>,
    /// What was printed outside the table.
    pub(super) printed: String,
    /// What was filled in as this machine's name.
    pub(super) reached: String,
    /// The last sign-in went on with an interrupted one.
    pub(super) resumed: bool,
    /// What the last sign-in asks for in place of what is stored.
    pub(super) scopes: Option<ScopeSet>,
    /// No test read is known for them.
    pub(super) untestable: Vec<ConnectionId>,
    /// A paste does not end the sign-in.
    pub(super) paste_ignored: bool,
    pub(super) fail_sign_in: Option<&'static str>,
    /// A passphrase was chosen for a new vault.
    pub(super) made: bool,
    /// Where providers are asked about tokens.
    pub(super) introspection: Option<EndpointUrl>,
    /// Asking about a token would send it there.
    pub(super) third_party: Option<&'static str>,
    /// What providers say of tokens.
    pub(super) told_of_token: Option<IntrospectionReport>,
    /// The authority that the last look at addresses trusted.
    pub(super) looked_trusting: Option<String>,
    /// An authority that every connection trusts.
    pub(super) trusted: Option<String>,
    /// Outside text in every history.
    pub(super) told: Option<String>,
}

impl FakeBackend {
    pub(super) fn new(rows: Vec<Row>) -> Self {
        Self {
            rows,
            ..Self::default()
        }
    }

    fn row(&self, id: &ConnectionId) -> Option<&Row> {
        self.rows.iter().find(|row| row.summary.id == *id)
    }

    pub(super) fn event(&self, event: AttemptEvent) -> Msg {
        let (connection, attempt) = self.running.clone().expect("an attempt runs");
        Msg::Engine(Change::Attempt {
            attempt,
            connection,
            event,
        })
    }

    pub(super) fn answer(&mut self, request: Request) -> Vec<Msg> {
        let done = |reply| vec![Msg::Done(reply)];
        match request {
            Request::LoadRows => done(Reply::Rows {
                rows: self.rows.clone(),
                vault: if self.rows.is_empty() && self.saved.is_empty() && !self.made {
                    VaultState::None
                } else if self.locked.is_some() {
                    VaultState::Locked
                } else {
                    VaultState::Open
                },
                waiting: self.untold.len(),
            }),
            Request::LoadDetail(id) => match self.row(&id) {
                Some(row) => {
                    let mut detail = detail_of(row);
                    detail.waiting.clone_from(&self.untold);
                    detail.waiting.retain(|waiting| waiting.of.id == id);
                    let endpoints = &mut detail.connection.provider.endpoints;
                    endpoints.introspection.clone_from(&self.introspection);
                    detail.connection.ca_pem.clone_from(&self.trusted);
                    if self.no_revocation {
                        detail.connection.provider.revoke = RevokeRule::None;
                    }
                    if let Some(text) = &self.told {
                        super::fields::add_to_history(&mut detail, text);
                    }
                    if self.newer {
                        let newest = handed(&detail.connection, 9, "curl");
                        detail.history.lines.insert(0, newest);
                    }
                    if self.unread {
                        detail.history.unread = Some(VaultError::NotPrivate {
                            path: "/home/ada/.local/state/valetkey/history.jsonl".into(),
                            problem: PrivacyProblem::Symlink,
                        });
                    }
                    done(Reply::Detail(Box::new(detail)))
                }
                None => done(Reply::Failed {
                    doing: Doing::Load,
                    error: Arc::new(Error::Internal("it is gone")),
                }),
            },
            Request::SignIn { .. } | Request::SaveDefinition { .. } | Request::Test(_)
                if self.keychain_silent.is_some() =>
            {
                self.waiting.push(request);
                let instead = self.keychain_silent;
                done(Reply::KeychainWaits { instead })
            }
            Request::StopWaiting { passphrase } => {
                let way = self.keychain_silent.take();
                let waiting = std::mem::take(&mut self.waiting);
                let mut messages = done(Reply::KeychainDone);
                if passphrase {
                    messages.extend(waiting.into_iter().map(|request| {
                        Msg::Done(Reply::NeedsPassphrase {
                            new: way == Some(PassphraseWay::Choose),
                            agent_open: false,
                            then: Some(Box::new(request)),
                        })
                    }));
                }
                messages
            }
            Request::ReadSettings => match self.fresh.pop_front() {
                Some(read) => done(Reply::SettingsRead(read.map(Box::new))),
                None => Vec::new(),
            },
            Request::LookAt { typed, ca_pem, .. } => {
                self.looked_trusting = ca_pem;
                match self.looks.pop_front() {
                    Some(look) => done(Reply::Looked {
                        typed,
                        look: Box::new(look),
                    }),
                    None => Vec::new(),
                }
            }
            Request::ReadAuthority(file) => {
                let found = match file.as_str() {
                    "~/ca.pem" => Ok(authority()),
                    _ => Err(unread(TextFileError::NotThere)),
                };
                done(Reply::AuthorityRead { file, found })
            }
            Request::SaveDefinition { new, replaces } => {
                self.rows
                    .retain(|row| Some(&row.summary.id) != replaces.as_ref());
                let n = 100 + u32::try_from(self.saved.len()).expect("few");
                let called = new.name.clone().unwrap_or_else(|| name("made"));
                let mut row = row(n, called.as_str(), &new.provider.name, "", None, None);
                row.summary.requested = new.scopes.clone();
                self.rows.push(row);
                self.saved.push(*new);
                done(Reply::Saved {
                    id: id(n),
                    name: called,
                })
            }
            Request::Refresh(_) if self.moved => done(Reply::VaultMoved {
                second_copy: self.second_copy,
                then: Box::new(request),
            }),
            Request::AdoptVault { then } => {
                self.moved = false;
                let asked = then.iter().map(Request::word);
                self.asked.extend(asked.collect::<Vec<_>>());
                then.into_iter()
                    .flat_map(|request| self.answer(request))
                    .collect()
            }
            Request::SignIn { .. }
            | Request::Refresh(_)
            | Request::Revoke { .. }
            | Request::Import(_)
                if self.locked.is_some() =>
            {
                done(Reply::NeedsPassphrase {
                    new: false,
                    agent_open: self.agent_open,
                    then: Some(Box::new(request)),
                })
            }
            Request::SignIn { id, options } => {
                self.attempts += 1;
                self.resumed = options.resume;
                self.scopes.clone_from(&options.scopes);
                let attempt = attempt(self.attempts);
                self.running = Some((id.clone(), attempt.clone()));
                if let Some(error) = self.fail_sign_in {
                    return vec![
                        Msg::Done(Reply::Started {
                            connection: id,
                            attempt,
                        }),
                        self.event(AttemptEvent::Failed {
                            error: Arc::new(failure(error)),
                            step: Step::Exchange,
                        }),
                    ];
                }
                let step = |step, state, detail: Option<&str>| AttemptEvent::Step {
                    step,
                    state,
                    detail: detail.map(str::to_owned),
                };
                let start_url = "http://127.0.0.1:41873/go/k3v9a0b1c2".to_owned();
                let mut events = vec![
                    step(Step::Listen, StepState::Done, Some("127.0.0.1:41873")),
                    AttemptEvent::Way(Way::Open {
                        start_url: start_url.clone(),
                    }),
                    AttemptEvent::Way(match self.reached.as_str() {
                        "" => unnamed_forward_way(),
                        target => forward_way(target),
                    }),
                    AttemptEvent::Way(Way::Paste),
                    if options.no_browser {
                        step(Step::Browser, StepState::Skipped, None)
                    } else {
                        step(Step::Browser, StepState::Done, Some("firefox"))
                    },
                    step(Step::Approve, StepState::Active, None),
                ];
                if options.device || options.no_browser {
                    events.push(AttemptEvent::Way(device_way()));
                }
                let started = Msg::Done(Reply::Started {
                    connection: id,
                    attempt,
                });
                [started]
                    .into_iter()
                    .chain(events.into_iter().map(|event| self.event(event)))
                    .collect()
            }
            Request::ReachedAs(typed) => {
                self.reached = typed;
                let way = forward_way("ada@build");
                vec![self.event(AttemptEvent::Way(way))]
            }
            Request::Paste { text, .. } => {
                self.pasted.push(text.reveal().to_owned());
                if self.paste_ignored {
                    return Vec::new();
                }
                self.finish()
            }
            Request::UseDevice { .. } => vec![self.event(AttemptEvent::Way(device_way()))],
            Request::Address { attempt, purpose } => done(Reply::Address {
                attempt,
                address: Secret::new(
                    "https://gitlab.com/oauth/authorize?state=statecanary".to_owned(),
                ),
                purpose,
            }),
            Request::AnswerQuestion { .. } | Request::PracticeApprove { .. } => self.finish(),
            Request::Cancel { .. } => match self.running.take() {
                Some((connection, attempt)) => {
                    vec![Msg::Engine(Change::Attempt {
                        attempt,
                        connection,
                        event: AttemptEvent::Cancelled,
                    })]
                }
                None => Vec::new(),
            },
            Request::Test(id) | Request::Refresh(id) if self.failing.contains(&id) => {
                let called = self.row(&id).map(|row| row.summary.name.clone());
                done(Reply::Failed {
                    doing: Doing::With(id, called.expect("it is there")),
                    error: Arc::new(failure("timeout")),
                })
            }
            Request::Test(id) if self.wanting.is_some() => {
                let called = self.row(&id).map(|row| row.summary.name.clone());
                done(Reply::Failed {
                    doing: Doing::With(id, called.expect("it is there")),
                    error: Arc::new(wants(self.wanting.unwrap_or_default())),
                })
            }
            Request::Test(id) if self.untestable.contains(&id) => {
                let called = self.row(&id).map(|row| row.summary.name.clone());
                done(Reply::Failed {
                    doing: Doing::With(id, called.expect("it is there")),
                    error: Arc::new(Error::NoTestRead),
                })
            }
            Request::Test(id) => match self.row(&id) {
                Some(row) => done(Reply::Tested {
                    name: row.summary.name.clone(),
                    id,
                    report: report(),
                }),
                None => gone(id),
            },
            Request::Introspect { id, allowed } => match (self.row(&id), &self.third_party) {
                (None, _) => gone(id),
                (Some(row), Some(host)) if allowed.as_deref() != Some(host) => {
                    done(Reply::ThirdParty {
                        name: row.summary.name.clone(),
                        id,
                        authority: (*host).to_owned(),
                    })
                }
                (Some(row), _) => done(Reply::Introspected {
                    name: row.summary.name.clone(),
                    id,
                    report: self.told_of_token.clone().expect("something to say"),
                }),
            },
            Request::Refresh(id) => match self.row(&id) {
                Some(row) => done(Reply::Refreshed {
                    name: row.summary.name.clone(),
                    id,
                }),
                None => gone(id),
            },
            Request::Revoke { id, then_remove } => {
                let Some(row) = self.row(&id) else {
                    return gone(id);
                };
                let name = row.summary.name.clone();
                let removed = then_remove.then(|| Box::new(detail_of(row).connection));
                if then_remove {
                    self.rows.retain(|row| row.summary.id != id);
                }
                done(Reply::Revoked {
                    id,
                    name,
                    outcome: Revocation::Revoked,
                    removed,
                })
            }
            Request::DropRevocation(id) => {
                self.untold.retain(|waiting| waiting.of.id != id);
                let Some(row) = self.row(&id) else {
                    return gone(id);
                };
                done(Reply::Revoked {
                    name: row.summary.name.clone(),
                    id,
                    outcome: Revocation::Dropped {
                        sentence: "It is told no more.".to_owned(),
                    },
                    removed: None,
                })
            }
            Request::Remove(id) => {
                let Some(row) = self.row(&id) else {
                    return gone(id);
                };
                let mut deleted = detail_of(row).connection;
                deleted.grant = None;
                deleted.registration.has_secret = self.secrets;
                self.rows.retain(|row| row.summary.id != id);
                done(Reply::Removed(Box::new(deleted)))
            }
            Request::Restore(was) if self.no_room => done(Reply::Failed {
                doing: Doing::Restore(was),
                error: Arc::new(Error::Internal("there is no room")),
            }),
            Request::Restore(was) => {
                self.restored += 1;
                let n = 500 + self.restored;
                let provider = &was.provider.name;
                let mut back = row(n, was.name.as_str(), provider, "", was.grant.clone(), None);
                back.summary.requested = was.requested.clone();
                self.rows.push(back);
                done(Reply::Restored {
                    id: id(n),
                    name: was.name.clone(),
                    secret_lost: was.registration.has_secret,
                    was,
                })
            }
            Request::Rename { id, name } => {
                for row in self.rows.iter_mut().filter(|row| row.summary.id == id) {
                    row.summary.name = name.clone();
                }
                done(Reply::Renamed { name })
            }
            Request::Edit { id, edits, secret } => {
                let Some(row) = self.rows.iter_mut().find(|row| row.summary.id == id) else {
                    return gone(id);
                };
                let before = detail_of(row).connection;
                let mut after = before.clone();
                assert!(put_all(&mut after, &edits).is_empty(), "{edits:?}");
                row.summary.requested = after.requested.clone();
                let name = row.summary.name.clone();
                self.edited.push((edits, secret.is_some()));
                done(Reply::Edited {
                    id,
                    name,
                    parked: before.endpoint_identity() != after.endpoint_identity(),
                })
            }
            Request::OpenPage(_) => done(Reply::PageOpened),
            Request::ReadImport { file, passphrase } => {
                let found = self.look(&file, passphrase.as_ref());
                done(Reply::ImportRead { file, found })
            }
            Request::Import(_) if self.no_room => done(Reply::Failed {
                doing: Doing::Import,
                error: Arc::new(Error::Internal("there is no room")),
            }),
            Request::Import(mut plan) => {
                let mut connections = Vec::new();
                for (n, import) in (700..).zip(plan.take_new()) {
                    let called = import.definition.name.as_str().to_owned();
                    let provider = &import.definition.provider.name;
                    let row = row(n, &called, provider, "", None, None);
                    connections.push(detail_of(&row).connection);
                    self.rows.push(row);
                }
                done(Reply::Imported(Imported {
                    connections,
                    known_already: Vec::new(),
                }))
            }
            Request::Unlock(secret) => {
                if self.locked == Some(secret.reveal()) {
                    self.locked = None;
                    done(Reply::VaultOpened)
                } else {
                    done(Reply::WrongPassphrase { wait: Seconds(3) })
                }
            }
            Request::NewPassphrase(_) => {
                self.made = true;
                done(Reply::VaultOpened)
            }
            Request::Lock => {
                self.locked = Some("open sesame");
                done(Reply::VaultLocked)
            }
            Request::AnswerAgent { question, answer } => {
                let settled = Msg::Agent(AgentNews::Settled(question.id));
                let outcome = match self.agent_fails {
                    Some(sentence) => Err(sentence.to_owned()),
                    None => Ok(()),
                };
                let told = Msg::Done(Reply::AgentAnswered {
                    question,
                    answer,
                    outcome,
                });
                vec![settled, told]
            }
            Request::PrintRaw(text) => {
                text.reveal().clone_into(&mut self.printed);
                Vec::new()
            }
            Request::Copy(text) | Request::CopyNative(text) => {
                self.copied.push(text.reveal().to_owned());
                Vec::new()
            }
            Request::OpenAgain { .. }
            | Request::ForgetInterrupted(_)
            | Request::Interrupt { .. }
            | Request::Quit
            | Request::Practise
            | Request::LeavePractice
            | Request::Suspend
            | Request::Redraw
            | Request::Mouse(_) => Vec::new(),
        }
    }

    /// Reads a file of the fake world as the engine does.
    fn look(&self, file: &str, passphrase: Option<&Secret>) -> ImportFound {
        let known: Vec<_> = self
            .rows
            .iter()
            .map(|row| detail_of(row).connection)
            .collect();
        match (file, passphrase.map(Secret::reveal)) {
            ("~/backup", None) => return ImportFound::NeedsPassphrase { wrong: false },
            ("~/backup", Some("of the backup")) | ("~/connections.toml", _) => {}
            ("~/backup", Some(_)) => return ImportFound::NeedsPassphrase { wrong: true },
            _ => return ImportFound::Refused(vec![unread(TextFileError::NotThere)]),
        }
        let brought = Brought::of(self.file.as_bytes()).expect("text");
        match brought.read(Catalogue::built_in()) {
            Ok(read) => {
                let named = read.definitions.into_iter();
                let named = named.map(|one| (one.name.clone(), one)).collect();
                let plan = ImportPlan::of(&known, named, brought, Catalogue::built_in());
                ImportFound::Plan(Box::new(plan.expect("a plan")), Vec::new())
            }
            Err(problems) => ImportFound::Refused(problems.iter().map(placed).collect()),
        }
    }

    fn finish(&mut self) -> Vec<Msg> {
        let Some((connection, _)) = self.running.clone() else {
            return Vec::new();
        };
        let Some(row) = self.row(&connection) else {
            return Vec::new();
        };
        let outcome = Outcome {
            name: row.summary.name.clone(),
            account: Some(Untrusted::new("ada").shown()),
            requested: scopes("read_user api"),
            granted: Some(scopes("read_user")),
            notes: Vec::new(),
            test: Some(report()),
        };
        let done = self.event(AttemptEvent::Done { outcome });
        self.running = None;
        vec![done]
    }
}

impl Backend for FakeBackend {
    fn subscribe(&mut self, _changes: Replies) {}

    fn perform(&mut self, request: Request, replies: &Replies) {
        self.asked.push(request.word());
        match &request {
            Request::Test(id)
            | Request::Refresh(id)
            | Request::Remove(id)
            | Request::SignIn { id, .. }
            | Request::Revoke { id, .. }
            | Request::Rename { id, .. }
            | Request::Edit { id, .. } => self.about.push((request.word(), id.clone())),
            _ => {}
        }
        let waits = match request {
            Request::Test(_) | Request::Refresh(_) | Request::SignIn { .. } => self.slow,
            Request::LoadDetail(_) => self.slow_detail,
            _ => false,
        };
        let answers = self.answer(request);
        if waits {
            self.late.extend(answers);
            return;
        }
        for msg in answers {
            let _ = replies.send(msg);
        }
    }
}
