//! The agent under attack, and several agents at once (FT-41, FT-42; storms with agents).

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::agent_talk::{Talk, framed, token_of};
use crate::campaign::{Chance, Tally, is_campaign, run, seeds};
use crate::home::{Home, NAME, sandbox};
use crate::world::World;

/// An honest client waits at most so long (FT-41).
const HONEST: Duration = Duration::from_millis(50);
const SILENT_CLIENTS: usize = 1_000;

/// A frame that no client of ours would send: rubbish, lengths that lie, messages bent out of shape.
fn hostile(chance: &mut Chance) -> Vec<u8> {
    let byte = |chance: &mut Chance| u8::try_from(chance.below(256)).expect("a byte");
    match chance.below(6) {
        0 => (0..chance.below(200)).map(|_| byte(chance)).collect(),
        1 => {
            let length = chance.one_of(&[0, 1, 65_536, 65_537, u32::MAX, 1 << 31]);
            let mut frame = length.to_be_bytes().to_vec();
            frame.extend((0..chance.below(40)).map(|_| byte(chance)));
            frame
        }
        2 => {
            let mut frame = framed(&token_of(NAME));
            let at = usize::try_from(chance.below(frame.len() as u64)).expect("an index");
            frame[at] ^= byte(chance);
            frame
        }
        3 => {
            let frame = framed(&token_of(NAME));
            let cut = usize::try_from(chance.below(frame.len() as u64)).expect("a length");
            frame[..cut].to_vec()
        }
        4 => {
            let ask = chance.one_of(&[
                "unlock",
                "answer",
                "watch",
                "refresh_token",
                "token",
                "status",
                "proof",
                "proxied",
            ]);
            let name = chance.one_of(&["", "../x", "practice\0", "nobody", "\u{1b}[2J"]);
            framed(&json!({
                "version": chance.below(3), "ask": ask, "name": name, "key": "AAAA", "id": chance.below(9),
                "answer": chance.one_of(&["once", "no", "all"]), "min_valid": chance.below(u64::MAX),
            }))
        }
        _ => {
            let depth = usize::try_from(chance.below(20_000)).expect("a depth");
            let body = "[".repeat(depth);
            let length = u32::try_from(body.len()).expect("short").to_be_bytes();
            [&length[..], body.as_bytes()].concat()
        }
    }
}

/// A client that asks for a token again and again.
struct Honest {
    over: Arc<AtomicBool>,
    served: Arc<AtomicUsize>,
    thread: thread::JoinHandle<Vec<Duration>>,
}

impl Honest {
    fn start(home: &Home) -> Self {
        let (over, served) = (Arc::<AtomicBool>::default(), Arc::<AtomicUsize>::default());
        let thread = thread::spawn({
            let (socket, over, served) = (home.socket(), over.clone(), served.clone());
            move || {
                let ask = framed(&token_of(NAME));
                let mut took = Vec::new();
                let mut began = Instant::now();
                while !over.load(Ordering::Relaxed) {
                    let answered = UnixStream::connect(&socket).is_ok_and(|mut stream| {
                        let mut head = [0; 4];
                        stream.write_all(&ask).is_ok() && stream.read_exact(&mut head).is_ok()
                    });
                    // Whoever lost its place in the crowd tries again, and its time counts on.
                    if answered {
                        took.push(began.elapsed());
                        served.fetch_add(1, Ordering::Relaxed);
                        began = Instant::now();
                    }
                }
                took
            }
        });
        Self {
            over,
            served,
            thread,
        }
    }

    fn served(&self) -> usize {
        self.served.load(Ordering::Relaxed)
    }

    /// How long each token took. In a campaign, on a machine that has nothing else to do, no more than one in
    /// a hundred longer than [`HONEST`]; in the suite, which runs beside others, that everybody was served.
    #[track_caller]
    fn end(self, what: &str) {
        self.over.store(true, Ordering::Relaxed);
        let took = self.thread.join().expect("no panic");
        let (asked, longest) = (took.len(), took.iter().max());
        let late = took.iter().filter(|span| **span > HONEST).count();
        let _ = writeln!(
            std::io::stderr(),
            "FT-41: {what}; an honest client asked {asked} times, the longest {longest:?}, over {HONEST:?}: {late}"
        );
        assert!(asked > 100, "it was served");
        if is_campaign() {
            assert!(late * 100 <= asked, "{late} of {asked} waited too long");
        }
    }
}

