//! Who asked: the processes behind a command and behind a connection to the agent, for the history and
//! for questions to a person. For display only: nothing is allowed or refused by it (conformance Y-04).

#[cfg(all(test, target_os = "linux"))]
mod tests;

use std::time::Duration;

use crate::model::Caller;

/// A moment by the clock that process start times are told in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SinceBoot(pub(super) Duration);

impl SinceBoot {
    /// Now.
    #[cfg(target_os = "linux")]
    pub fn now() -> Self {
        use rustix::time::{ClockId, clock_gettime};

        let now = clock_gettime(ClockId::Boottime);
        let seconds = u64::try_from(now.tv_sec).unwrap_or_default();
        Self(Duration::from_secs(seconds) + Duration::from_nanos(now.tv_nsec.unsigned_abs()))
    }

    /// Now. Nothing is compared with it on this system.
    #[cfg(not(target_os = "linux"))]
    pub fn now() -> Self {
        Self(Duration::ZERO)
    }
}

/// The process that started this one; `None` where the system does not tell.
pub fn caller() -> Option<Caller> {
    #[cfg(target_os = "linux")]
    return linux::caller();
    #[cfg(not(target_os = "linux"))]
    None
}

/// The process with this number, which connected at a moment; `None` when it is gone, or when the
/// number belongs to one that was started later. For a command of this very program it is whoever
/// started the command.
pub fn process(pid: u32, connected: SinceBoot) -> Option<Caller> {
    #[cfg(target_os = "linux")]
    return linux::process(pid, connected);
    #[cfg(not(target_os = "linux"))]
    {
        let _ = (pid, connected);
        None
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::os::fd::OwnedFd;
    use std::time::Duration;

    use rustix::fs::{AtFlags, CWD, Mode, OFlags, openat, stat, statat};
    use rustix::io::Errno;
    use rustix::process::getppid;

    use super::SinceBoot;
    use crate::model::{Caller, Untrusted};

    /// The unit of start times; the kernel's interface fixes it at 100 a second.
    const TICK_MILLIS: u64 = 10;

    pub(super) fn caller() -> Option<Caller> {
        let parent = getppid()?;
        let pid = u32::try_from(parent.as_raw_nonzero().get()).ok()?;
        let found = Process::open(pid)?.look()?;
        // Still ours, so it lived all the time and its number was not used again.
        (getppid() == Some(parent)).then(|| found.named(pid))
    }

    pub(super) fn process(pid: u32, connected: SinceBoot) -> Option<Caller> {
        let process = Process::open(pid)?;
        let found = process.look()?;
        if found.started > connected {
            return None;
        }
        if !process.is_this_program(&found) {
            return Some(found.named(pid));
        }
        let parent = Process::open(found.parent)?.look()?;
        // It was its parent all the time: no other process has the number by now.
        let still = parent.may_have_started(&found) && process.look()?.parent == found.parent;
        still.then(|| parent.named(found.parent))
    }

    /// A process, and no later one with its number: the folder of one that is gone stays empty.
    struct Process(OwnedFd);

    /// What is known of it.
    pub(super) struct Found {
        pub(super) name: Vec<u8>,
        pub(super) parent: u32,
        pub(super) started: SinceBoot,
    }

    impl Found {
        /// A parent is older than its child.
        pub(super) fn may_have_started(&self, child: &Self) -> bool {
            self.started <= child.started
        }

        fn named(self, pid: u32) -> Caller {
            Caller {
                pid,
                name: Untrusted::from_bytes(&self.name),
            }
        }
    }

    impl Process {
        fn open(pid: u32) -> Option<Self> {
            let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
            let folder = openat(CWD, format!("/proc/{pid}"), flags, Mode::empty());
            folder.ok().map(Self)
        }

        fn look(&self) -> Option<Found> {
            let flags = OFlags::RDONLY | OFlags::CLOEXEC;
            let file = openat(&self.0, "stat", flags, Mode::empty()).ok()?;
            // One read is one picture of the process; the line is far shorter.
            let mut line = [0; 2048];
            let length = rustix::io::read(&file, &mut line).ok()?;
            parse(&line[..length])
        }

        /// By its program file. Commands of this program keep that from others (they hold secrets);
        /// then their own name for themselves has to do.
        fn is_this_program(&self, found: &Found) -> bool {
            let Ok(own) = stat("/proc/self/exe") else {
                return false;
            };
            match statat(&self.0, "exe", AtFlags::empty()) {
                Ok(its) => (its.st_dev, its.st_ino) == (own.st_dev, own.st_ino),
                Err(Errno::ACCESS | Errno::PERM) => {
                    let own = Self::open(std::process::id()).and_then(|own| own.look());
                    own.is_some_and(|own| own.name == found.name)
                }
                Err(_) => false,
            }
        }
    }

    /// proc(5), `/proc/PID/stat`. The name stands in parentheses and may contain anything, those too.
    pub(super) fn parse(line: &[u8]) -> Option<Found> {
        let start = line.iter().position(|byte| *byte == b'(')?;
        let end = line.iter().rposition(|byte| *byte == b')')?;
        let name = line.get(start + 1..end)?.to_vec();
        // From field 3, the state.
        let rest = std::str::from_utf8(&line[end + 1..]).ok()?;
        let mut fields = rest.split_ascii_whitespace();
        let parent = fields.nth(1)?.parse().ok()?;
        let ticks: u64 = fields.nth(17)?.parse().ok()?;
        Some(Found {
            name,
            parent,
            started: SinceBoot(Duration::from_millis(ticks.checked_mul(TICK_MILLIS)?)),
        })
    }
}
