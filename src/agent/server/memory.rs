//! How much memory the agent uses: others may not look (it is not dumpable), so it says so itself. And
//! what it gives back while nobody asks for anything.

use std::rc::Rc;
use std::time::Duration;

use super::desk::Desk;
use crate::host;

/// So long nobody asked for anything before it rests.
const QUIET: Duration = Duration::from_secs(10);

/// Proportional set size of this process, in KiB; `None` where the system does not tell.
pub(super) fn proportional_kib() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/smaps_rollup").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:"))?;
    line.split_ascii_whitespace().next()?.parse().ok()
}

/// Gives the program's text back whenever it has been quiet, after the start too: unlocking alone
/// touched megabytes that serving never needs. The first to ask afterwards waits some tenths of a
/// millisecond longer. Without a question nothing wakes it.
pub(super) async fn rest(desk: Rc<Desk>) {
    loop {
        let mut before = None;
        while before != Some(desk.times_asked()) {
            before = Some(desk.times_asked());
            tokio::time::sleep(QUIET).await;
        }
        host::let_text_go();
        desk.asked_now.notified().await;
    }
}
