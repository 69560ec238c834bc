//! A home that takes no writes (conformance FT-13): from the start, and from the middle of a sign-in on.
//!
//! Modes bind everybody but root, so under root the program runs as nobody.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::home::{Home, NAME, Output, Running, run, sandbox};

const NOBODY: u32 = 65_534;

/// A home whose owner is bound by modes.
struct Bound {
    home: Home,
    as_nobody: bool,
}

impl Bound {
    fn new(home: Home) -> Self {
        let as_nobody = rustix::process::geteuid().is_root();
        if as_nobody {
            // The folders above the built program may be closed to others.
            let program = home.path().join("program");
            fs::copy(env!("CARGO_BIN_EXE_valetkey"), program).expect("a copy");
        }
        let bound = Self { home, as_nobody };
        bound.give_away(bound.home.path());
        bound
    }

    fn give_away(&self, path: &Path) {
        if !self.as_nobody {
            return;
        }
        chown(path, Some(NOBODY), Some(NOBODY)).expect("given away");
        if path.is_dir() {
            for entry in fs::read_dir(path).expect("a folder").flatten() {
                self.give_away(&entry.path());
            }
        }
    }

    /// Takes the right to write from the vault's folder and everything in it.
    fn set_writable(&self, writable: bool) {
        let data = self.home.root().join("data");
        let (folder, file) = if writable {
            (0o700, 0o600)
        } else {
            (0o500, 0o400)
        };
        for entry in fs::read_dir(&data).expect("a folder").flatten() {
            let is_folder = entry.path().is_dir();
            set_mode(&entry.path(), if is_folder { folder } else { file });
        }
        set_mode(&data, folder);
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let inner = self.home.command(arguments);
        if !self.as_nobody {
            return inner;
        }
        let mut command = Command::new("setpriv");
        command
            .args(["--reuid", "65534", "--regid", "65534", "--clear-groups"])
            .arg(self.home.path().join("program"))
            .args(inner.get_args())
            .env_clear()
            .current_dir(self.home.path())
            .stdin(std::process::Stdio::null());
        for (name, value) in inner.get_envs() {
            if let Some(value) = value {
                command.env(name, value);
            }
        }
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        run(&mut self.command(arguments))
    }

    /// What there is of the connection, as its owner sees it.
    fn kept(&self) -> (Value, String) {
        let shown = self.run(&["show", NAME, "--json"]).ended(0).json();
        (shown, self.run(&["token", NAME]).token())
    }

    fn start(&self, arguments: &[&str]) -> Running {
        let fifo = self.home.new_fifo();
        self.give_away(&fifo);
        Running::start(&mut self.command(arguments), fifo)
    }
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a mode");
}

#[test]
fn ft_13_u_09_a_read_only_home_refuses_a_sign_in_before_the_browser() {
    let sandbox = sandbox(&[]);
    let bound = Bound::new(Home::signed_in(&sandbox));
    bound.run(&["token", NAME]).token();
    let before = bound.kept();
    bound.set_writable(false);
    let calls = sandbox.connections();
    for _ in 0..100 {
        let mut login = bound.start(&["login", NAME]);
        assert_eq!(login.opened(), None, "a browser was opened");
        let ended = login.end().ended(6);
        assert!(ended.stderr.contains("nothing changed"), "{ended:#?}");
        bound.run(&["refresh", NAME]).ended(6);
    }
    assert_eq!(sandbox.connections(), calls, "the provider was called");
    // What is there can still be looked at, and given away.
    bound.run(&["list"]).ended(0);
    assert_eq!(bound.run(&["token", NAME]).token(), before.1);
    let told = bound.run(&["doctor"]).ended(1).stdout;
    assert!(told.contains("fix   data"), "{told}");
    bound.set_writable(true);
    assert_eq!(bound.kept(), before);
}

#[test]
fn ft_13_u_09_c39_a_home_turned_read_only_during_a_sign_in_costs_no_code() {
    let sandbox = sandbox(&[]);
    let bound = Bound::new(Home::signed_in(&sandbox));
    bound.run(&["token", NAME]).token();
    let before = bound.kept();
    for _ in 0..100 {
        let mut login = bound.start(&["login", NAME]);
        let url = login.opened().expect("a browser");
        bound.set_writable(false);
        let mut browser = sandbox.browser();
        let visit = sandbox.visit(&mut browser, &url).expect("a visit");
        assert!(!visit.body.contains("Connected to"), "{}", visit.body);
        let ended = login.end().ended(6);
        assert!(ended.stderr.contains("nothing changed"), "{ended:#?}");
        bound.set_writable(true);
        assert_eq!(bound.kept(), before);
    }
    assert!(sandbox.requests_to("/token").is_empty(), "a code was spent");
    bound.run(&["refresh", NAME]).ended(0);
}
