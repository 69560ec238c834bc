//! Part 2.A of the bad-input catalogue: whatever a token endpoint answers, over TLS, to a whole sign-in and to a
//! refresh. Each entry is a `case("A…", …)` of a table or a test of its own.

mod accepted;
mod content;
mod refused;
mod told;
mod wire;

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use valetkey::advice::{Advice, advise};
use valetkey::engine::{Error, Outcome, SignInOptions};
use valetkey::model::Health;

use crate::stage::Stage;

/// What a person is told, with the next step.
fn words(error: &Error) -> String {
    let Advice { sentence, hint, .. } = advise(error);
    format!("{sentence} {}", hint.unwrap_or_default())
}

/// The state of the only row.
fn health(stage: &Stage) -> Health {
    stage.engine.rows().expect("rows")[0].verdict.health
}

/// A whole sign-in in which every question is answered with yes: a bad answer that were taken is not held up by one.
async fn sign_in(stage: &Stage) -> Result<Outcome, Arc<Error>> {
    let attempt = stage.begin_with(SignInOptions {
        accept_wider: true,
        accept_account: true,
        ..SignInOptions::default()
    });
    stage.visit(stage.sandbox.browser()).await;
    attempt.outcome().await
}

/// Requests that reached the token endpoint.
fn sent(stage: &Stage) -> usize {
    stage.sandbox.requests_to("/token").len()
}

/// The switch for this body.
fn body(bytes: impl AsRef<[u8]>) -> String {
    format!("token_body=base64:{}", STANDARD.encode(bytes))
}
