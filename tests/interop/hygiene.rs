//! What other processes can learn of ours: same user, another user, and root, who sees all memory.
//! These tests start programs as a second user, so they must run as root.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::FileExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use portable_pty::CommandBuilder;
use valetkey::sandbox::SandboxThread;

use crate::processes::Process;
use crate::pty::Pty;
use crate::sealed::{Home, NAME, Running, sandbox};
use crate::web;

/// `nobody`, as far as the tests are concerned.
const SECOND: &str = "65534";

/// Runs a command line as the second user.
fn as_second(line: &str) -> (bool, String) {
    let output = second(&["/bin/sh", "-c", line]).output().expect("setpriv");
    let all = [output.stdout, output.stderr].concat();
    (
        output.status.success(),
        String::from_utf8_lossy(&all).replace('\0', " "),
    )
}

fn second(arguments: &[&str]) -> Command {
    let root = rustix::process::geteuid().is_root();
    assert!(root, "run as root: a second user is needed");
    let mut command = Command::new("setpriv");
    command
        .args(["--reuid", SECOND, "--regid", SECOND, "--clear-groups", "--"])
        .args(arguments);
    command
}

/// Left open by whoever starts the program.
const STRAY: &str = "/etc/passwd";

/// The same command as the second user, by a copy of the program that this user can reach, and with
/// descriptors that nobody meant to give it.
fn handed_over(command: &Command, home: &Home) -> Command {
    let program = home.path().join("program");
    if !program.exists() {
        fs::copy(command.get_program(), &program).expect("copied");
    }
    let careless = format!(r#"exec "$0" "$@" 7<{STRAY} 9<{STRAY}"#);
    let program = program.to_str().expect("text");
    let mut other = second(&["/bin/sh", "-c", &careless, program]);
    other.args(command.get_args()).env_clear();
    other.envs(command.get_envs().filter_map(|(k, v)| Some((k, v?))));
    other.current_dir(command.get_current_dir().expect("a folder"));
    other.stdin(Stdio::null());
    give(home.path());
    other
}

fn give(path: &Path) {
    let owner = format!("{SECOND}:{SECOND}");
    let given = Command::new("chown")
        .args(["-R", &owner])
        .arg(path)
        .status();
    assert!(given.expect("chown").success());
}

/// A sign-in that is being exchanged: the worker is alive and waits for the provider.
struct Exchanging<'a> {
    sandbox: &'a SandboxThread,
    running: Running,
    state: String,
    page: std::thread::JoinHandle<web::Answer>,
}

impl<'a> Exchanging<'a> {
    fn of(sandbox: &'a SandboxThread, mut running: Running) -> Self {
        sandbox.set("token_hold=on").expect("a switch");
        let approved = web::approve(sandbox, &running.opened().expect("opened"));
        let state = approved.parameter("state");
        let page = std::thread::spawn(move || approved.deliver(&approved.callback));
        sandbox.wait_until_held(1);
        Self {
            sandbox,
            running,
            state,
            page,
        }
    }

    fn caller(&self) -> Process {
        Process(self.running.id)
    }

    fn end(self) {
        self.sandbox.unset("token_hold");
        self.sandbox.release(1);
        self.page.join().expect("answered");
        self.running.end().ended(0);
    }
}

/// Everything in a process's memory that can be read.
fn memory(process: Process) -> Vec<Vec<u8>> {
    let memory = File::open(process.path("mem")).expect("root may read it");
    let mut found = Vec::new();
    for line in process.text("maps").lines() {
        let (range, rest) = line.split_once(' ').expect("a range");
        if !rest.starts_with('r') || rest.ends_with("[vvar]") || rest.ends_with("[vsyscall]") {
            continue;
        }
        let (from, to) = range.split_once('-').expect("a range");
        let number = |hex| u64::from_str_radix(hex, 16).expect("an address");
        let (mut at, to) = (number(from), number(to));
        let mut part = vec![0; usize::try_from(to - at).expect("fits")];
        // Pages that were never touched may not be there.
        let mut filled = 0;
        while at < to {
            match memory.read_at(&mut part[filled..], at) {
                Ok(count @ 1..) => {
                    filled += count;
                    at += count as u64;
                }
                _ => break,
            }
        }
        part.truncate(filled);
        found.push(part);
    }
    found
}

