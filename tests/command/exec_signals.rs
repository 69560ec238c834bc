//! `exec` and signals: the program gets what is sent to us, and ends as it would without us.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::home::{Home, NAME, sandbox};
use crate::processes::Process;

/// Something in the background of a script that ends with the test: `wait` for it ends at once when a
/// trapped signal comes. It holds no output of the script's.
const BESIDE: &str = "exec 3<&0; cat <&3 >/dev/null 2>&1 &";

/// A program under way, whose first line has come.
struct Under {
    child: Child,
    _stdin: ChildStdin,
    lines: std::io::Lines<BufReader<ChildStdout>>,
}

impl Under {
    fn exec(home: &Home, script: &str) -> Self {
        Self::start(&mut home.command(&["exec", NAME, "--", "sh", "-c", script]))
    }

    fn start(command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("starts");
        let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let mut under = Self {
            _stdin: child.stdin.take().expect("piped"),
            child,
            lines,
        };
        assert_eq!(under.line(), "ready");
        under
    }

    fn line(&mut self) -> String {
        self.lines.next().expect("a line").expect("text")
    }

    fn kill(&self, signal: &str) {
        kill(signal, self.child.id());
    }

    fn code(mut self) -> Option<i32> {
        self.child.wait().expect("ends").code()
    }
}

fn kill(signal: &str, id: u32) {
    let sent = Command::new("kill")
        .args([format!("-{signal}"), id.to_string()])
        .status();
    assert!(sent.expect("kill").success());
}

#[test]
fn y_15_signals_are_passed_on_and_the_program_decides() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    for signal in [
        "TERM", "INT", "HUP", "QUIT", "USR1", "USR2", "WINCH", "CONT",
    ] {
        let script =
            format!("trap 'echo {signal}; exit 9' {signal}; {BESIDE} echo ready; wait; exit 1");
        let mut under = Under::exec(&home, &script);
        under.kill(signal);
        assert_eq!(under.line(), signal);
        assert_eq!(under.code(), Some(9), "{signal}");
    }
}

/// As in a container whose first process was started by something outside: the session has no number
/// in here, and neither has the sender.
#[test]
fn y_15_signals_from_outside_the_namespace_are_passed_on() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    let script = format!("trap 'echo hung up; exit 9' HUP; {BESIDE} echo ready; wait; exit 1");
    let inner = home.command(&["exec", NAME, "--", "sh", "-c", &script]);
    let mut outer = Command::new("unshare");
    outer
        .args(["--pid", "--fork", "--kill-child", "--"])
        .arg(inner.get_program())
        .args(inner.get_args())
        .env_clear()
        .envs(inner.get_envs().filter_map(|(k, v)| Some((k, v?))))
        .current_dir(home.path());
    let mut under = Under::start(&mut outer);
    let inside = Process(under.child.id()).descendants();
    kill("HUP", inside.first().expect("the program").0);
    assert_eq!(under.line(), "hung up");
    assert_eq!(under.code(), Some(9));
}

#[test]
fn y_15_an_end_by_a_signal_is_told_as_a_shell_does() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    for (signal, number) in [("KILL", 9), ("TERM", 15), ("INT", 2)] {
        let script = format!("kill -{signal} $$");
        home.run(&["exec", NAME, "--", "sh", "-c", &script])
            .ended(128 + number);
    }
    let under = Under::exec(&home, "echo ready; exec sleep 600");
    under.kill("TERM");
    assert_eq!(under.code(), Some(128 + 15));
}

#[test]
fn y_15_a_signal_that_the_program_sends_us_does_not_come_back_to_it() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    // One that came back would be there before the one that is sent from here.
    let script = format!(
        "n=0; trap 'n=$((n+1))' USR1; trap 'exit $n' TERM
        kill -USR1 $PPID; {BESIDE} echo ready; wait; wait; wait; exit 99"
    );
    let under = Under::exec(&home, &script);
    under.kill("TERM");
    assert_eq!(under.code(), Some(0));
}

#[test]
fn y_15_a_program_that_is_stopped_from_elsewhere_is_waited_for() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    let under = Under::exec(&home, "trap 'exit 5' TERM; echo ready; while :; do :; done");
    let program = Process(under.child.id()).descendants();
    let program = program.first().expect("the program").0;
    kill("STOP", program);
    under.kill("TERM");
    kill("CONT", program);
    assert_eq!(under.code(), Some(5));
}

#[test]
fn y_15_an_ending_signal_ends_the_wait_for_what_the_program_left_running() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    let mut under = Under::exec(&home, "sleep 600 & echo ready; echo $!; exit 6");
    let left: u32 = under.line().parse().expect("a number");
    let ours = Process(under.child.id());
    // Its end was taken in: it is no child of ours any more.
    while !ours.descendants().is_empty() {
        std::thread::yield_now();
    }
    under.kill("TERM");
    assert_eq!(under.code(), Some(6));
    kill("KILL", left);
}
