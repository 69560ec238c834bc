//! Where held answers wait, so that a test decides the order of events without sleeping.

use tokio::sync::{Semaphore, watch};

/// Counts who waits and lets them go one by one.
pub(super) struct Gate {
    permits: Semaphore,
    held: watch::Sender<usize>,
}

impl Default for Gate {
    fn default() -> Self {
        Self {
            permits: Semaphore::new(0),
            held: watch::Sender::new(0),
        }
    }
}

/// Leaves the count when the wait ends, also by a dropped connection.
struct Held<'a>(&'a watch::Sender<usize>);

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|held| *held -= 1);
    }
}

impl Gate {
    pub(super) async fn wait(&self) {
        self.held.send_modify(|held| *held += 1);
        let _held = Held(&self.held);
        if let Ok(permit) = self.permits.acquire().await {
            permit.forget();
        }
    }

    pub(super) fn release(&self, answers: usize) {
        self.permits.add_permits(answers);
    }

    pub(super) fn held(&self) -> usize {
        *self.held.borrow()
    }

    pub(super) async fn until_held(&self, answers: usize) {
        // Cannot fail: the sender lives in `self`.
        let _ = self
            .held
            .subscribe()
            .wait_for(|held| *held >= answers)
            .await;
    }
}
