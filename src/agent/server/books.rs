//! Who was given a token: kept for a moment and written together, so that no hand-out waits for a disk
//! (conformance X-08). A crash may cost the last second.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::spawn_blocking;

use super::desk::Desk;
use crate::vault::{Handed, Handouts};

/// How long a line may wait.
const DELAY: Duration = Duration::from_secs(1);
/// More are not kept between two writes: a disk that takes none must not fill the memory.
const MOST: usize = 20_000;

/// Lines that wait to be written.
#[derive(Default)]
pub(super) struct Books {
    waiting: RefCell<Vec<Handed>>,
    come: Notify,
}

impl Books {
    pub(super) fn note(&self, handed: Handed) {
        let mut waiting = self.waiting.borrow_mut();
        if waiting.len() < MOST {
            waiting.push(handed);
        }
        drop(waiting);
        self.come.notify_one();
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
        tokio::time::sleep(DELAY).await;
        let lines = desk.books.take();
        let file = desk.handouts.clone();
        let _ = spawn_blocking(move || file.add(&lines)).await;
    }
}
