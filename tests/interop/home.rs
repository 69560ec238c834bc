//! A sealed home: the program sees these folders and variables and nothing of the machine's.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use portable_pty::CommandBuilder;
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use crate::kept;
use crate::keys::Keys;
use crate::pty::Pty;

/// No test waits longer for anything; what takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(120);

/// Waits, but not for ever.
pub(crate) async fn in_time<T>(what: &str, work: impl Future<Output = T>) -> T {
    let Ok(done) = tokio::time::timeout(PATIENCE, work).await else {
        panic!("{what}: not done in {} s", PATIENCE.as_secs())
    };
    done
}

pub(crate) struct Home {
    folder: TempDir,
    variables: Vec<(&'static str, OsString)>,
}

impl Home {
    pub(crate) fn new() -> Self {
        let folder = kept::folder();
        let runtime = folder.path().join("runtime");
        std::fs::create_dir(&runtime).expect("the runtime folder");
        let private = std::os::unix::fs::PermissionsExt::from_mode(0o700);
        std::fs::set_permissions(&runtime, private).expect("a private runtime folder");
        let variables = vec![
            ("PATH", std::env::var_os("PATH").expect("PATH")),
            ("HOME", folder.path().into()),
            ("XDG_RUNTIME_DIR", runtime.into()),
            ("LANG", "C.UTF-8".into()),
        ];
        Self { folder, variables }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Sets a variable for everything started from now on.
    pub(crate) fn set(&mut self, name: &'static str, value: impl Into<OsString>) {
        self.unset(name);
        self.variables.push((name, value.into()));
    }

    pub(crate) fn unset(&mut self, name: &str) {
        self.variables.retain(|(other, _)| *other != name);
    }

    /// Writes a file outside the home's searched part and returns its address.
    pub(crate) fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path().join("runtime").join(name);
        std::fs::write(&path, text).expect("a file");
        path
    }

    /// Any program in this home. It is ended when the handle is dropped.
    pub(crate) fn program(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .envs(kept::log())
            .current_dir(self.path())
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command
    }

    fn valetkey(&self, arguments: &[&str]) -> Command {
        let mut command = self.program(env!("CARGO_BIN_EXE_valetkey"));
        command.args(arguments);
        command
    }

    /// Starts the program on a screen, and a person's keys at it.
    pub(crate) fn at_screen(&self) -> Keys {
        self.at_screen_with(&[])
    }

    /// The same with arguments.
    pub(crate) fn at_screen_with(&self, arguments: &[&str]) -> Keys {
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_valetkey"));
        command.args(arguments);
        command.env_clear();
        for (name, value) in &self.variables {
            command.env(name, value);
        }
        if let Some((name, file)) = kept::log() {
            command.env(name, file);
        }
        command.env("TERM", "xterm-256color");
        command.cwd(self.path());
        Keys(Pty::start(command))
    }

    /// Starts the program; the test goes on beside it.
    pub(crate) fn start(&self, arguments: &[&str]) -> Child {
        let mut command = self.valetkey(arguments);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().expect("the program starts")
    }

    /// Runs the program to its end.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Ran {
        let output = in_time(&arguments.join(" "), self.valetkey(arguments).output()).await;
        Ran::of(arguments, output.expect("the program starts"))
    }

    /// Starts `login … --json` and lets the test follow it line by line.
    pub(crate) fn login(&self, arguments: &[&str]) -> Login {
        let mut command = self.valetkey(&["login", "--json"]);
        let mut child = command
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let lines = BufReader::new(child.stdout.take().expect("stdout")).lines();
        Login { child, lines }
    }

    /// Every file of the home that holds one of these texts as they are.
    pub(crate) fn files_with(&self, secrets: &[String]) -> Vec<PathBuf> {
        kept::secrets(secrets.iter().map(String::as_str));
        let mut found = Vec::new();
        let mut folders = vec![self.path().to_owned()];
        while let Some(folder) = folders.pop() {
            // What the test itself wrote down lies there, beside sockets.
            if folder == self.path().join("runtime") {
                continue;
            }
            for entry in std::fs::read_dir(&folder).expect("a folder") {
                let entry = entry.expect("an entry");
                let kind = entry.file_type().expect("a type");
                if kind.is_dir() {
                    folders.push(entry.path());
                } else if kind.is_file() {
                    let bytes = std::fs::read(entry.path()).expect("a file");
                    if secrets.iter().any(|secret| holds(&bytes, secret)) {
                        found.push(entry.path());
                    }
                }
            }
        }
        found
    }
}

fn holds(bytes: &[u8], secret: &str) -> bool {
    assert!(secret.len() >= 8, "too short to search for");
    bytes
        .windows(secret.len())
        .any(|window| window == secret.as_bytes())
}

/// How a command ended.
#[derive(Debug)]
pub(crate) struct Ran {
    command: String,
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    pub(crate) fn of(arguments: &[&str], output: std::process::Output) -> Self {
        if !arguments.contains(&"token") {
            kept::printed(&output.stdout);
        }
        kept::printed(&output.stderr);
        Self {
            command: arguments.join(" "),
            code: output.status.code(),
            out: String::from_utf8(output.stdout).expect("text"),
            err: String::from_utf8(output.stderr).expect("text"),
        }
    }

    /// It must have succeeded.
    #[track_caller]
    pub(crate) fn ok(self) -> Self {
        assert_eq!(self.code, Some(0), "{self:#?}");
        self
    }

    /// It must have ended so, and said so.
    #[track_caller]
    pub(crate) fn ends(self, code: i32, words: &str) -> Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        assert!(self.err.contains(words), "no {words:?} in {self:#?}");
        self
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).expect(&self.command)
    }

    /// The one line on stdout.
    pub(crate) fn line(&self) -> String {
        let line = self.out.strip_suffix('\n').expect("a line");
        assert!(!line.is_empty() && !line.contains('\n'), "{self:?}");
        line.to_owned()
    }
}

/// A sign-in under way.
pub(crate) struct Login {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Login {
    /// The next event for which `wanted` holds; those before it are dropped.
    pub(crate) async fn until(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        let search = async {
            while let Some(line) = self.lines.next_line().await.expect("a line") {
                kept::printed(line.as_bytes());
                let event: Value = serde_json::from_str(&line).expect("JSON");
                if wanted(&event) {
                    return event;
                }
                assert_ne!(event["event"], "failed", "{event}");
            }
            panic!("the sign-in ended before the event")
        };
        in_time("a sign-in event", search).await
    }

    /// Waits for a way to finish it, such as `open` or `device`.
    pub(crate) async fn way(&mut self, name: &str) -> Value {
        self.until(|event| event["event"] == "way" && event["way"] == name)
            .await
    }

    /// Waits for its success.
    pub(crate) async fn done(mut self) {
        self.until(|event| event["event"] == "done").await;
        let status = in_time("the end of a sign-in", self.child.wait()).await;
        assert!(status.expect("a status").success());
    }
}