#[test]
fn ft_41_y_05_y_09_random_frames_crash_nothing_tell_nothing_and_keep_nobody_waiting() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    home.run(&["token", NAME]).token();
    let agent = home.agent();
    let kept = home.kept(NAME);
    let secret = kept.refresh.expect("a refresh token");
    let client = Honest::start(&home);
    let mut chance = Chance::of(seeds(1).start);
    let frames = seeds(20_000);
    let mut told = Vec::new();
    for _ in frames.clone() {
        let Ok(mut stream) = UnixStream::connect(home.socket()) else {
            continue;
        };
        let _ = stream.write_all(&hostile(&mut chance));
        let _ = stream.shutdown(std::net::Shutdown::Write);
        stream
            .set_read_timeout(Some(Duration::from_secs(10)))
            .expect("set");
        let mut answer = Vec::new();
        let _ = stream.take(64 * 1024).read_to_end(&mut answer);
        if answer
            .windows(secret.len())
            .any(|found| found == secret.as_bytes())
        {
            told.push(answer);
        }
    }
    client.end(&format!("frames {frames:?}"));
    assert!(told.is_empty(), "the refresh token came out");
    assert!(agent.is_alive());
    assert!(
        agent.status()["unlocked"].as_bool().expect("told"),
        "it is still open"
    );
}

#[test]
fn ft_41_i4_a_thousand_clients_that_never_read_are_dropped_and_others_served() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    home.run(&["token", NAME]).token();
    let agent = home.agent();
    let client = Honest::start(&home);
    let mut crowd = Vec::new();
    let ask = framed(&token_of(NAME)).repeat(100);
    for number in 0..SILENT_CLIENTS {
        let Ok(mut stream) = UnixStream::connect(home.socket()) else {
            continue;
        };
        stream.set_nonblocking(true).expect("set");
        if number % 2 == 0 {
            // Half of them ask and never read, the others never say a word.
            let _ = stream.write(&ask);
        }
        crowd.push(stream);
    }
    // The crowd stays where it is.
    let before = client.served();
    while client.served() < before + 500 {
        thread::yield_now();
    }
    client.end(&format!("{SILENT_CLIENTS} silent clients"));
    let told = agent.talk().ask(&token_of(NAME)).expect("served");
    assert!(told["token"].is_object(), "{told}");
    assert!(agent.status()["clients"].as_u64().expect("a number") <= 64);
}

#[test]
fn ft_42_y_02_another_user_gets_nothing_even_through_an_open_door() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    let agent = home.agent();
    // As wide as modes go: the kernel's word about the peer is what is left.
    let open = |path: &Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("opened");
    };
    open(&home.socket(), 0o666);
    let temporary = std::env::temp_dir();
    let inside = |folder: &&Path| folder.starts_with(&temporary) && **folder != *temporary;
    for folder in home.socket().ancestors().skip(1).take_while(inside) {
        open(folder, 0o755);
    }
    let tries = seeds(200);
    let count = tries.end - tries.start;
    let script = r#"
        use IO::Socket::UNIX;
        $SIG{PIPE} = "IGNORE";
        my ($path, $count, $ask, $served) = (@ARGV, 0);
        for (1..$count) {
            my $agent = IO::Socket::UNIX->new(Peer => $path) or die "not connected: $!";
            syswrite($agent, pack("N", length $ask) . $ask);
            $served++ if sysread($agent, my $answer, 100);
        }
        print "served $served";
    "#;
    let output = Command::new("setpriv")
        .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
        .args(["/usr/bin/perl", "-e", script])
        .arg(home.socket())
        .arg(count.to_string())
        .arg(token_of(NAME).to_string())
        .stdin(Stdio::null())
        .output()
        .expect("setpriv");
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(told.trim(), "served 0", "{output:?}");
    assert_eq!(agent.status()["turned_away"], count);
    // The owner is still served.
    let told = agent.talk().ask(&token_of(NAME)).expect("told");
    assert!(told["token"].is_object(), "{told}");
}

