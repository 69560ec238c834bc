//! Hears what the agent asks, and answers it.
//!
//! One thread waits at the agent's socket; where no agent is, it waits for a change in the folder of the
//! socket. It wakes up for nothing else.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, SyncSender, TrySendError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use crate::advice::Advice;
use crate::advice::agent as words;
use crate::agent::client::{Client, ClientError, HangUp, Heard, Told};
use crate::agent::{Answer, Question};
use crate::host;
use crate::tui::backend::Replies;
use crate::tui::msg::{AgentNews, Msg};
use crate::vault::private_folder;

/// The watch; it ends with this, so that an agent does not ask a table that is gone.
pub(super) struct AgentWatch {
    run: PathBuf,
    shared: Arc<Mutex<Shared>>,
    nudge: SyncSender<()>,
}

#[derive(Default)]
struct Shared {
    /// The table is gone.
    ended: bool,
    /// The table is suspended.
    away: bool,
    /// To the agent that is heard now, and its process.
    line: Option<(HangUp, Option<u32>)>,
}

impl AgentWatch {
    /// Hears the agent whose socket lies in this folder, now or later.
    pub(super) fn start(run: PathBuf, replies: Replies) -> Self {
        let (nudge, changes) = mpsc::sync_channel(1);
        let shared = Arc::<Mutex<Shared>>::default();
        let watch = Self {
            run: run.clone(),
            shared: shared.clone(),
            nudge: nudge.clone(),
        };
        // Without the folder, or where the system tells of no changes, a later request looks again.
        if private_folder(&run).is_ok() {
            let _ = host::watch(&run, move || {
                !matches!(nudge.try_send(()), Err(TrySendError::Disconnected(())))
            });
        }
        // Without the thread nothing is heard, and the agent asks elsewhere.
        let _ = thread::Builder::new()
            .name("agent-watch".to_owned())
            .spawn(move || hear(&run, &shared, &changes, &replies));
        watch
    }

    /// Something happened here: an agent may be there now.
    pub(super) fn look_again(&self) {
        let _ = self.nudge.try_send(());
    }

    /// Whether an agent runs and has the vault's key.
    pub(super) fn holds_the_vault_open(&self) -> bool {
        let client = Client::connect(&self.run).ok().flatten();
        let status = client.and_then(|mut client| client.status().ok());
        matches!(status, Some(Told::Yes(status)) if status.unlocked)
    }

    /// Hangs up while nobody can answer, so that the agent asks elsewhere; hears it again afterwards.
    pub(super) fn away(&self, away: bool) {
        let mut shared = lock(&self.shared);
        shared.away = away;
        if away {
            shared.line = None;
        }
        drop(shared);
        if !away {
            self.look_again();
        }
    }

    /// Answers a question of the agent that is heard. Another agent counts its questions anew.
    pub(super) fn answer(&self, question: &Question, answer: Answer) -> Result<(), Advice> {
        let process = match &lock(&self.shared).line {
            Some((_, process)) => *process,
            None => return Err(words::settled()),
        };
        let client = Client::connect(&self.run).map_err(|error| unreachable(&error))?;
        let mut client = client.ok_or_else(words::not_running)?;
        if client.process() != process {
            return Err(words::settled());
        }
        match client.answer(question.id, answer) {
            Ok(Told::Yes(())) => Ok(()),
            Ok(Told::No(advice)) => Err(advice),
            Err(error) => Err(unreachable(&error)),
        }
    }
}

impl Drop for AgentWatch {
    fn drop(&mut self) {
        let mut shared = lock(&self.shared);
        shared.ended = true;
        shared.line = None;
        drop(shared);
        self.look_again();
    }
}

fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

fn unreachable(error: &ClientError) -> Advice {
    match error {
        ClientError::OtherUser => words::other_user(),
        ClientError::Silent => words::silent(),
        ClientError::NotUnderstood => words::other_language(),
        ClientError::Broken(_) => words::broken(),
    }
}

/// Hears one agent after the other. Each try but the first needs a change, so an agent that hangs up at
/// once makes no busy loop.
fn hear(run: &Path, shared: &Mutex<Shared>, changes: &Receiver<()>, replies: &Replies) {
    loop {
        if let Some(client) = reach(run, shared) {
            let told = |news| replies.send(Msg::Agent(news)).is_ok();
            let _ = client.watch(|heard| {
                told(match heard {
                    Heard::Asked(question) => AgentNews::Asked(question),
                    Heard::Settled(id) => AgentNews::Settled(id),
                })
            });
            lock(shared).line = None;
            if !told(AgentNews::Gone) {
                return;
            }
        }
        if changes.recv().is_err() || lock(shared).ended {
            return;
        }
    }
}

/// The agent, where one is and the table is there to hear it. Reaching it and noting the line are one step
/// (neither waits): the system can suspend the table at any moment, and a line that nobody could hang up
/// would keep the agent asking a table that cannot answer.
fn reach(run: &Path, shared: &Mutex<Shared>) -> Option<Client> {
    let mut shared = lock(shared);
    if shared.ended || shared.away {
        return None;
    }
    let client = Client::connect(run).ok()??;
    shared.line = Some((client.hang_up().ok()?, client.process()));
    Some(client)
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;
    use std::os::unix::net::UnixListener;

    use super::*;

    #[test]
    fn y_06_a_table_that_is_away_does_not_even_reach_the_agent() {
        let folder = tempfile::tempdir().expect("a folder");
        let agent = UnixListener::bind(folder.path().join("agent.sock")).expect("a socket");
        agent.set_nonblocking(true).expect("set");
        let shared = Mutex::<Shared>::default();

        lock(&shared).away = true;
        assert!(reach(folder.path(), &shared).is_none());
        let waits = agent.accept().expect_err("nobody calls").kind();
        assert_eq!(waits, ErrorKind::WouldBlock);

        lock(&shared).away = false;
        assert!(reach(folder.path(), &shared).is_some());
        assert!(agent.accept().is_ok());
        assert!(lock(&shared).line.is_some());
    }
}
