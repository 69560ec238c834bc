//! Who asked: the processes behind a command and behind a connection to the agent, for the history and
//! for questions to a person. For display only: nothing is allowed or refused by it (conformance Y-04).

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

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::io::{BufRead as _, BufReader};
    use std::process::{Child, Command, Stdio};

    use super::linux::parse;
    use super::*;

    /// A process that calls itself what the test says, until it is ended.
    fn named(name: &[u8]) -> Child {
        use std::os::unix::ffi::OsStrExt as _;

        let mut child = Command::new("/bin/sh")
            .args([
                "-c",
                "printf %s \"$1\" > /proc/$$/comm && echo ready && read -r _",
                "sh",
            ])
            .arg(std::ffi::OsStr::from_bytes(name))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a shell");
        let mut ready = String::new();
        BufReader::new(child.stdout.as_mut().expect("piped"))
            .read_line(&mut ready)
            .expect("named");
        child
    }

    fn end(mut child: Child) {
        drop(child.stdin.take());
        child.wait().expect("ended");
    }

    #[test]
    fn y_04_the_caller_is_the_process_that_started_this_one() {
        let caller = caller().expect("known");
        assert_eq!(caller.pid, std::os::unix::process::parent_id());
        assert!(!caller.name.raw().is_empty());
    }

    #[test]
    fn y_04_a_process_that_was_started_after_the_connection_is_not_named() {
        let child = named(b"plain");
        let pid = child.id();
        let found = process(pid, SinceBoot::now()).expect("it runs");
        assert_eq!((found.pid, found.name.raw()), (pid, "plain"));
        // As if its number had belonged to another when that one connected.
        let earlier = SinceBoot(
            SinceBoot::now()
                .0
                .checked_sub(Duration::from_secs(3600))
                .expect("up"),
        );
        let started_before = SinceBoot(Duration::ZERO);
        assert_eq!(process(pid, earlier.min(started_before)), None);
        end(child);
        assert_eq!(process(pid, SinceBoot::now()), None, "it is gone");
    }

    #[test]
    fn y_04_what_is_younger_than_a_process_is_not_its_parent() {
        let started = |ticks| {
            let line = format!("9 (a) S 1 {}{ticks} 0", "1 ".repeat(17));
            parse(line.as_bytes()).expect("a line")
        };
        assert!(started(5).may_have_started(&started(5)));
        assert!(started(5).may_have_started(&started(6)));
        assert!(!started(6).may_have_started(&started(5)));
    }

    /// Commands keep their program file from others of their user; root sees it all the same.
    #[test]
    fn y_04_a_protected_command_of_this_program_is_named_by_whoever_started_it() {
        const PROTECTED: &str = "VALETKEY_TEST_PROTECTED";
        if std::env::var_os(PROTECTED).is_some() {
            crate::host::harden_process().expect("allowed");
            eprintln!("ready");
            let _ = std::io::stdin().lines().next();
            return;
        }
        let name = "host::caller::tests::y_04_a_protected_command_of_this_program_is_named_by_whoever_started_it";
        let mut child = Command::new(std::env::current_exe().expect("known"))
            .args(["--exact", name, "--nocapture"])
            .env(PROTECTED, "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let stderr = BufReader::new(child.stderr.take().expect("piped"));
        assert!(
            stderr
                .lines()
                .map_while(Result::ok)
                .any(|line| line == "ready")
        );
        let found = process(child.id(), SinceBoot::now());
        end(child);
        assert_eq!(found.expect("it runs").pid, std::process::id());
    }

    #[test]
    fn y_04_a_command_of_this_very_program_is_named_by_whoever_started_it() {
        let own = process(std::process::id(), SinceBoot::now()).expect("it runs");
        assert_eq!(Some(own), caller());
    }

    #[test]
    fn y_04_w_01_a_hostile_name_is_found_whole_and_shown_harmless() {
        let child = named(b"x) R 1 (\x1b[2J\n");
        let found = process(child.id(), SinceBoot::now()).expect("it runs");
        end(child);
        assert_eq!(found.name.shown().as_str(), "x) R 1 (␛[2J␊");
    }

    #[test]
    fn y_04_the_line_of_a_process_is_taken_apart_from_its_end() {
        let tail = format!("S 812 {}4711 0 0", "1 ".repeat(17));
        let line = format!("9 (a) (b\n)) {tail}");
        let found = parse(line.as_bytes()).expect("a line");
        assert_eq!(
            (found.name.as_slice(), found.parent),
            (&b"a) (b\n)"[..], 812)
        );
        assert_eq!(found.started, SinceBoot(Duration::from_millis(47_110)));
        for bad in ["", "9", "9 (a", "9 )a( S 1", "9 (a) S x", "9 (a) S 812 1 1"] {
            assert!(parse(bad.as_bytes()).is_none(), "{bad:?}");
        }
    }
}
