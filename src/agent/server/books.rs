//! Who was given a token: kept for a moment and written together, so that no hand-out waits for a disk
//! (conformance X-08). A crash may cost the last second.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::desk::Desk;
use crate::vault::{Handed, Handouts};

/// How long a line may wait.
const DELAY: Duration = Duration::from_secs(1);
/// So many do not wait for it.
const MANY: usize = 256;
/// More are not kept: a disk that does not keep up must not fill the memory.
const MOST: usize = 4 * MANY;

/// Lines that wait to be written.
#[derive(Default)]
pub(super) struct Books {
    waiting: RefCell<Vec<Handed>>,
    come: Notify,
    many: Notify,
}

impl Books {
    pub(super) fn note(&self, handed: Handed) {
        let mut waiting = self.waiting.borrow_mut();
        if waiting.len() < MOST {
            waiting.push(handed);
        }
        let many = waiting.len() >= MANY;
        drop(waiting);
        self.come.notify_one();
        if many {
            self.many.notify_one();
        }
    }

    fn take(&self) -> Vec<Handed> {
        std::mem::take(&mut *self.waiting.borrow_mut())
    }

    /// Writes what is left, before the agent ends.
    pub(super) fn close(&self, file: &Handouts) {
        // A history that cannot be written costs its lines and nothing else.
        let _ = file.add(&self.take());
    }
}

/// Writes what has come, a second after the first of it.
pub(super) async fn keep(desk: Rc<Desk>) {
    loop {
        desk.books.come.notified().await;
        let _ = timeout(DELAY, desk.books.many.notified()).await;
        let lines = desk.books.take();
        let file = desk.handouts.clone();
        let _ = spawn_blocking(move || file.add(&lines)).await;
    }
}
