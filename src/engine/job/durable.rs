//! Storing what a provider answered: it is the only copy of what the provider expects from now on.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::{Desk, Trouble};
use crate::vault::{Vault, VaultError};

/// For how long it is tried, first at short distances, then at longer ones.
const TRIED_FOR: Duration = Duration::from_secs(30);
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

impl Desk<'_> {
    /// Writes; a disk that is full, busy or away for a moment is waited for.
    pub(super) async fn durably<T>(
        &self,
        write: impl Fn(&mut Vault) -> Result<T, VaultError>,
    ) -> Result<T, Trouble> {
        let began = Instant::now();
        let mut pause = FIRST_PAUSE;
        let mut broken = false;
        loop {
            let done = self.vault(|vault| {
                // A lock that the failure left behind would stand in our own way.
                if broken {
                    vault.reconnect()?;
                }
                write(vault)
            });
            match done {
                Err(Trouble::Vault(trouble))
                    if trouble.may_pass() && began.elapsed() < TRIED_FOR =>
                {
                    broken = true;
                    sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
                done => return done,
            }
        }
    }
}
