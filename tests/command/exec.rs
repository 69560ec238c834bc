//! `exec`: who gets the token, who does not, and what becomes of the program's output.

use std::fs;
use std::io::{PipeWriter, Read as _, Write as _};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tempfile::TempDir;

use crate::children::{carelessly, set};
use crate::home::{Home, NAME, sandbox};
use crate::processes::Process;

/// Where a program may write a token to: not swept, and gone after the test.
struct Aside(TempDir);

impl Aside {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// A shell's script, run in this folder by `exec` with these flags.
    fn run(&self, home: &Home, flags: &[&str], script: &str) -> Command {
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
fn y_15_the_token_is_concealed_in_the_childs_output() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    let aside = Aside::new();
    let script = "t=$VALETKEY_TOKEN; half=${t%????????}
        echo \"out $t$t.\"; echo \"err $t.\" >&2
        printf 'cut %s' \"$half\"; printf %s \"${t#\"$half\"}\"; echo .
        printf 'part %s.\\n' \"$half\"
        printf 'Basic '; printf %s \"oauth2:$t\" | base64 -w0; echo";
    let output = crate::home::run(&mut aside.run(&home, &[], script)).ended(0);
    let token = home.run(&["token", NAME]).token();
    let half = &token[..token.len() - 8];
    let (plain, basic) = output.stdout.split_once("Basic ").expect("both");
    assert_eq!(
        plain,
        format!("out <concealed><concealed>.\ncut <concealed>.\npart {half}.\n")
    );
    assert_eq!(output.stderr, "err <concealed>.\n");
    let whole = STANDARD.encode(format!("oauth2:{token}"));
    assert!(
        basic.contains("<concealed>") && !basic.contains(&whole[12..]),
        "{basic}"
    );
    assert!(
        whole.starts_with(basic.split('<').next().expect("a start")),
        "{basic}"
    );

    let shown = crate::home::run(&mut aside.run(&home, &["--no-conceal"], "echo $VALETKEY_TOKEN"));
    assert_eq!(shown.ended(0).stdout, format!("{token}\n"));
}

#[test]
fn y_15_output_passes_byte_for_byte_and_to_its_end() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    let input = home.path().join("input");
    // More than any pipe holds, and every byte there is.
    let numbers = 0..2_000_000_u32;
    let bytes: Vec<u8> = numbers
        .flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes())
        .collect();
    fs::write(&input, &bytes).expect("written");
    for script in ["cat", "cat >&2"] {
        let output = home
            .command(&["exec", NAME, "--", "sh", "-c", script])
            .stdin(fs::File::open(&input).expect("opens"))
            .output()
            .expect("runs");
        let (one, other) = if script == "cat" {
            (output.stdout, output.stderr)
        } else {
            (output.stderr, output.stdout)
        };
        assert!(one == bytes && other.is_empty(), "{script}");
    }
}

#[test]
fn y_15_both_outputs_into_one_pipe_keep_their_order() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    let (mut reader, writer) = std::io::pipe().expect("a pipe");
    let script = "i=0; while [ $i -lt 500 ]; do echo $i; echo $i >&2; i=$((i+1)); done";
    let mut command = home.command(&["exec", NAME, "--", "sh", "-c", script]);
    command
        .stdout(writer.try_clone().expect("a copy"))
        .stderr(writer);
    let mut child = command.spawn().expect("starts");
    drop(command);
    let mut text = String::new();
    reader.read_to_string(&mut text).expect("text");
    assert!(child.wait().expect("ends").success());
    let numbers: Vec<usize> = text
        .lines()
        .map(|line| line.parse().expect("a number"))
        .collect();
    let expected: Vec<usize> = (0..1000).map(|line| line / 2).collect();
    assert_eq!(numbers, expected);
}

