//! Terminal sessions of other processes.

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

/// Fields of `proc_pid_stat(5)`.
#[cfg(target_os = "linux")]
#[derive(Debug, PartialEq, Eq)]
struct Stat {
    session: u32,
    terminal: i32,
    started: u64,
}

#[cfg(target_os = "linux")]
impl Stat {
    /// The name, which may hold anything, ends with the last parenthesis.
    fn parse(text: &str) -> Option<Self> {
        let (_, rest) = text.rsplit_once(')')?;
        // The first of these is field 3.
        let mut fields = rest.split_ascii_whitespace().skip(3);
        let session = fields.next()?.parse().ok()?;
        let terminal = fields.next()?.parse().ok()?;
        let started = fields.nth(14)?.parse().ok()?;
        Some(Self {
            session,
            terminal,
            started,
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
                session: 655,
                terminal: 34816,
                started: 98_765
            })
        );
        assert_eq!(Stat::parse("812 (a"), None);
        assert_eq!(Stat::parse("812 (a) S 1"), None);
    }
}
