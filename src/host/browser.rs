//! Starting a browser: without a shell, with one checked address, and never for long
//! (conformance E-09..E-13).

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use url::{Host, Url};

use super::environment::Environment;
use super::process::prepare_for_children;
use crate::model::Untrusted;

/// How long a launcher is watched for failing at once.
const WATCHED: Duration = Duration::from_millis(250);
/// All launchers together.
const PATIENCE: Duration = Duration::from_secs(3);

/// An address that may be handed to a browser.
#[derive(Clone, PartialEq, Eq)]
pub struct BrowserUrl(String);

/// The address holds something that a launcher could read as a command, or is no web address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this address is not safe to open")]
pub struct UnsafeAddress;

impl BrowserUrl {
    /// Accepts `https`, and `http` on this machine, made of nothing but the characters of RFC 3986
    /// without `'` and `$`, already percent-encoded, with no encoded control character.
    pub fn check(text: &str) -> Result<Self, UnsafeAddress> {
        let plain = text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!&()*+,;=%".contains(&byte));
        if !plain || has_encoded_control(text) {
            return Err(UnsafeAddress);
        }
        let url = Url::parse(text).map_err(|_| UnsafeAddress)?;
        let road = if text.starts_with("https://") {
            url.host().is_some()
        } else {
            text.starts_with("http://") && is_here(&url)
        };
        if !road || !url.username().is_empty() || url.password().is_some() {
            return Err(UnsafeAddress);
        }
        Ok(Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn has_encoded_control(text: &str) -> bool {
    text.split('%').skip(1).any(|rest| {
        let code = rest
            .get(..2)
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        // A broken escape is no better.
        code.is_none_or(|code| code.is_ascii_control())
    })
}

fn is_here(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// A launcher took the address. Whether a page opened, nobody can know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// File name of the program, e.g. `firefox`.
    pub program: Untrusted,
}

/// Whoever can show a page to the person: the system, or a stand-in in tests and practice.
pub trait Browser: Send + Sync {
    /// Opens the address. May take up to 3 seconds: call it off the drawing thread.
    fn open(&self, url: &BrowserUrl) -> Result<Opened, BrowserError>;
}

/// The browser of this machine: `BROWSER`, else the desktop's own launchers.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemBrowser;

impl Browser for SystemBrowser {
    fn open(&self, url: &BrowserUrl) -> Result<Opened, BrowserError> {
        open(url)
    }
}

/// `BROWSER`, else these programs, with `:` between them: a person named them once and for all.
#[derive(Clone, Debug)]
pub struct NamedBrowser(pub OsString);

impl Browser for NamedBrowser {
    fn open(&self, url: &BrowserUrl) -> Result<Opened, BrowserError> {
        let variable = std::env::var_os("BROWSER").filter(|list| !list.is_empty());
        open_with(url, &variable.unwrap_or_else(|| self.0.clone()))
    }
}

/// Why no browser started.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BrowserError {
    /// No display and no `BROWSER`: nothing was tried.
    #[error("this machine has no browser")]
    NoBrowser,
    /// Every launcher failed; the first one that could be started, or else the first one, is named.
    #[error("no browser could be started")]
    Failed { program: Untrusted },
}

/// Opens the address with `BROWSER` (one program, or several with `:` between them), else the
/// desktop's own launchers. Takes up to 3 seconds: call it off the drawing thread.
pub fn open(url: &BrowserUrl) -> Result<Opened, BrowserError> {
    let programs = std::env::var_os("BROWSER");
    first_to_start(choose(
        url,
        programs.as_deref(),
        Environment::detect().display,
    ))
}

/// The launchers to try; none where nobody could see a window.
fn choose(url: &BrowserUrl, programs: Option<&OsStr>, display: bool) -> Vec<Command> {
    match programs.filter(|list| !list.is_empty()) {
        Some(list) => commands(url, list),
        None if display => open::commands(url.as_str()),
        None => Vec::new(),
    }
}

/// Opens the address with the first of these programs that starts; paths or names, with `:`
/// between them. No arguments and no shell.
pub fn open_with(url: &BrowserUrl, programs: &OsStr) -> Result<Opened, BrowserError> {
    first_to_start(commands(url, programs))
}

fn commands(url: &BrowserUrl, programs: &OsStr) -> Vec<Command> {
    std::env::split_paths(programs)
        .filter(|program| !program.as_os_str().is_empty())
        .map(|program| {
            let mut command = Command::new(program);
            command.arg(url.as_str());
            command
        })
        .collect()
}

fn first_to_start(commands: Vec<Command>) -> Result<Opened, BrowserError> {
    let give_up = Instant::now() + PATIENCE;
    let mut failed: Option<(bool, Untrusted)> = None;
    for mut command in commands {
        let program = file_name(command.get_program());
        match launch(&mut command, give_up) {
            Ok(true) => return Ok(Opened { program }),
            Ok(false) if !matches!(failed, Some((true, _))) => failed = Some((true, program)),
            Err(_) if failed.is_none() => failed = Some((false, program)),
            Ok(false) | Err(_) => {}
        }
        if Instant::now() >= give_up {
            break;
        }
    }
    match failed {
        Some((_, program)) => Err(BrowserError::Failed { program }),
        None => Err(BrowserError::NoBrowser),
    }
}

/// Whether the launcher ended well or is still running after a moment.
fn launch(command: &mut Command, give_up: Instant) -> io::Result<bool> {
    prepare_for_children();
    let child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        // Out of the terminal's process group: its interrupt key must not close the browser.
        .process_group(0)
        .spawn()?;
    ends_well(child, give_up)
}

/// Whether a program that was just started ended well, or still runs after a moment.
pub(super) fn ends_well(mut child: Child, give_up: Instant) -> io::Result<bool> {
    let watched_until = (Instant::now() + WATCHED).min(give_up);
    loop {
        match child.try_wait()? {
            Some(status) => return Ok(status.success()),
            None if Instant::now() >= watched_until => {
                reap_later(child);
                return Ok(true);
            }
            None => thread::sleep(Duration::from_millis(5)),
        }
    }
}

/// A launcher that stays is collected when it ends; the thread does not keep the process alive.
fn reap_later(mut child: Child) {
    let reaper = thread::Builder::new()
        .name("browser-reaper".to_owned())
        .spawn(move || child.wait());
    drop(reaper);
}

fn file_name(program: &OsStr) -> Untrusted {
    let name: OsString = Path::new(program)
        .file_name()
        .unwrap_or(program)
        .to_os_string();
    Untrusted::new(name.to_string_lossy())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url() -> BrowserUrl {
        BrowserUrl::check("http://127.0.0.1:1/go/0123456789").expect("safe")
    }

    #[test]
    fn e_09_ordinary_addresses_are_accepted_as_they_are() {
        for text in [
            "https://a.example/authorize?scope=repo%20read:user&state=a_b-c~d",
            "https://a.example:8443/x;y=(z)*,!@",
            "https://[2001:db8::1]/",
            "http://127.0.0.1:41873/go/0123456789",
            "http://[::1]:41873/go/0123456789",
            "http://localhost:41873/go/0123456789",
        ] {
            assert_eq!(BrowserUrl::check(text).expect(text).as_str(), text);
        }
    }

    #[test]
    fn e_09_hostile_addresses_are_refused() {
        for text in [
            "",
            " ",
            "-",
            "--help",
            "--load=/tmp/x",
            "-https://a.example/",
            "file:///etc/passwd",
            "javascript:alert(1)",
            "data:text/html,x",
            "ftp://a.example/",
            "vbscript:x",
            "about:blank",
            "chrome://settings",
            "ms-settings:x",
            "x-man-page:ls",
            "//a.example/",
            "/etc/passwd",
            "a.example",
            "https:",
            "https:/",
            "https://",
            "https:a",
            "HTTPS://a.example/",
            "hTTp://127.0.0.1/",
            "http://a.example/",
            "http://127.0.0.1.a.example/",
            "http://localhost.a.example/",
            "http://0.0.0.0/",
            "http://192.168.0.1/",
            "http:///x",
            "https://user@a.example/",
            "https://user:pass@a.example/",
            "http://x@127.0.0.1/",
            "https://a.example/$(id)",
            "https://a.example/`id`",
            "https://a.example/$IFS",
            "https://a.example/|id",
            "https://a.example/<x",
            "https://a.example/>x",
            "https://a.example/\"",
            "https://a.example/'",
            "https://a.example/\\",
            "https://a.example/^",
            "https://a.example/{a,b}",
            "https://a.example/ x",
            "https://a.example/\t",
            " https://a.example/",
            "https://a.example/ ",
            "https://a.example/\n",
            "https://a.example/\r\nx",
            "https://a.example/\0",
            "https://a.example/\u{1b}[2J",
            "https://a.example/\u{7f}",
            "https://a.example/%00",
            "https://a.example/%0a",
            "https://a.example/%0D",
            "https://a.example/%1b",
            "https://a.example/%7f",
            "https://a.example/%",
            "https://a.example/%zz",
            "https://a.example/%+1",
            "https://a.example/\u{e9}",
            "https://\u{430}.example/",
            "https://a.example/\u{202e}",
            "https://a.example:99999/",
            "https://%61.example%00/",
        ] {
            assert_eq!(
                BrowserUrl::check(text).err(),
                Some(UnsafeAddress),
                "{text:?}"
            );
        }
    }

    #[test]
    fn e_09_every_launcher_gets_the_address_as_one_argument() {
        let url = url();
        let own = commands(&url, OsStr::new("/opt/my browser:firefox::%s --x"));
        let programs: Vec<_> = own.iter().map(Command::get_program).collect();
        assert_eq!(programs, ["/opt/my browser", "firefox", "%s --x"]);
        for command in own.iter().chain(&choose(&url, None, true)) {
            let arguments: Vec<_> = command.get_args().collect();
            assert_eq!(arguments.last().expect("one"), &url.as_str());
            let shells = ["sh", "bash", "/bin/sh"];
            assert!(!shells.iter().any(|shell| command.get_program() == *shell));
        }
    }

    #[test]
    fn e_13_without_a_display_and_without_browser_nothing_is_tried() {
        assert!(choose(&url(), None, false).is_empty());
        assert!(choose(&url(), Some(OsStr::new("")), false).is_empty());
        assert_eq!(choose(&url(), Some(OsStr::new("firefox")), false).len(), 1);
        assert_eq!(first_to_start(Vec::new()), Err(BrowserError::NoBrowser));
    }

    #[test]
    fn e_13_the_first_program_that_starts_is_taken_and_failures_are_named() {
        let with = |programs: &str| open_with(&url(), OsStr::new(programs));
        let opened = |program: &str| {
            Ok(Opened {
                program: Untrusted::new(program),
            })
        };
        let failed = |program: &str| {
            Err(BrowserError::Failed {
                program: Untrusted::new(program),
            })
        };
        assert_eq!(with("true"), opened("true"));
        assert_eq!(with("/nonexistent/a:false:true:false"), opened("true"));
        assert_eq!(with("/nonexistent/a"), failed("a"));
        assert_eq!(with("/nonexistent/a:/nonexistent/b"), failed("a"));
        assert_eq!(
            with("/nonexistent/a:false"),
            failed("false"),
            "it did start"
        );
    }

    #[test]
    fn e_13_a_launcher_that_stays_is_not_waited_for() {
        let mut command = Command::new("sleep");
        command.arg("2");
        let started = first_to_start(vec![command]);
        assert_eq!(started.expect("runs").program, Untrusted::new("sleep"));
    }
}