fn holds(memory: &[Vec<u8>], secret: &str) -> bool {
    let secret = secret.as_bytes();
    let first = &secret[..8];
    memory.iter().any(|part| {
        part.windows(first.len())
            .enumerate()
            .any(|(at, window)| window == first && part[at..].starts_with(secret))
    })
}

#[test]
fn v_02_v_03_v_10_nobody_of_the_same_user_reads_our_memory() {
    let sandbox = sandbox(&[]);
    let home = Home::with(&sandbox);
    let facts = home.path().join("facts");
    home.browser_that(&format!(
        "stat -c %u /proc/$$/environ >'{}'",
        facts.display()
    ));
    let mut command = handed_over(&home.command(&["login", NAME]), &home);
    let signing_in = Exchanging::of(&sandbox, home.start_command(&mut command));
    let caller = signing_in.caller();
    let worker = caller.worker();
    for process in [caller, worker] {
        assert!(process.status("Uid").starts_with(SECOND));
        for file in ["environ", "mem", "maps", "fd/0"] {
            let (read, told) = as_second(&format!("head -c 1 /proc/{}/{file}", process.0));
            assert!(
                !read && told.contains("Permission denied"),
                "{file}: {told}"
            );
        }
        let limits = process.text("limits");
        let core = limits.lines().find(|line| line.contains("core file size"));
        let core: Vec<&str> = core.expect("a limit").split_whitespace().collect();
        assert_eq!(core[4], "0", "{core:?}");
    }
    // What the browser is, any other process of this user may read.
    assert_eq!(fs::read_to_string(&facts).expect("written").trim(), SECOND);
    let given = caller.descriptors();
    assert!(given.iter().any(|(_, target)| target == STRAY), "{given:?}");
    // And the worker has nothing open but its channel, the lock, the vault and what it made itself.
    for (number, target) in worker.descriptors() {
        let known = target.starts_with("socket:")
            || target.starts_with("anon_inode:")
            || target.contains("/data/")
            || target.contains("/state/")
            || target == "/dev/null";
        assert!(known, "{number} is {target}");
    }
    signing_in.end();
    // The looking itself works: another process of that user is an open book to it.
    let mut open = second(&["sleep", "1000"]).spawn().expect("starts");
    let started = |child: &Child| Process(child.id()).text("cmdline").starts_with("sleep");
    while !started(&open) {
        std::thread::yield_now();
    }
    let (read, told) = as_second(&format!("head -c 1 /proc/{}/environ", open.id()));
    assert!(read, "{told}");
    open.kill().expect("ended");
    open.wait().expect("ended");
}

