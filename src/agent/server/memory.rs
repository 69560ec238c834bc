//! How much memory the agent uses: others may not look (it is not dumpable), so it says so itself.

/// Proportional set size of this process, in KiB; `None` where the system does not tell.
pub(super) fn proportional_kib() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/smaps_rollup").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:"))?;
    line.split_ascii_whitespace().next()?.parse().ok()
}
