//! Terminal sessions and process groups.
//!
//! On Linux they are read from the process table, for ourselves too: in a container the leader of our
//! session may live outside, where the system calls answer 0, a number that rustix's `Pid` cannot hold.

/// One terminal session: its leader (a login shell, usually), and when that process started, since
/// process numbers come again.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Session {
    /// Process number.
    pub leader: u32,
    /// In ticks of the kernel's clock since the machine started.
    pub started: u64,
}

/// The terminal session that a process belongs to; `None` when it has no terminal, or the system does
/// not tell.
#[cfg(target_os = "linux")]
pub fn session_of(pid: u32) -> Option<Session> {
    let stat = |pid: u32| std::fs::read_to_string(format!("/proc/{pid}/stat")).ok();
    let asking = Stat::parse(&stat(pid)?)?;
    if asking.terminal == 0 {
        return None;
    }
    let leader = Stat::parse(&stat(asking.session)?)?;
    Some(Session {
        leader: asking.session,
        started: leader.started,
    })
}

/// No such table is read on this system.
#[cfg(not(target_os = "linux"))]
pub fn session_of(_: u32) -> Option<Session> {
    None
}

/// Whether this process leads its session: a hang-up of the terminal is then sent to it alone.
pub(super) fn leads_its_session() -> bool {
    #[cfg(target_os = "linux")]
    return own().is_some_and(|own| own.session == own.process);
    #[cfg(not(target_os = "linux"))]
    return rustix::process::getsid(None).is_ok_and(|leader| leader == rustix::process::getpid());
}

/// Whether this process may read from its controlling terminal without being stopped. `terminal` is
/// that terminal.
pub(super) fn is_in_foreground(terminal: &std::fs::File) -> bool {
    #[cfg(target_os = "linux")]
    {
        let _ = terminal;
        own().is_some_and(|own| own.foreground > 0 && own.foreground == own.group)
    }
    #[cfg(not(target_os = "linux"))]
    rustix::termios::tcgetpgrp(terminal).is_ok_and(|group| group == rustix::process::getpgrp())
}

#[cfg(target_os = "linux")]
fn own() -> Option<Stat> {
    Stat::parse(&std::fs::read_to_string("/proc/self/stat").ok()?)
}

/// Fields of `proc_pid_stat(5)`. A process that is not in our namespace has the number 0.
#[cfg(target_os = "linux")]
#[derive(Debug, PartialEq, Eq)]
struct Stat {
    process: u32,
    group: i32,
    session: u32,
    terminal: i32,
    /// The group in the foreground of that terminal; -1 without one.
    foreground: i32,
    started: u64,
}

#[cfg(target_os = "linux")]
impl Stat {
    /// The name, which may hold anything, ends with the last parenthesis.
    fn parse(text: &str) -> Option<Self> {
        let (first, rest) = text.rsplit_once(')')?;
        let (process, _) = first.split_once(' ')?;
        // The first of these is field 3; 5 is the group.
        let mut fields = rest.split_ascii_whitespace().skip(2);
        Some(Self {
            process: process.parse().ok()?,
            group: fields.next()?.parse().ok()?,
            session: fields.next()?.parse().ok()?,
            terminal: fields.next()?.parse().ok()?,
            foreground: fields.next()?.parse().ok()?,
            started: fields.nth(13)?.parse().ok()?,
        })
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn y_04_a_name_cannot_pretend_to_be_fields() {
        let text =
            "812 (a) 1 2 3) S 700 812 655 34816 812 4194304 1 2 3 4 5 6 7 8 20 0 1 0 98765 1 2\n";
        assert_eq!(
            Stat::parse(text),
            Some(Stat {
                process: 812,
                group: 812,
                session: 655,
                terminal: 34816,
                foreground: 812,
                started: 98_765
            })
        );
        assert_eq!(Stat::parse("812 (a"), None);
        assert_eq!(Stat::parse("812 (a) S 1"), None);
    }
}
