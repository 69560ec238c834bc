//! The real program in a sealed home: no keychain, no display, no desk around it.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread::JoinHandle;

use serde_json::Value;
use tempfile::TempDir;
use valetkey::model::{Connection, Secret, UnixTime};
use valetkey::sandbox::{Browser, Options, SandboxThread, Tls};
use valetkey::vault::{Home as VaultHome, Unlock, Vault, VaultError};

use crate::kept::{self, Provider};

/// The connection of most tests.
pub(crate) const NAME: &str = "practice";
const PASSPHRASE: &str = "canary-9f27c1d04b-passphrase-of-the-sealed-home";

pub(crate) struct Home {
    folder: TempDir,
}

/// The program of this build, or another build of it: long campaigns run the release.
fn program() -> std::ffi::OsString {
    std::env::var_os("VALETKEY_BIN").unwrap_or_else(|| env!("CARGO_BIN_EXE_valetkey").into())
}

/// What a command left behind.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) code: Option<i32>,
}

impl Output {
    /// Fails the test unless the command ended with this code.
    #[track_caller]
    pub(crate) fn ended(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        self
    }

    /// The one JSON value on stdout.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|_| panic!("{self:#?}"))
    }

    /// The JSON values on stdout, one a line.
    #[track_caller]
    pub(crate) fn json_lines(&self) -> Vec<Value> {
        let lines = self.stdout.lines();
        lines
            .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{self:#?}")))
            .collect()
    }

    /// The token that `token` printed.
    #[track_caller]
    pub(crate) fn token(self) -> String {
        let output = self.ended(0);
        let token = output.stdout.strip_suffix('\n').expect("one line");
        assert!(!token.contains(char::is_whitespace), "{token:?}");
        token.to_owned()
    }
}

/// Everything the vault keeps of a connection.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Kept {
    connection: Connection,
    pub(crate) access: Option<String>,
    pub(crate) refresh: Option<String>,
}

impl Kept {
    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }
}

impl Home {
    /// With an empty vault that opens at once.
    pub(crate) fn new() -> Self {
        let home = Self::empty();
        let passphrase = Secret::new(PASSPHRASE.to_owned());
        Vault::create_for_tests(&home.vault_home(), &passphrase, UnixTime(1_700_000_000))
            .expect("a vault");
        home
    }

