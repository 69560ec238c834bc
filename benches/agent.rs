//! How fast and how large the agent is: the figures of docs/PERFORMANCE.md.
//!
//!     cargo build --release
//!     cargo bench --profile dev --bench agent -- [--accounts N] [--rounds N] [--alone N] [--seconds N] [--beside NAME=COMMAND]…
//!
//! It makes a vault with many accounts, starts the agent of the release build, and measures, one after
//! the other in each round, the programs that stand beside each other in the table.

// The figures are what it is for.
#![allow(clippy::print_stdout)]

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use valetkey::host::{Clock as _, SystemClock};
use valetkey::model::{
    ClientAuth, Connection, ConnectionId, ConnectionName, EndpointUrl, Endpoints, Expiry,
    ExtraParams, GrantId, IssPolicy, Provider, ProviderKind, RedirectUri, Registration,
    RegistrationId, RevokeRule, ScopeSet, Seconds, Secret, Serving,
};
use valetkey::vault::{Candidate, Home, Vault};

const PASSPHRASE: &str = "an obviously fake passphrase";
/// At once.
const CLIENTS: u32 = 64;
/// Longer than an agent waits before it rests: twice ten seconds at most.
const QUIET: Duration = Duration::from_secs(21);
const HOUR: Seconds = Seconds(3600);

struct Wish {
    accounts: u32,
    rounds: usize,
    /// Calls without an agent.
    alone: usize,
    seconds: u64,
    beside: Vec<(String, Vec<String>)>,
}

fn main() {
    let wish = wish();
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path().join("valetkey");
    fill(&root, wish.accounts);
    fs::write(folder.path().join("passphrase"), PASSPHRASE).expect("written");
    let program = program();
    let run = |arguments: &[&str]| {
        let output = valetkey(&program, folder.path(), arguments)
            .output()
            .expect("starts");
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).expect("text")
    };
    run(&["agent", "start"]);
    let socket = root.join("run/agent.sock");
    let tell_memory = |when: &str| {
        let status = || memory(&run(&["agent", "status", "--json"]));
        let busy = status();
        // It gives back what it needs no longer.
        std::thread::sleep(QUIET);
        println!("memory, {when}: {busy} KiB PSS, {} at rest", status());
    };
    tell_memory("nothing served yet");
    serve_everyone(&socket, wish.accounts);
    tell_memory(&format!("{} accounts served", wish.accounts));
    latencies(&wish, folder.path(), &program);
    for keeps in [true, false] {
        let rate = throughput(&socket, Duration::from_secs(wish.seconds), keeps);
        let how = if keeps {
            "a connection each"
        } else {
            "a connection a request"
        };
        println!("64 clients, {how}: {rate} requests a second");
    }
    tell_memory("after all that");
    run(&["agent", "stop"]);
    alone(&wish, folder.path(), &program);
}

fn wish() -> Wish {
    let mut wish = Wish {
        accounts: 1_000,
        rounds: 500,
        alone: 0,
        seconds: 5,
        beside: Vec::new(),
    };
    let mut arguments = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--bench");
    while let Some(flag) = arguments.next() {
        let value = arguments.next().expect("a value after the flag");
        match flag.as_str() {
            "--accounts" => {
                wish.accounts = value.parse().expect("a number");
                assert!(
                    wish.accounts >= CLIENTS,
                    "each client asks for an account of its own"
                );
            }
            "--rounds" => wish.rounds = value.parse().expect("a number"),
            "--alone" => wish.alone = value.parse().expect("a number"),
            "--seconds" => wish.seconds = value.parse().expect("a number"),
            "--beside" => {
                let (name, command) = value.split_once('=').expect("NAME=COMMAND");
                let words = command.split_whitespace().map(str::to_owned).collect();
                wish.beside.push((name.to_owned(), words));
            }
            other => panic!("no such flag: {other}"),
        }
    }
    wish
}

fn program() -> PathBuf {
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/release/valetkey");
    std::env::var_os("VALETKEY_BIN").map_or(built, PathBuf::from)
}

fn valetkey(program: &Path, folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .env("HOME", folder)
        .env("VALETKEY_HOME", folder.join("valetkey"))
        .env("VALETKEY_PASSPHRASE_FILE", folder.join("passphrase"))
        .stdin(Stdio::null());
    command
}

