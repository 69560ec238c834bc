//! `exec`: who gets the token, who does not, and how the program starts.

use std::fs;
use std::io::{Read as _, Write as _};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::children::{carelessly, set};
use crate::home::{Home, NAME, sandbox};
use crate::processes::Process;

/// Where a program may write a token to: not swept, and gone after the test.
pub(crate) struct Aside(TempDir);

impl Aside {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// A shell's script, run in this folder by `exec` with these flags.
    pub(crate) fn run(&self, home: &Home, flags: &[&str], script: &str) -> Command {
        let script = format!("cd '{}' && {{ {script}\n}}", self.0.path().display());
        let mut arguments = vec!["exec", NAME];
        arguments.extend(flags);
        arguments.extend(["--", "sh", "-c", &script]);
        home.command(&arguments)
    }
}

#[test]
fn y_15_the_program_gets_a_fresh_token_and_its_exit_code_is_ours() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    let aside = Aside::new();
    home.age(7200);
    let write = "printf %s \"$VALETKEY_TOKEN\" >token; exit 7";
    crate::home::run(&mut aside.run(&home, &[], write)).ended(7);
    assert!(sandbox.accepts_access(&aside.read("token")));
    assert_eq!(sandbox.requests_to("/token").len(), 1);

    let write = "printf %s \"$MINE\" >mine; printf %s \"${VALETKEY_TOKEN-none}\" >usual";
    crate::home::run(&mut aside.run(&home, &["--env", "MINE"], write)).ended(0);
    assert_eq!(aside.read("mine"), aside.read("token"));
    assert_eq!(aside.read("usual"), "none");
    for bad in ["1X", "A=B", ""] {
        home.run(&["exec", NAME, "--env", bad, "--", "true"])
            .ended(2);
    }

    home.age(60);
    let write = "printf %s \"$VALETKEY_TOKEN\" >newer";
    crate::home::run(&mut aside.run(&home, &["--min-valid", "7200"], write)).ended(0);
    assert_ne!(aside.read("newer"), aside.read("token"));
}

#[test]
fn y_15_v_04_by_descriptor_no_environment_and_no_argument_has_the_token() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    let token = home.run(&["token", NAME]).token();
    for (flags, in_environment) in [(&["--fd"][..], false), (&[][..], true)] {
        let aside = Aside::new();
        // A program of the program's: what it inherits counts too.
        let script = "test -z \"$VALETKEY_TOKEN_FILE\" || cat \"$VALETKEY_TOKEN_FILE\" >one
            test -z \"$VALETKEY_TOKEN_FILE\" || cat \"$VALETKEY_TOKEN_FILE\" >two
            sh -c 'echo ready; read go'; exit 0";
        let mut child = aside
            .run(&home, flags, script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("starts");
        let mut ready = [0; 6];
        let mut stdout = child.stdout.take().expect("piped");
        stdout.read_exact(&mut ready).expect("its output");
        let ours = Process(child.id());
        let started = ours.descendants();
        assert!(started.len() >= 2, "{started:?}");
        let has = |process: Process, file| process.text(file).contains(&token);
        let seen = started.iter().filter(|process| has(**process, "environ"));
        assert_eq!(seen.count() > 0, in_environment, "{flags:?}");
        assert!(!has(ours, "environ"));
        for process in started.iter().chain([&ours]) {
            assert!(!has(*process, "cmdline"));
        }
        child
            .stdin
            .take()
            .expect("piped")
            .write_all(b"go\n")
            .expect("told");
        assert!(child.wait().expect("ends").success());
        if !in_environment {
            // As often as it is asked for.
            assert_eq!(
                (aside.read("one"), aside.read("two")),
                (token.clone(), token.clone())
            );
        }
    }
}

#[test]
fn y_15_v_04_the_token_of_an_outer_exec_is_taken_away() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    let aside = Aside::new();
    let program = home.command(&["-"]).get_program().to_owned();
    let script = format!(
        "'{}' exec {NAME} --fd -- sh -c 'echo \"${{VALETKEY_TOKEN-none}}\" >inner'",
        program.display()
    );
    crate::home::run(&mut aside.run(&home, &[], &script)).ended(0);
    assert_eq!(aside.read("inner"), "none\n");
}

#[test]
fn y_15_v_04_the_inherited_token_is_told_of_when_asked() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    let sentence = "Token visible to every program started by this command.";
    let told = home
        .run(&["--verbose", "exec", NAME, "--", "true"])
        .ended(0);
    assert!(told.stderr.contains(sentence), "{told:#?}");
    let quiet = home.run(&["exec", NAME, "--", "true"]).ended(0);
    assert_eq!((quiet.stdout.as_str(), quiet.stderr.as_str()), ("", ""));
    let help = home.run(&["exec", "--help"]).ended(0).stdout;
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        help.contains("visible to every program that it starts"),
        "{help}"
    );
}

#[test]
fn v_10_the_program_starts_clean_whoever_started_us() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    let aside = Aside::new();
    let stray = home.path().join("stray");
    fs::write(&stray, "").expect("written");
    let script = "while read -r line; do echo \"$line\"; done </proc/$$/status >status
        for fd in /proc/$$/fd/*; do readlink $fd; done >open; exit 0";
    for flags in [&[][..], &["--fd"][..]] {
        let command = aside.run(&home, flags, script);
        crate::home::run(&mut carelessly(&command, &stray)).ended(0);
        let status = aside.read("status");
        for name in ["SigIgn:", "SigBlk:"] {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            assert_eq!(set(line.expect(name)), 0, "{name}");
        }
        let open = aside.read("open");
        assert!(!open.contains("stray") && !open.contains("vault"), "{open}");
        let handed_over = open.lines().filter(|file| file.contains("memfd:token"));
        assert_eq!(handed_over.count(), flags.len(), "{open}");
    }
}

#[test]
fn y_15_before_the_start_the_codes_are_ours() {
    let sandbox = sandbox(&[]);
    let home = Home::with(&sandbox);
    let mark = home.path().join("ran");
    let touch = mark.display().to_string();
    home.run(&["exec", NAME, "--", "touch", &touch]).ended(3);
    home.run(&["exec", "practise", "--", "touch", &touch])
        .ended(2);
    assert!(!mark.exists(), "nothing was started");
    home.login(&sandbox).ended(0);
    home.run(&["exec", NAME, "--", "touch", &touch]).ended(0);
    assert!(mark.exists());
    let output = home
        .run(&["exec", NAME, "--", "no-such-program-here"])
        .ended(2);
    assert!(
        output
            .stderr
            .contains("There is no program named no-such-program-here"),
        "{output:#?}"
    );
    let output = home.run(&["exec", NAME, "--", "/etc/passwd"]).ended(2);
    assert!(
        output.stderr.contains("/etc/passwd may not be run"),
        "{output:#?}"
    );
    // The other program's flags are its own.
    let output = home
        .run(&["exec", NAME, "--", "echo", "--json", "--help"])
        .ended(0);
    assert_eq!(output.stdout, "--json --help\n");
    home.run(&["exec", NAME]).ended(2);
    let output = home.run(&["exec", "--", "true", "--json"]).ended(2);
    assert_eq!(output.stdout, "", "that flag was not for us");
}
