//! Telling providers what they did not hear, when its time has come (conformance L-04). Wakes up only
//! while something waits.

use std::rc::Rc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::spawn_blocking;

use super::desk::Desk;
use super::rounds::{LOOK, keep_at_it};
use crate::engine::Want;

/// Tells what is due as long as the agent is open.
pub(super) async fn keep_telling(desk: Rc<Desk>) {
    keep_at_it(&desk, async || tell_what_is_due(&desk).await).await;
}

/// How long until the next one is due; `None`: nothing waits, or the vault is locked.
async fn tell_what_is_due(desk: &Rc<Desk>) -> Option<Duration> {
    if !desk.gate.borrow().is_open() {
        return None;
    }
    for waiting in desk.engine.waiting_now(Want::Due).unwrap_or_default() {
        let engine = desk.engine.clone();
        let told = spawn_blocking(move || Handle::current().block_on(engine.tell_again(&waiting)));
        // Nothing was noted: it would be due at once again.
        if !matches!(told.await, Ok(Ok(_))) {
            return Some(LOOK);
        }
    }
    let all = desk.engine.waiting().unwrap_or_default();
    let next = all.iter().map(|waiting| waiting.next.at).min()?;
    let left = next.since(desk.engine.now()).0.max(1);
    Some(Duration::from_secs(left))
}
