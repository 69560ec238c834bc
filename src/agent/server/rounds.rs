//! Doing what is due as long as the agent is open, waking up only while something is due later.

use std::rc::Rc;
use std::time::Duration;

use super::desk::Desk;
use crate::engine::Change;

/// The clocks are looked at so often while something is due later: timers do not count sleep.
pub(super) const LOOK: Duration = Duration::from_secs(60);

/// Does a round at once, and another whenever the vault or the lock has changed or the time has come that the
/// last one named. `None`: nothing is due later, as it stands.
pub(super) async fn keep_at_it(desk: &Rc<Desk>, mut round: impl AsyncFnMut() -> Option<Duration>) {
    let mut changes = desk.engine.subscribe();
    loop {
        let next = round().await;
        let later = async {
            match next {
                Some(span) => tokio::time::sleep(span.min(LOOK)).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = later => {}
            () = desk.changed.notified() => {}
            change = changes.recv() => if change.is_none() { return },
        }
        // A burst of changes is one.
        while let Ok(Change::Connections | Change::Vault | Change::Attempt { .. }) =
            changes.try_recv()
        {}
    }
}
