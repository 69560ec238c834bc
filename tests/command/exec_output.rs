//! `exec` and output: everything passes, at once and whole, but the token.

use std::fs;
use std::io::{PipeWriter, Read as _, Write as _};
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::exec::Aside;
use crate::home::{Home, NAME, sandbox};

#[test]
fn y_15_the_token_is_concealed_in_the_childs_output() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    let aside = Aside::new();
    let script = "t=$VALETKEY_TOKEN; half=${t%????????}
        echo \"out $t$t.\"; echo \"err $t.\" >&2
        printf 'cut %s' \"$half\"; printf %s \"${t#\"$half\"}\"; echo .
        printf 'part %s.\\n' \"${t%\"${t#??????}\"}\"
        printf 'Basic '; printf %s \"oauth2:$t\" | base64 -w0; echo";
    let output = crate::home::run(&mut aside.run(&home, &[], script)).ended(0);
    let token = home.run(&["token", NAME]).token();
    let part = &token[..6];
    let (plain, basic) = output.stdout.split_once("Basic ").expect("both");
    assert_eq!(
        plain,
        format!("out <concealed><concealed>.\ncut <concealed>.\npart {part}.\n")
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