#[test]
fn v_02_an_abort_leaves_no_core() {
    let home = Home::empty();
    let dumped = |script: &str| {
        let mut child = Command::new("/bin/sh")
            .args(["-c", &format!("ulimit -c unlimited; {script}")])
            .arg(env!("CARGO_BIN_EXE_valetkey"))
            .current_dir(home.path())
            .env("VALETKEY_HOME", home.root())
            .stdout(Stdio::piped())
            .spawn()
            .expect("starts");
        let mut line = String::new();
        let mut out = BufReader::new(child.stdout.take().expect("piped"));
        out.read_line(&mut line).expect("it speaks");
        let id = child.id().to_string();
        let killed = Command::new("kill").args(["-ABRT", &id]).status();
        assert!(killed.expect("kill").success());
        let status = child.wait().expect("ended");
        assert_eq!(status.signal(), Some(6), "{line}");
        status.core_dumped()
    };
    assert!(!dumped(r#"exec "$0" sandbox"#));
    let cores = fs::read_dir(home.path()).expect("a folder").flatten();
    let cores: Vec<PathBuf> = cores
        .map(|entry| entry.path())
        .filter(|path| path.display().to_string().contains("core"))
        .collect();
    assert!(cores.is_empty(), "{cores:?}");
}

#[test]
fn u_01_v_04_another_user_learns_nothing_from_the_disk_or_the_process_table() {
    let sandbox = sandbox(&["rotation=on", "grace=0"]);
    let home = Home::with(&sandbox);
    // Every folder above is open, and whoever starts us takes no bits away.
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(home.path(), open).expect("opened");
    let mut command = Command::new("/bin/sh");
    let login = home.command(&["login", NAME]);
    command
        .args(["-c", r#"umask 000; exec "$0" "$@""#])
        .arg(login.get_program())
        .args(login.get_args())
        .env_clear()
        .envs(login.get_envs().filter_map(|(k, v)| Some((k, v?))))
        .current_dir(home.path())
        .stdin(Stdio::null());
    let signing_in = Exchanging::of(&sandbox, home.start_command(&mut command));
    let state = signing_in.state.clone();
    let table = || as_second("cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ /proc/[0-9]*/status").1;
    let mut seen = vec![table()];
    signing_in.end();
    sandbox.set("token_hold=on").expect("a switch");
    let mut refresh = home.command(&["refresh", NAME]);
    let refreshing = std::thread::spawn(move || crate::sealed::run(&mut refresh));
    sandbox.wait_until_held(1);
    seen.push(table());
    sandbox.unset("token_hold");
    sandbox.release(1);
    refreshing.join().expect("done").ended(0);
    for table in &seen {
        assert!(table.contains("__worker"), "the worker was looked at");
        for secret in sandbox.secrets_issued().iter().chain([&state]) {
            assert!(!table.contains(secret.as_str()));
        }
    }
    let root = home.root();
    let (_, listed) = as_second(&format!("find '{}' -mindepth 1", root.display()));
    for line in listed.lines() {
        assert!(line.contains("Permission denied"), "{line}");
    }
    let database = root.join("data/vault.db");
    assert!(database.exists());
    for file in [database, root.join("data/locks"), root.join("state")] {
        let (read, told) = as_second(&format!("ls '{0}' || cat '{0}'", file.display()));
        assert!(!read && told.contains("Permission denied"), "{told}");
    }
    // This user does get that far.
    let (read, told) = as_second(&format!("cat '{}/ca.pem'", home.path().display()));
    assert!(read && told.contains("CERTIFICATE"), "{told}");
}

#[test]
fn v_06_refresh_tokens_are_in_the_worker_alone() {
    let sandbox = sandbox(&["rotation=on", "grace=0"]);
    let home = Home::signed_in(&sandbox);
    let mut screen = Pty::start(screen(&home));
    screen.until_shows("practice");
    let face = Process(screen.process_id());
    let before = home.kept(NAME).refresh.expect("a refresh token");
    // A refresh asked for by the screens: the worker, which presents the token, has it.
    sandbox.set("token_hold=on").expect("a switch");
    screen.press("r");
    sandbox.wait_until_held(1);
    let worker = memory(face.worker());
    assert!(holds(&worker, &before), "the scan finds what is there");
    let during = memory(face);
    sandbox.unset("token_hold");
    sandbox.release(1);
    screen.until_shows("has a fresh access token");
    // A test read under way: the access token is in use, in the face itself.
    sandbox.set("me_hold=on").expect("a switch");
    screen.press("t");
    sandbox.wait_until_held(1);
    let after = memory(face);
    let access = home.run(&["token", NAME]).token();
    assert!(holds(&after, &access), "the scan finds what is there");
    sandbox.unset("me_hold");
    sandbox.release(1);
    let now = home.kept(NAME).refresh.expect("a refresh token");
    assert_ne!(before, now);
    for memory in [&during, &after] {
        assert!(!holds(memory, &before) && !holds(memory, &now));
    }
    // The same of a command that waits for its worker.
    sandbox.set("token_hold=on").expect("a switch");
    let mut command = home.command(&["refresh", NAME]);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut refresh = command.spawn().expect("starts");
    sandbox.wait_until_held(1);
    let caller = Process(refresh.id());
    assert!(holds(&memory(caller.worker()), &now));
    assert!(!holds(&memory(caller), &now));
    sandbox.unset("token_hold");
    sandbox.release(1);
    assert!(refresh.wait().expect("ended").success());
}

/// The table of this home on a screen.
fn screen(home: &Home) -> portable_pty::CommandBuilder {
    let command = home.command::<&str>(&[]);
    let mut screen = portable_pty::CommandBuilder::new(command.get_program());
    screen.env_clear();
    for (name, value) in command.get_envs() {
        screen.env(name, value.expect("set"));
    }
    screen.env("TERM", "xterm-256color");
    screen.cwd(home.path());
    screen
}

#[test]
fn ft_35_with_few_processes_a_refresh_works_or_says_why_not() {
    let sandbox = sandbox(&["rotation=on", "grace=0"]);
    let home = Home::signed_in(&sandbox);
    let refresh = handed_over(&home.command(&["refresh", NAME]), &home);
    let (mut good, mut bad) = (0, 0);
    for limit in [1, 2, 4, 6, 8, 12, 64] {
        let mut limited = Command::new("prlimit");
        limited.arg(format!("--nproc={limit}")).arg("--");
        limited.arg(refresh.get_program()).args(refresh.get_args());
        limited.env_clear();
        limited.envs(refresh.get_envs().filter_map(|(k, v)| Some((k, v?))));
        let output = crate::sealed::run(limited.current_dir(home.path()));
        if output.code == Some(0) {
            good += 1;
            continue;
        }
        // Whatever else this user runs counts too: it may not even be started.
        if output.code == Some(126) {
            continue;
        }
        bad += 1;
        let told = &output.stderr;
        assert!(matches!(output.code, Some(1..=8)), "{limit}: {output:#?}");
        assert!(told.starts_with("valetkey: "), "{limit}: {output:#?}");
        assert!(!told.contains(" E-"), "{limit}: {output:#?}");
    }
    assert!(good > 0 && bad > 0, "{good} worked, {bad} did not");
    let mut free = handed_over(&home.command(&["token", NAME]), &home);
    let token = crate::sealed::run(&mut free).token();
    assert!(sandbox.accepts_access(&token));
    assert!(sandbox.reuse_events().is_empty());
}

#[test]
fn v_05_without_locked_memory_everything_works_and_one_warning_is_told() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    let run = |limit: &str, arguments: &[&str]| {
        let free = handed_over(&home.command(arguments), &home);
        let mut limited = Command::new("prlimit");
        limited.arg(format!("--memlock={limit}")).arg("--");
        limited.arg(free.get_program()).args(free.get_args());
        limited.env_clear();
        limited.envs(free.get_envs().filter_map(|(k, v)| Some((k, v?))));
        crate::sealed::run(limited.current_dir(home.path())).ended(0)
    };
    let warnings = |limit: &str, arguments: &[&str]| {
        let told = run(limit, arguments).stderr;
        told.matches("Memory locking is unavailable").count()
    };
    assert_eq!(warnings("0", &["refresh", NAME, "--verbose"]), 1);
    assert_eq!(warnings("0", &["refresh", NAME]), 0);
    assert_eq!(warnings("524288", &["refresh", NAME, "--verbose"]), 0);
    assert!(sandbox.accepts_access(&run("0", &["token", NAME]).token()));
}

/// What a command asked of any network, seen from outside.
fn asked_of_a_network(home: &Home, arguments: &[&str]) -> Vec<String> {
    let trace = home.path().join("network");
    let plain = home.command(arguments);
    let mut traced = CommandBuilder::new("strace");
    traced.args(["-f", "-qq", "-e", "trace=socket,connect,sendto", "-o"]);
    traced.arg(&trace);
    traced.arg(plain.get_program());
    traced.args(plain.get_args());
    traced.env_clear();
    for (name, value) in plain.get_envs() {
        traced.env(name, value.unwrap_or_default());
    }
    traced.env("TERM", "xterm-256color");
    traced.cwd(home.path());
    let mut screen = Pty::start(traced);
    if arguments.is_empty() {
        screen.until_shows(NAME);
        screen.press("q");
    }
    screen.end();
    let trace = fs::read_to_string(trace).expect("a trace");
    let asked = trace.lines().filter(|line| line.contains("AF_INET"));
    asked.map(str::to_owned).collect()
}

#[test]
fn v_09_nothing_goes_over_a_network_unless_somebody_asks_for_it() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    let silent: [&[&str]; 6] = [
        &[],
        &["list"],
        &["show", NAME],
        &["vault", "status"],
        &["presets"],
        &["doctor"],
    ];
    for arguments in silent {
        let asked = asked_of_a_network(&home, arguments);
        assert!(asked.is_empty(), "{arguments:?}: {asked:#?}");
    }
    // The tracer sees it where there is something to see.
    assert!(!asked_of_a_network(&home, &["refresh", NAME]).is_empty());
}
