//! Starting a sign-in, and what is said to it while it runs.

use super::Work;
use super::opening::Waited;
use crate::engine::SignInOptions;
use crate::model::{AttemptId, ConnectionId, Secret};
use crate::tui::msg::{Doing, Reply};
use crate::tui::request::Request;

impl Work {
    pub(super) async fn sign_in(&self, id: ConnectionId, options: SignInOptions) {
        let engine = self.engine.clone();
        // The vault is open; the key that opens it next time cannot be replaced here.
        let waited = self.explained(None, move || engine.prove_keychain()).await;
        let Waited::Done(proved) = waited else {
            return;
        };
        match proved.and_then(|()| self.engine.sign_in(&id, options)) {
            Ok(attempt) => self.reply(Reply::Started {
                connection: id,
                attempt: attempt.id,
            }),
            Err(error) => self.failed(Doing::SignIn(id), error),
        }
    }

    /// What is said to a running attempt; the effects come as engine changes.
    pub(super) async fn steer(&self, request: Request) {
        let about = |attempt: &AttemptId| self.engine.attempt(attempt);
        match request {
            Request::Paste { attempt, text } => {
                if let Some(remote) = about(&attempt) {
                    remote.paste(text);
                }
            }
            Request::OpenAgain { attempt } => {
                if let Some(remote) = about(&attempt) {
                    remote.start_url(true).await;
                }
            }
            Request::UseDevice { attempt } => {
                if let Some(remote) = about(&attempt) {
                    remote.use_device();
                }
            }
            Request::AnswerQuestion { attempt, answer } => {
                if let Some(remote) = about(&attempt) {
                    remote.answer(answer);
                }
            }
            Request::Interrupt { attempt } => {
                if let Some(remote) = about(&attempt) {
                    remote.cancel();
                }
            }
            Request::PracticeApprove { attempt, allow } => {
                if let (Some(remote), Some(door)) = (about(&attempt), &self.practice) {
                    let page = remote.authorization_url().await;
                    let answer = page.and_then(|page| door(page.reveal(), allow.as_ref()));
                    if let Some(answer) = answer {
                        remote.paste(Secret::new(answer));
                    }
                }
            }
            // The loop itself sees to the others.
            _ => {}
        }
    }
}
