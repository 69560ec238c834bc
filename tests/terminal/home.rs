//! A sealed home: nothing of the real user's settings, keychain, browser or locale is seen.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver};
use std::thread;

use portable_pty::CommandBuilder;
use rustix::fs::Mode;
use tempfile::TempDir;
use valetkey::sandbox::{Browser, Options, SandboxThread};

use crate::kept::{self, Provider};
use crate::term::{DEADLINE, Term};

pub(crate) const PASSPHRASE: &str = "canary-b80e6f7a19-passphrase-of-the-terminal-tests";
const PROGRAM: &str = env!("CARGO_BIN_EXE_valetkey");

/// A home folder, and the environment that goes with it.
pub(crate) struct Home {
    folder: TempDir,
    variables: Vec<(String, String)>,
}

impl Home {
    /// With a passphrase in a file, so that nothing asks for one.
    pub(crate) fn new() -> Self {
        let home = Self::without_passphrase();
        let file = home.path("passphrase");
        fs::write(&file, PASSPHRASE).expect("writes");
        home.set("VALETKEY_PASSPHRASE_FILE", &file.to_string_lossy())
    }

    pub(crate) fn without_passphrase() -> Self {
        let folder = kept::folder();
        kept::secrets([PASSPHRASE]);
        let home = folder.path().to_string_lossy().into_owned();
        let here = Self {
            folder,
            variables: Vec::new(),
        };
        here.set("HOME", &home)
            .set("VALETKEY_HOME", &home)
            .set("PATH", "/usr/bin:/bin")
            .set("LANG", "C.UTF-8")
            .set("TERM", "xterm-256color")
            .set("TZ", "UTC")
            .set("USER", "ada")
            // No bus of the machine's: a real keychain must not be touched.
            .set(
                "DBUS_SESSION_BUS_ADDRESS",
                &format!("unix:path={home}/no-bus"),
            )
    }

    /// Sets a variable of the program's environment.
    pub(crate) fn set(mut self, name: &str, value: &str) -> Self {
        self.variables.retain(|(other, _)| other != name);
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Makes `browser` the browser: it opens nothing.
    pub(crate) fn with_idle_browser(self) -> Self {
        let script = self.script("firefox", "exit 0");
        self.set("BROWSER", &script)
    }

    /// Makes a browser that only tells which addresses it was given.
    pub(crate) fn with_browser(self) -> (Self, Pages) {
        let pipe = self.path("pages");
        rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, Mode::RUSR | Mode::WUSR).expect("a pipe");
        // Open for writing too: it never ends, and opening does not wait for a writer.
        let both = fs::File::options().read(true).write(true).open(&pipe);
        let lines = BufReader::new(both.expect("opens")).lines();
        let (sender, opened) = mpsc::channel();
        thread::spawn(move || {
            for address in lines.map_while(Result::ok) {
                if sender.send(address).is_err() {
                    break;
                }
            }
        });
        let say = format!("printf '%s\\n' \"$1\" > '{}'", pipe.display());
        let script = self.script("firefox", &say);
        (self.set("BROWSER", &script), Pages(opened))
    }

    fn script(&self, name: &str, body: &str) -> String {
        let file = self.path(name);
        fs::write(&file, format!("#!/bin/sh\n{body}\n")).expect("writes");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o700)).expect("made executable");
        file.to_string_lossy().into_owned()
    }

    /// The program at these arguments, ready to be started.
    pub(crate) fn command(&self, arguments: &[&str]) -> CommandBuilder {
        self.any(PROGRAM, arguments)
    }

    /// Another program in the same environment.
    pub(crate) fn any(&self, program: &str, arguments: &[&str]) -> CommandBuilder {
        let mut command = CommandBuilder::new(program);
        command.args(arguments);
        command.env_clear();
        command.cwd(self.folder.path());
        for (name, value) in &self.variables {
            command.env(name, value);
        }
        if let Some((name, file)) = kept::log() {
            command.env(name, file);
        }
        command
    }

    /// Starts the program in a terminal of 80 columns and 24 lines.
    pub(crate) fn start(&self, arguments: &[&str]) -> Term {
        Term::start(self.command(arguments), (80, 24))
    }

    /// Runs a command without a terminal; its exit code, stdout and stderr.
    pub(crate) fn run(&self, arguments: &[&str]) -> (Option<i32>, String, String) {
        let output = std::process::Command::new(PROGRAM)
            .args(arguments)
            .env_clear()
            .envs(self.variables.iter().cloned())
            .envs(kept::log())
            .current_dir(self.folder.path())
            .stdin(std::process::Stdio::null())
            .output()
            .expect("runs");
        if !arguments.contains(&"token") {
            kept::printed(&output.stdout);
        }
        kept::printed(&output.stderr);
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        (
            output.status.code(),
            text(output.stdout),
            text(output.stderr),
        )
    }

    /// Adds a connection to a sandbox under this name, not signed in.
    pub(crate) fn add(&self, sandbox: &SandboxThread, name: &str) {
        let at = |path: &str| sandbox.at(path);
        let (code, _, told) = self.run(&[
            "add",
            "--no-input",
            "--dev-http",
            "--name",
            name,
            "--authorization-url",
            &at("/authorize"),
            "--token-url",
            &at("/token"),
            "--device-url",
            &at("/device_authorization"),
            "--revocation-url",
            &at("/revoke"),
            "--test-url",
            &at("/me"),
            "--client-id",
            "valetkey-practice",
            "--scope",
            "profile items:read",
        ]);
        assert_eq!(code, Some(0), "{told}");
    }
}

/// The addresses that the browser was given, in order.
pub(crate) struct Pages(Receiver<String>);

impl Pages {
    pub(crate) fn next(&self) -> String {
        self.0
            .recv_timeout(DEADLINE)
            .expect("the browser is opened")
    }
}

/// A provider over plain http on this machine.
pub(crate) fn sandbox() -> Provider {
    Provider::of(SandboxThread::start(Options::default()).expect("a sandbox"))
}

/// A browser whose person approves, but cannot reach the program: the address it ends on.
pub(crate) fn answer_to(sandbox: &SandboxThread, page: &str) -> String {
    let mut browser: Browser = sandbox.browser().stopping_before_callback();
    let visit = sandbox.visit(&mut browser, page).expect("visits");
    assert!(visit.url.contains("code="), "ended on {}", visit.url);
    visit.url
}