#[test]
fn y_15_output_comes_at_once_and_input_is_the_programs_own() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    let script = "printf 'name? '; read name; printf \"hello $name\"";
    let mut child = home
        .command(&["exec", NAME, "--", "sh", "-c", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("starts");
    let mut stdout = child.stdout.take().expect("piped");
    let mut question = [0; 6];
    // Nothing is typed before the question, which has no line end, has come.
    stdout.read_exact(&mut question).expect("the question");
    assert_eq!(&question, b"name? ");
    child
        .stdin
        .take()
        .expect("piped")
        .write_all(b"ada\n")
        .expect("typed");
    let mut answer = String::new();
    stdout.read_to_string(&mut answer).expect("text");
    assert_eq!(answer, "hello ada");
    assert!(child.wait().expect("ends").success());
}

#[test]
fn y_15_what_the_program_left_running_is_heard_to_its_end() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    let aside = Aside::new();
    let made = Command::new("mkfifo").arg(aside.path("go")).status();
    assert!(made.expect("mkfifo").success());
    let mut child = aside
        .run(&home, &[], "(read x <go; echo late) & echo ready; exit 4")
        .stdout(Stdio::piped())
        .spawn()
        .expect("starts");
    let mut stdout = child.stdout.take().expect("piped");
    let mut ready = [0; 6];
    stdout.read_exact(&mut ready).expect("ready");
    fs::write(aside.path("go"), "go\n").expect("told");
    let mut rest = String::new();
    stdout.read_to_string(&mut rest).expect("text");
    assert_eq!(rest, "late\n");
    assert_eq!(child.wait().expect("ends").code(), Some(4));
}

#[test]
fn y_15_a_reader_that_leaves_ends_the_program_as_it_would_without_us() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    let mut child = home
        .command(&["exec", NAME, "--", "yes"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("starts");
    let mut stdout = child.stdout.take().expect("piped");
    let mut some = [0; 1000];
    stdout.read_exact(&mut some).expect("some");
    drop(stdout);
    // SIGPIPE, as a shell tells it.
    assert_eq!(child.wait().expect("ends").code(), Some(128 + 13));
}

#[test]
fn y_15_a_reader_that_leaves_is_not_waited_for_by_what_is_left_running() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    // It holds the output open for as long as this test holds the input, and says nothing.
    let script = "exec 3<&0; cat <&3 2>/dev/null & echo ready; exit 4";
    let mut child = home
        .command(&["exec", NAME, "--", "sh", "-c", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("starts");
    let stdin = child.stdin.take().expect("piped");
    let mut stdout = child.stdout.take().expect("piped");
    let mut ready = [0; 6];
    stdout.read_exact(&mut ready).expect("ready");
    drop(stdout);
    assert_eq!(child.wait().expect("ends").code(), Some(4));
    drop(stdin);
}

#[test]
fn y_15_an_output_that_takes_no_more_for_now_loses_nothing() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    let (mut reader, writer) = std::io::pipe().expect("a pipe");
    rustix::fs::fcntl_setfl(&writer, rustix::fs::OFlags::NONBLOCK).expect("set");
    let mut command = home.command(&["exec", NAME, "--", "head", "-c", "1000000", "/dev/zero"]);
    let mut child = command
        .stdout(writer.try_clone().expect("a copy"))
        .spawn()
        .expect("starts");
    drop(command);
    let mut bytes = Vec::new();
    // Each time it is full before anything is taken out.
    for _ in 0..10 {
        while !is_full(&writer) {
            assert_eq!(child.try_wait().expect("asked"), None, "it has more to say");
            std::thread::yield_now();
        }
        let mut some = [0; 16 * 1024];
        let count = reader.read(&mut some).expect("read");
        bytes.extend_from_slice(&some[..count]);
    }
    drop(writer);
    reader.read_to_end(&mut bytes).expect("read");
    assert!(child.wait().expect("ends").success());
    assert!(bytes.len() == 1_000_000 && bytes.iter().all(|byte| *byte == 0));
}

fn is_full(pipe: &PipeWriter) -> bool {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};

    let mut asked = [PollFd::new(pipe, PollFlags::OUT)];
    let at_once = Timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    poll(&mut asked, Some(&at_once)).expect("asked") == 0
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