/// A vault with so many signed-in connections, each with a token that is valid for an hour.
fn fill(root: &Path, accounts: u32) {
    let home = Home::Disk {
        data: root.join("data"),
        state: root.join("state"),
    };
    let now = SystemClock.now();
    let passphrase = Secret::new(PASSPHRASE.to_owned());
    let mut vault = Vault::create_for_tests(&home, &passphrase, now).expect("a vault");
    let uptime = SystemClock.uptime();
    for number in 0..accounts {
        let connection = connection(number);
        let mut id = [0; 16];
        id[..4].copy_from_slice(&number.to_be_bytes());
        let grant = GrantId::from_random(id);
        vault.add(&connection, None, now).expect("added");
        let candidate = Candidate {
            grant_id: grant.clone(),
            access_token: Secret::new(format!("fake-{number}-{}", "x".repeat(900))),
            refresh_token: Some(Secret::new(format!("fake-refresh-{number}"))),
            granted: Some(connection.requested.clone()),
            expiry: Expiry::At(now.plus(HOUR)),
            issued_at: now,
            ends_at: None,
            account: None,
        };
        vault
            .store_candidate(&connection, &candidate, now)
            .expect("stored");
        let grant = vault
            .accept_candidate(&connection.id, &grant, now)
            .expect("accepted");
        let connection = vault
            .connection_by_id(&connection.id)
            .expect("read")
            .expect("there");
        vault.mark_proved(&connection, now).expect("noted");
        vault.note_issued(&grant, now, uptime.as_ref());
    }
}

fn connection(number: u32) -> Connection {
    let url = |path: &str| {
        EndpointUrl::parse(&format!("https://service-{number}.example/{path}"), false)
            .expect("valid")
    };
    let mut id = [0; 16];
    id[..4].copy_from_slice(&number.to_be_bytes());
    Connection {
        id: ConnectionId::from_random(id),
        name: ConnectionName::parse(&format!("account-{number}")).expect("a name"),
        provider: Provider {
            id: "acme".to_owned(),
            name: "Acme".to_owned(),
            kind: ProviderKind::Custom,
            issuer: None,
            endpoints: Endpoints {
                authorization: Some(url("authorize")),
                token: Some(url("token")),
                ..Endpoints::default()
            },
            iss: IssPolicy::default(),
            extra: ExtraParams::default(),
            quirks: std::iter::empty().collect(),
            test: None,
            revoke: RevokeRule::default(),
            manage_url: None,
            api_hosts: Vec::new(),
        },
        registration: Registration {
            id: RegistrationId::from_random(id),
            client_id: "client".to_owned(),
            auth: ClientAuth::None,
            redirect: RedirectUri::any_port(),
            has_secret: false,
        },
        requested: ScopeSet::parse("read write").expect("scopes"),
        resources: Vec::new(),
        dev_http: false,
        ca_pem: None,
        serving: Serving::default(),
        grant: None,
        ended: None,
        problem: None,
    }
}