    /// Without a vault.
    pub(crate) fn empty() -> Self {
        let folder = kept::folder();
        kept::secrets([PASSPHRASE]);
        let home = Self { folder };
        fs::write(home.passphrase_file(), PASSPHRASE).expect("a passphrase");
        home.write_browser();
        home
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// `VALETKEY_HOME`.
    pub(crate) fn root(&self) -> PathBuf {
        self.path().join("valetkey")
    }

    pub(crate) fn passphrase_file(&self) -> PathBuf {
        self.path().join("passphrase")
    }

    pub(crate) fn vault_home(&self) -> VaultHome {
        VaultHome::Disk {
            data: self.root().join("data"),
            state: self.root().join("state"),
        }
    }

    /// The program with these arguments, in nothing but this home.
    pub(crate) fn command<A: AsRef<OsStr>>(&self, arguments: &[A]) -> Command {
        let mut command = Command::new(program());
        command
            .args(arguments)
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", self.path())
            .env("VALETKEY_HOME", self.root())
            .env("VALETKEY_PASSPHRASE_FILE", self.passphrase_file())
            .env("BROWSER", self.path().join("browser"))
            .current_dir(self.path())
            .envs(kept::log())
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn run<A: AsRef<OsStr>>(&self, arguments: &[A]) -> Output {
        run(&mut self.command(arguments))
    }

    /// Starts a command that waits for a browser.
    pub(crate) fn start<A: AsRef<OsStr>>(&self, arguments: &[A]) -> Running {
        self.start_command(&mut self.command(arguments))
    }

    /// The same, made ready by the test itself.
    pub(crate) fn start_command(&self, command: &mut Command) -> Running {
        let fifo = self.new_fifo();
        Running::start(command, fifo)
    }

    /// Where the browser tells the address it was given.
    pub(crate) fn new_fifo(&self) -> PathBuf {
        let _ = fs::remove_file(self.fifo());
        let made = Command::new("mkfifo")
            .args(["-m", "666"]) // the program may run as another user
            .arg(self.fifo())
            .status();
        assert!(made.expect("mkfifo").success());
        self.fifo()
    }

    /// A browser that tells the test which address it was given.
    fn write_browser(&self) {
        self.browser_that("");
    }

    /// The same, after it did something else.
    pub(crate) fn browser_that(&self, does: &str) {
        let browser = self.path().join("browser");
        let fifo = self.fifo();
        let script = format!(
            "#!/bin/sh\n{does}\nprintf '%s\\n' \"$1\" > '{}'\n",
            fifo.display()
        );
        fs::write(&browser, script).expect("a browser");
        fs::set_permissions(&browser, fs::Permissions::from_mode(0o700)).expect("mode");
    }

    fn fifo(&self) -> PathBuf {
        self.path().join("opened")
    }

    /// As if the tokens had been issued so many seconds earlier.
    pub(crate) fn age(&self, seconds: u32) {
        let sql = rusqlite::Connection::open(self.root().join("data/vault.db")).expect("opens");
        let update = "UPDATE grants SET issued_at = issued_at - ?1, expires_at = expires_at - ?1";
        assert!(sql.execute(update, [seconds]).expect("changed") > 0);
    }

    /// The vault, opened by the library.
    pub(crate) fn opened(&self) -> Vault {
        let mut vault = Vault::open(&self.vault_home())
            .expect("opens")
            .expect("made");
        let passphrase = Secret::new(PASSPHRASE.to_owned());
        vault
            .unlock(Unlock::Passphrase(&passphrase))
            .expect("unlocked");
        vault
    }

    /// What the vault holds of a connection, read by the library.
    pub(crate) fn kept(&self, name: &str) -> Kept {
        let vault = self.opened();
        // Another process may refresh it between two looks: then all of it is read again.
        loop {
            let connection = vault.connection(name).expect("reads").expect(name);
            let tokens = vault
                .access_token(&connection)
                .and_then(|access| Ok((access, vault.refresh_token(&connection)?)));
            let text = |token: Option<Secret>| token.map(|token| token.reveal().to_owned());
            match tokens {
                Ok((access, refresh)) => {
                    return Kept {
                        access: text(access),
                        refresh: text(refresh),
                        connection,
                    };
                }
                Err(VaultError::Changed) => {}
                Err(error) => panic!("{name}: {error:?}"),
            }
        }
    }
}

/// The practice provider beside a home.
impl Home {
    /// Flags for a connection to the sandbox.
    pub(crate) fn definition(&self, sandbox: &SandboxThread) -> Vec<String> {
        self.definition_of(NAME, sandbox)
    }

    /// The same under another name.
    pub(crate) fn definition_of(&self, name: &str, sandbox: &SandboxThread) -> Vec<String> {
        let authority = self.path().join("ca.pem");
        fs::write(&authority, sandbox.ca_pem().expect("TLS")).expect("written");
        let mut flags = vec!["add".to_owned(), "--no-input".to_owned()];
        for (flag, value) in [
            ("--name", name.to_owned()),
            ("--authorization-url", sandbox.at("/authorize")),
            ("--token-url", sandbox.at("/token")),
            ("--device-url", sandbox.at("/device_authorization")),
            ("--revocation-url", sandbox.at("/revoke")),
            ("--test-url", sandbox.at("/me")),
            ("--client-id", "valetkey-practice".to_owned()),
            ("--scope", "profile items:read".to_owned()),
            ("--ca-file", authority.display().to_string()),
        ] {
            flags.extend([flag.to_owned(), value]);
        }
        flags
    }

    /// A home with a connection to the sandbox.
    pub(crate) fn with(sandbox: &SandboxThread) -> Self {
        let home = Self::new();
        home.run(&home.definition(sandbox)).ended(0);
        home
    }

    /// The same, signed in as ada.
    pub(crate) fn signed_in(sandbox: &SandboxThread) -> Self {
        let home = Self::with(sandbox);
        home.login(sandbox).ended(0);
        sandbox.clear_requests();
        home
    }

    /// Signs in; ada approves everything.
    pub(crate) fn login(&self, sandbox: &SandboxThread) -> Output {
        self.login_by(sandbox, &["login", NAME], sandbox.browser())
    }

    pub(crate) fn login_by(
        &self,
        sandbox: &SandboxThread,
        arguments: &[&str],
        mut browser: Browser,
    ) -> Output {
        let mut running = self.start(arguments);
        if let Some(url) = running.opened() {
            sandbox.visit(&mut browser, &url).expect("a visit");
        }
        running.end()
    }
}

pub(crate) fn sandbox(switches: &[&str]) -> Provider {
    let options = Options {
        tls: Tls::Own,
        behaviour: valetkey::sandbox::Behaviour::parse(switches).expect("switches"),
        ..Options::default()
    };
    Provider::of(SandboxThread::start(options).expect("a sandbox"))
}

/// Runs a command to its end.
pub(crate) fn run(command: &mut Command) -> Output {
    let output = command.output().expect("the program starts");
    keep(gives_tokens(command), &output.stdout, &output.stderr);
    Output {
        stdout: String::from_utf8(output.stdout).expect("text"),
        stderr: String::from_utf8(output.stderr).expect("text"),
        code: output.status.code(),
    }
}

/// Leaves for the sweep what was printed: some commands print a secret, and on stdout alone.
fn keep(gives_tokens: bool, stdout: &[u8], stderr: &[u8]) {
    if !gives_tokens {
        kept::printed(stdout);
    }
    kept::printed(stderr);
}

const GIVING: [&str; 4] = ["token", "git-credential", "kube-credential", "--no-conceal"];

fn gives_tokens(command: &Command) -> bool {
    command.get_args().any(|argument| {
        let argument = argument.to_string_lossy();
        let mut words = argument.split_whitespace();
        words.any(|word| GIVING.contains(&word))
    })
}

/// A command under way.
pub(crate) struct Running {
    gives_tokens: bool,
    pub(crate) id: u32,
    code: JoinHandle<Option<i32>>,
    stdout: Lines,
    stderr: Lines,
    opened: BufReader<fs::File>,
}

impl Running {
    pub(crate) fn start(command: &mut Command, fifo: PathBuf) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        // Open for both, so that opening does not wait and the browser can come and go.
        let opened = fs::OpenOptions::new().read(true).write(true).open(&fifo);
        let mut end = fs::OpenOptions::new()
            .read(true)
            .write(true)
            .open(fifo)
            .expect("a pipe");
        let stdout = Lines::of(child.stdout.take().expect("piped"));
        let stderr = Lines::of(child.stderr.take().expect("piped"));
        let id = child.id();
        let code = std::thread::spawn(move || {
            let code = wait(&mut child);
            // Whoever waits for a browser that never comes is let go.
            end.write_all(b"\n").expect("told");
            code
        });
        Self {
            gives_tokens: gives_tokens(command),
            id,
            code,
            stdout,
            stderr,
            opened: BufReader::new(opened.expect("a pipe")),
        }
    }

    /// The address that the browser was given; `None` when the command ended without one.
    pub(crate) fn opened(&mut self) -> Option<String> {
        let mut line = String::new();
        self.opened.read_line(&mut line).expect("read");
        let line = line.trim_end().to_owned();
        (!line.is_empty()).then_some(line)
    }

    /// The first line of stdout, from where the last call ended, that `pick` takes.
    pub(crate) fn stdout_line(&mut self, pick: impl Fn(&str) -> bool) -> String {
        self.stdout.until(pick)
    }

    /// The same of stderr.
    pub(crate) fn stderr_line(&mut self, pick: impl Fn(&str) -> bool) -> String {
        self.stderr.until(pick)
    }

    /// The interrupt key.
    pub(crate) fn interrupt(&self) {
        let id = self.id.to_string();
        let sent = Command::new("kill").args(["-INT", &id]).status();
        assert!(sent.expect("kill").success());
    }

    pub(crate) fn end(self) -> Output {
        let output = Output {
            code: self.code.join().expect("ended"),
            stdout: self.stdout.rest(),
            stderr: self.stderr.rest(),
        };
        keep(
            self.gives_tokens,
            output.stdout.as_bytes(),
            output.stderr.as_bytes(),
        );
        output
    }
}

fn wait(child: &mut Child) -> Option<i32> {
    child.wait().expect("ended").code()
}

/// The lines of a pipe, read on a thread of their own so that nothing ever blocks the program.
struct Lines {
    coming: Receiver<String>,
    seen: String,
}

impl Lines {
    fn of(pipe: impl std::io::Read + Send + 'static) -> Self {
        let (sender, coming) = channel();
        std::thread::spawn(move || {
            let mut pipe = BufReader::new(pipe);
            let mut bytes = Vec::new();
            while pipe
                .by_ref()
                .read_until(b'\n', &mut bytes)
                .is_ok_and(|read| read > 0)
            {
                let line = String::from_utf8(std::mem::take(&mut bytes)).expect("text");
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Self {
            coming,
            seen: String::new(),
        }
    }

    fn until(&mut self, pick: impl Fn(&str) -> bool) -> String {
        loop {
            let line = self.coming.recv();
            let line = line.unwrap_or_else(|_| panic!("the command ended first:\n{}", self.seen));
            self.seen.push_str(&line);
            if pick(line.trim_end()) {
                return line.trim_end().to_owned();
            }
        }
    }

    fn rest(mut self) -> String {
        for line in self.coming {
            self.seen.push_str(&line);
        }
        self.seen
    }
}