#[test]
fn ft_05_two_agents_and_five_commands_cause_one_refresh_each_time() {
    let world = || {
        let world = World::new(&["rotation=on", "grace=0"]);
        let agents = [1, 2].map(|number| Aside::start(&world.home, number));
        (world, agents)
    };
    let trial = |(world, agents): &mut (World, [Aside; 2]), _: &mut Chance| {
        let mut tally = Tally::default();
        world.arm();
        let began = Instant::now();
        // They find no agent: each goes its own way.
        let commands: Vec<_> = (0..5).map(|_| world.start()).collect();
        let asking: Vec<_> = agents
            .iter()
            .flat_map(|agent| (0..5).map(|_| agent.ask()))
            .collect();
        let mut tokens: Vec<String> = asking
            .into_iter()
            .map(|asked| asked.join().expect("no panic"))
            .collect();
        for command in commands {
            let output = command.wait_with_output().expect("ended");
            let token = String::from_utf8(output.stdout).expect("text");
            tokens.push(token.trim_end().to_owned());
        }
        tally.took("until all fifteen had their token", began.elapsed());
        tokens.sort();
        tokens.dedup();
        let asked = world.facts().asked;
        if asked != 1 || tokens.len() != 1 || !world.sandbox.accepts_access(&tokens[0]) {
            tally.complain(format!("{asked} requests, {} tokens", tokens.len()));
        }
        tally
    };
    run("two agents and five commands", 3, world, trial).is_clean();
}

/// An agent whose folder was moved away: commands do not find it, and another one can begin.
struct Aside {
    pid: u32,
    socket: PathBuf,
}

impl Aside {
    fn start(home: &Home, number: u32) -> Self {
        let run = home.root().join("run");
        let pid = home.agent().let_go();
        let aside = home.root().join(format!("run-{number}"));
        std::fs::rename(run, &aside).expect("moved");
        Self {
            pid,
            socket: aside.join("agent.sock"),
        }
    }

    /// Asks for the token, on a thread of its own.
    fn ask(&self) -> thread::JoinHandle<String> {
        let mut talk = Talk::at(&self.socket);
        thread::spawn(move || {
            let told = talk.ask(&token_of(NAME)).expect("told");
            told["token"]["access_token"]
                .as_str()
                .unwrap_or_default()
                .to_owned()
        })
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        let ended = Command::new("kill").arg(self.pid.to_string()).status();
        assert!(ended.expect("kill").success());
    }
}

#[test]
fn y_03_nothing_is_sent_to_an_agent_of_another_user() {
    let sandbox = sandbox(&[]);
    let home = Home::signed_in(&sandbox);
    let token = home.run(&["token", NAME]).token();
    let run = home.root().join("run");
    std::fs::create_dir_all(&run).expect("made");
    let temporary = std::env::temp_dir();
    for folder in run.ancestors().take_while(|folder| **folder != *temporary) {
        if folder.starts_with(&temporary) {
            let mode = if folder == run { 0o777 } else { 0o755 };
            std::fs::set_permissions(folder, std::fs::Permissions::from_mode(mode))
                .expect("opened");
        }
    }
    // It tells when it listens, then how many bytes each of two callers sent.
    let script = r#"
        use IO::Socket::UNIX;
        $| = 1;
        my $door = IO::Socket::UNIX->new(Local => $ARGV[0], Listen => 5) or die "not bound: $!";
        chmod 0777, $ARGV[0];
        print "listening\n";
        for (1..2) {
            my $caller = $door->accept;
            my $read = sysread($caller, my $asked, 1000);
            print "read ", $read // "nothing", "\n";
        }
    "#;
    let mut planted = Command::new("setpriv")
        .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
        .args(["/usr/bin/perl", "-e", script])
        .arg(home.socket())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .expect("setpriv");
    let mut told = BufReader::new(planted.stdout.take().expect("piped")).lines();
    let mut line = || told.next().expect("a line").expect("text");
    assert_eq!(line(), "listening");
    let refused = home.run(&["agent", "status"]).ended(1);
    assert!(
        refused.stderr.contains("belongs to another user"),
        "{refused:#?}"
    );
    assert_eq!(line(), "read 0", "the connection was closed unused");
    // The command goes its own way.
    assert_eq!(home.run(&["token", NAME]).token(), token);
    assert_eq!(line(), "read 0");
    planted.wait().expect("ended");
}