fn ask(stream: &mut UnixStream, number: u32, buffer: &mut Vec<u8>) {
    let body = format!(r#"{{"version":1,"ask":"token","name":"account-{number}"}}"#);
    let length = u32::try_from(body.len()).expect("short").to_be_bytes();
    stream
        .write_all(&[&length[..], body.as_bytes()].concat())
        .expect("sent");
    let mut head = [0; 4];
    stream.read_exact(&mut head).expect("told");
    buffer.resize(u32::from_be_bytes(head) as usize, 0);
    stream.read_exact(buffer).expect("told");
    assert!(
        buffer.windows(12).any(|found| found == b"access_token"),
        "{}",
        String::from_utf8_lossy(buffer)
    );
}

fn serve_everyone(socket: &Path, accounts: u32) {
    let mut stream = UnixStream::connect(socket).expect("the agent");
    let mut buffer = Vec::new();
    for number in 0..accounts {
        ask(&mut stream, number, &mut buffer);
    }
}

fn throughput(socket: &Path, span: Duration, keeps: bool) -> u64 {
    let served = Arc::new(AtomicU64::new(0));
    let over = Arc::new(AtomicBool::new(false));
    let clients: Vec<_> = (0..CLIENTS)
        .map(|client| {
            let (served, over, socket) = (served.clone(), over.clone(), socket.to_owned());
            std::thread::spawn(move || {
                let connect = || UnixStream::connect(&socket).expect("the agent");
                let mut kept = keeps.then(connect);
                let mut buffer = Vec::new();
                while !over.load(Ordering::Relaxed) {
                    match &mut kept {
                        Some(stream) => ask(stream, client, &mut buffer),
                        None => ask(&mut connect(), client, &mut buffer),
                    }
                    served.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    let start = Instant::now();
    std::thread::sleep(span);
    over.store(true, Ordering::Relaxed);
    let took = start.elapsed();
    for client in clients {
        client.join().expect("no panic");
    }
    u64::try_from(u128::from(served.load(Ordering::Relaxed)) * 1_000 / took.as_millis())
        .expect("a rate")
}

/// Each round runs every program once, so that what disturbs one disturbs all.
fn latencies(wish: &Wish, folder: &Path, program: &Path) {
    let bare = bare_client(folder);
    let _server = echo(&folder.join("echo.sock"));
    let mut programs: Vec<(String, Box<dyn Fn() -> Command>)> = vec![(
        "true".to_owned(),
        Box::new(|| Command::new("/usr/bin/true")),
    )];
    let socket = folder.join("echo.sock");
    programs.push((
        "a bare round trip".to_owned(),
        Box::new(move || {
            let mut command = Command::new(&bare);
            command.arg(&socket);
            command
        }),
    ));
    let (own, home) = (program.to_owned(), folder.to_owned());
    programs.push((
        "valetkey token".to_owned(),
        Box::new(move || valetkey(&own, &home, &["token", "account-7"])),
    ));
    for (name, words) in &wish.beside {
        let words = words.clone();
        programs.push((
            name.clone(),
            Box::new(move || {
                let mut command = Command::new(&words[0]);
                command.args(&words[1..]);
                command
            }),
        ));
    }
    let mut took: BTreeMap<usize, Vec<Duration>> = BTreeMap::new();
    for _ in 0..wish.rounds {
        for (number, (name, command)) in programs.iter().enumerate() {
            let mut command = command();
            command.stdin(Stdio::null()).stdout(Stdio::null());
            let start = Instant::now();
            let status = command.status().expect("starts");
            let span = start.elapsed();
            assert!(status.success(), "{name}: {status}");
            took.entry(number).or_default().push(span);
        }
    }
    for (number, mut spans) in took {
        tell(&programs[number].0, &mut spans);
    }
}

/// The same token without an agent: each call opens the vault itself. The passphrase of this vault costs
/// next to nothing, like a keychain whose own time is not counted (FT-49).
fn alone(wish: &Wish, folder: &Path, program: &Path) {
    let mut spans: Vec<Duration> = (0..wish.alone)
        .map(|_| {
            let mut command = valetkey(program, folder, &["token", "account-7"]);
            command.stdout(Stdio::null());
            let start = Instant::now();
            let status = command.status().expect("starts");
            let span = start.elapsed();
            assert!(status.success(), "{status}");
            span
        })
        .collect();
    tell("valetkey token, no agent", &mut spans);
}

fn tell(name: &str, spans: &mut [Duration]) {
    spans.sort();
    let Some(last) = spans.len().checked_sub(1) else {
        return;
    };
    let at = |part: usize| spans[last * part / 1_000].as_secs_f64() * 1e3;
    println!(
        "{name:24} median {:.2} ms, 99 % within {:.2} ms",
        at(500),
        at(990)
    );
}

/// The least that any program can do: connect, write, read, print.
fn bare_client(folder: &Path) -> PathBuf {
    const SOURCE: &str = r#"
        use std::io::{Read, Write};
        fn main() {
            let path = std::env::args().nth(1).expect("a path");
            let mut stream = std::os::unix::net::UnixStream::connect(path).expect("a server");
            stream.write_all(&[7; 64]).expect("sent");
            let mut answer = [0; 1024];
            stream.read_exact(&mut answer).expect("told");
            std::io::stdout().write_all(&answer).expect("printed");
        }
    "#;
    let (source, program) = (folder.join("bare.rs"), folder.join("bare"));
    fs::write(&source, SOURCE).expect("written");
    let built = Command::new("rustc")
        .args(["-O", "-o"])
        .arg(&program)
        .arg(&source)
        .status();
    assert!(built.expect("rustc").success());
    program
}

fn echo(socket: &Path) -> std::thread::JoinHandle<()> {
    let listener = UnixListener::bind(socket).expect("bound");
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a client");
            let mut asked = [0; 64];
            stream.read_exact(&mut asked).expect("read");
            stream.write_all(&[7; 1024]).expect("told");
        }
    })
}

fn memory(status: &str) -> u64 {
    let status: serde_json::Value = serde_json::from_str(status).expect("JSON");
    status["memory_kib"].as_u64().expect("a number")
}
