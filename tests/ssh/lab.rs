//! A laptop, a server with a real sshd, and a practice provider that both reach. Ada types on the
//! laptop; Valetkey runs on the server, where she is an ordinary user.

use std::fs;
use std::net::TcpStream;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread;

use portable_pty::CommandBuilder;
use tempfile::TempDir;
use valetkey::sandbox::{Host, Options, SandboxThread};

use crate::kept::{self, Provider};
use crate::machine::Machine;
use crate::pty::Pty;
use crate::web::{self, Approved};

/// Not 22: the line that is printed must say so.
pub(crate) const SSH_PORT: u16 = 2222;
/// The connection of the tests.
pub(crate) const NAME: &str = "notes";
pub(crate) const ADA: u32 = 20_001;
pub(crate) const PASSPHRASE: &str = "canary-5c81e07f3a-passphrase-of-the-server";
const CLICK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/interop/click.mjs");
/// Where the server has the program, whoever may read this checkout.
const PROGRAM: &str = "/run/program";

pub(crate) struct Lab {
    pub(crate) laptop: Machine,
    pub(crate) server: Machine,
    pub(crate) provider: Provider,
    folder: TempDir,
    _sshd: Child,
}

impl Lab {
    /// Both machines, and a connection that nobody signed in to yet.
    pub(crate) fn set() -> Self {
        Self::with(Host::V4, &[])
    }

    /// The same with a provider of another name, or more flags for the connection.
    pub(crate) fn with(host: Host, flags: &[&str]) -> Self {
        let folder = kept::folder();
        kept::secrets([PASSPHRASE]);
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("mode");
        let options = Options {
            host,
            ..Options::default()
        };
        let provider = Provider::of(SandboxThread::start(options).expect("a sandbox"));
        furnish(folder.path());
        let laptop = Machine::start("laptop", &laptop_script(folder.path()));
        let server = Machine::start("server", &server_script(folder.path()));
        laptop.join(&server);
        let sshd = start_sshd(&server, folder.path());
        let lab = Self {
            laptop,
            server,
            provider,
            folder,
            _sshd: sshd,
        };
        for machine in [&lab.laptop, &lab.server] {
            for host in ["127.0.0.1", "::1"] {
                machine.offer(host, lab.provider_port());
            }
        }
        lab.add(flags);
        lab
    }

    fn add(&self, flags: &[&str]) {
        self.run("valetkey vault init");
        self.run(&self.definition(flags));
    }

    /// The command that adds the connection.
    pub(crate) fn definition(&self, flags: &[&str]) -> String {
        let at = |path: &str| self.provider.at(path);
        format!(
            "valetkey add --no-input --dev-http --name {NAME} --authorization-url {} --token-url {} \
             --device-url {} --revocation-url {} --test-url {} --client-id valetkey-practice \
             --scope 'profile items:read' {}",
            at("/authorize"),
            at("/token"),
            at("/device_authorization"),
            at("/revoke"),
            at("/me"),
            flags.join(" "),
        )
    }

    /// Ada's home on the server.
    pub(crate) fn home(&self) -> PathBuf {
        self.folder.path().join("ada")
    }

    /// Gives a folder to this user, with all that is in it.
    pub(crate) fn give(folder: &Path, to: u32) {
        let given = Command::new("chown")
            .args(["-R", &format!("{to}:{to}")])
            .arg(folder)
            .status();
        assert!(given.expect("chown").success());
    }

    /// A command over SSH without a terminal, which must end well; what it printed.
    #[track_caller]
    pub(crate) fn run(&self, line: &str) -> String {
        let output = self.output(line);
        assert!(output.status.success(), "{line}\n{output:#?}");
        String::from_utf8(output.stdout).expect("text")
    }

    pub(crate) fn output(&self, line: &str) -> Output {
        self.ssh(&["-T", line]).output().expect("ssh")
    }

    /// `ssh` on the laptop; the server's name stands before the last word.
    pub(crate) fn ssh(&self, words: &[&str]) -> Command {
        let (last, options) = words.split_last().expect("a command");
        let mut command = self.laptop.command("ssh");
        command
            .args(options)
            .args(["-p", "2222", "ada@server", last]);
        command
    }

    /// A terminal on the laptop, in which this runs on the server.
    pub(crate) fn terminal(&self, line: &str) -> Pty {
        self.type_on_laptop(&format!("ssh -tt -p {SSH_PORT} ada@server {line:?}"))
    }

    /// A terminal on the laptop with a command in it.
    pub(crate) fn type_on_laptop(&self, line: &str) -> Pty {
        let shell = self.laptop.command("sh");
        let mut builder = CommandBuilder::new(shell.get_program());
        builder.args(shell.get_args());
        builder.args(["-c", &format!("exec {line}")]);
        builder.env_clear();
        for (name, value) in shell.get_envs() {
            builder.env(name, value.expect("a value"));
        }
        builder.env("TERM", "xterm-256color");
        builder.env("HOME", self.folder.path().join("laptop"));
        Pty::start(builder)
    }

    /// Runs a line in another terminal of the laptop, exactly as it was printed.
    pub(crate) fn paste_line(&self, line: &str) -> Tunnel {
        let mut command = self.laptop.command("sh");
        command.args(["-c", &format!("exec {line}")]);
        command.stderr(Stdio::piped());
        Tunnel(command.spawn().expect("a shell"))
    }

    /// The browser of the laptop: opens the start address and approves, up to the answer.
    pub(crate) fn approve(&self, start: &str) -> Approved {
        self.laptop.on(|| web::approve(&self.provider, start))
    }

    /// Chromium on the laptop: ada opens the address and approves. How the last page looked, or the
    /// address of the one that could not be loaded.
    #[track_caller]
    pub(crate) fn chromium(&self, address: &str) -> serde_json::Value {
        let mut path = std::env::var_os("PATH").expect("a path");
        path.push(":/usr/bin:/bin");
        // A browser's own history holds what its address line held; that is not ours to keep.
        let home = tempfile::tempdir().expect("a folder");
        let mut script = self.laptop.network_of(CLICK);
        script
            .arg(address)
            .env("PATH", path)
            .env("HOME", home.path());
        let output = script.output().expect("the browser");
        let report: serde_json::Value =
            serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:#?}"));
        assert!(report["error"].is_null(), "{}", report["error"]);
        report
    }

    /// Ports of loopback that somebody of the server listens on, other than the provider's.
    pub(crate) fn listeners(&self) -> Vec<u16> {
        let provider = self.provider_port();
        let tables = self.server.on(|| {
            ["tcp", "tcp6"].map(|kind| {
                fs::read_to_string(format!("/proc/thread-self/net/{kind}")).unwrap_or_default()
            })
        });
        let lines = tables.iter().flat_map(|table| table.lines().skip(1));
        let ports = lines.filter_map(|line| {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let (host, port) = fields[1].split_once(':')?;
            let port = u16::from_str_radix(port, 16).expect("a port");
            let loopback = ["0100007F", "00000000000000000000000001000000"].contains(&host);
            let listens = fields[3] == "0A";
            (loopback && listens && port != provider).then_some(port)
        });
        ports.collect()
    }

    pub(crate) fn until_no_listener(&self) {
        while !self.listeners().is_empty() {
            thread::yield_now();
        }
    }

    /// The ids of the program's processes on the server, by the server's own count.
    pub(crate) fn processes(&self) -> Vec<String> {
        // Ended ones may lie about: the first process of a machine does not collect them. A worker goes by the name of the link it was started from.
        let found = self
            .server
            .sh("pgrep -u ada -r D,R,S,T -x 'valetkey|exe' || true");
        found.lines().map(str::to_owned).collect()
    }

    pub(crate) fn until_no_process(&self) {
        while !self.processes().is_empty() {}
    }

    fn provider_port(&self) -> u16 {
        url::Url::parse(self.provider.url())
            .expect("an address")
            .port()
            .expect("a port")
    }

    /// The stored state of the connection, as a script sees it.
    #[track_caller]
    pub(crate) fn row(&self) -> serde_json::Value {
        let shown = self.run(&format!("valetkey show {NAME} --json"));
        serde_json::from_str(&shown).expect("JSON")
    }
}

/// A forwarding `ssh`, ended with the test.
pub(crate) struct Tunnel(Child);

impl Tunnel {
    /// Waits until a port of the laptop is forwarded.
    #[track_caller]
    pub(crate) fn until_open(&mut self, laptop: &Machine, address: (&str, u16)) {
        laptop.on(|| {
            while TcpStream::connect(address).is_err() {
                let ended = self.0.try_wait().expect("a status");
                assert!(ended.is_none(), "{}", self.complaint());
                thread::yield_now();
            }
        });
    }

    /// What it says as long as it runs.
    pub(crate) fn complaints(&mut self) -> std::process::ChildStderr {
        self.0.stderr.take().expect("piped")
    }

    /// What it said before it ended by itself.
    fn complaint(&mut self) -> String {
        let mut text = String::new();
        let mut pipe = self.complaints();
        std::io::Read::read_to_string(&mut pipe, &mut text).expect("text");
        text
    }
}

impl Drop for Tunnel {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Keys, settings and accounts of both machines.
fn furnish(folder: &Path) {
    let write = |name: &str, text: String| {
        let file = folder.join(name);
        fs::write(&file, text).expect("written");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).expect("mode");
    };
    for home in ["laptop", "ada"] {
        fs::create_dir(folder.join(home)).expect("a home");
    }
    for key in ["host_key", "laptop_key"] {
        let made = Command::new("ssh-keygen")
            .args(["-q", "-t", "ed25519", "-N", "", "-f"])
            .arg(folder.join(key))
            .status();
        assert!(made.expect("ssh-keygen").success());
    }
    let public =
        |key: &str| fs::read_to_string(folder.join(format!("{key}.pub"))).expect("a public key");
    let at = |name: &str| folder.join(name).display().to_string();
    let ada = at("ada");
    write("authorized_keys", public("laptop_key"));
    write(
        "known_hosts",
        format!("[server]:{SSH_PORT} {}", public("host_key")),
    );
    write(
        "hosts",
        "127.0.0.1 localhost\n::1 localhost\n10.77.0.2 server\nfd77::2 server6\n".into(),
    );
    write(
        "laptop_passwd",
        format!("root:x:0:0::{}:/bin/sh\n", at("laptop")),
    );
    write(
        "server_passwd",
        format!(
            "root:*:0:0::/:/bin/sh\nada:*:{ADA}:{ADA}::{ada}:/bin/sh\n\
             bob:*:20002:20002::/:/bin/sh\nsshd:*:20003:65534::/run/sshd:/bin/false\n"
        ),
    );
    write("passphrase", PASSPHRASE.to_owned());
    write(
        "ssh_config",
        format!(
            "Host *\n IdentityFile {}\n IdentitiesOnly yes\n UserKnownHostsFile {}\n \
             StrictHostKeyChecking yes\n LogLevel ERROR\n EnableEscapeCommandline yes\n\
             Host server6\n HostKeyAlias [server]:{SSH_PORT}\n",
            at("laptop_key"),
            at("known_hosts"),
        ),
    );
    let sweep: String = kept::log()
        .map(|(name, file)| format!(" {name}={}", file.display()))
        .unwrap_or_default();
    write(
        "sshd_config",
        format!(
            "Port {SSH_PORT}\nHostKey {}\nAuthorizedKeysFile {}\nStrictModes no\nUsePAM no\n\
             PasswordAuthentication no\nPidFile none\nLogLevel ERROR\nUseDNS no\nPrintMotd no\n\
             PrintLastLog no\nClientAliveInterval 1\nClientAliveCountMax 2\n\
             SetEnv PATH={PROGRAM}:/usr/bin:/bin VALETKEY_HOME={ada}/valetkey \
             VALETKEY_PASSPHRASE_FILE={}{sweep}\n",
            at("host_key"),
            at("authorized_keys"),
            at("passphrase"),
        ),
    );
    chown(folder.join("ada"), Some(ADA), Some(ADA)).expect("ada's home");
    chown(folder.join("passphrase"), Some(ADA), Some(ADA)).expect("ada's file");
    let private = fs::Permissions::from_mode(0o600);
    fs::set_permissions(folder.join("passphrase"), private).expect("mode");
}

fn laptop_script(folder: &Path) -> String {
    let at = |name: &str| folder.join(name).display().to_string();
    format!(
        "mount --bind {} /etc/passwd\nmount --bind {} /etc/hosts\nmount --bind {} /etc/ssh/ssh_config",
        at("laptop_passwd"),
        at("hosts"),
        at("ssh_config"),
    )
}

fn server_script(folder: &Path) -> String {
    let at = |name: &str| folder.join(name).display().to_string();
    let program = std::env::var_os("VALETKEY_BIN").map_or_else(
        || PathBuf::from(env!("CARGO_BIN_EXE_valetkey")),
        PathBuf::from,
    );
    format!(
        "mount --bind {} /etc/passwd\nmount --bind {} /etc/hosts\nhostname server\n\
         mount -t tmpfs -o mode=755 run /run\nmkdir /run/sshd {PROGRAM}\n\
         touch {PROGRAM}/valetkey\nmount --bind {} {PROGRAM}/valetkey",
        at("server_passwd"),
        at("hosts"),
        program.display(),
    )
}

fn start_sshd(server: &Machine, folder: &Path) -> Child {
    let config = folder.join("sshd_config").display().to_string();
    let log = folder.join("sshd.log").display().to_string();
    let child = server.spawn_inside(&format!("exec /usr/sbin/sshd -D -E {log} -f {config}"));
    server.until_open(SSH_PORT);
    child
}

/// The device code as it stands on the screen.
pub(crate) fn device_code(terminal: &Pty) -> String {
    let text = terminal.text();
    let mut lines = text.lines().map(str::trim);
    let code = lines.find_map(|line| line.strip_prefix("type "));
    code.expect("a code").trim().to_owned()
}

/// The line for the laptop, the address to open there, and the port.
pub(crate) fn forward(terminal: &Pty) -> (String, String, u16) {
    let text = terminal.text();
    let lines = || text.lines().map(str::trim);
    let line = lines().find(|line| line.starts_with("ssh -N"));
    let start = lines().find_map(|line| line.strip_prefix("then open  "));
    let line = line.expect("the line").to_owned();
    let start = start.expect("the address").to_owned();
    let port = url::Url::parse(&start).expect("an address").port();
    (line, start, port.expect("a port"))
}

/// The provider's page, as it was printed.
pub(crate) fn authorization_address(lab: &Lab, terminal: &Pty) -> String {
    let written = terminal.written();
    let begins = lab.provider.at("/authorize?");
    let mut words = written.split_whitespace();
    let address = words.find(|word| word.starts_with(&begins));
    address.expect("the address").to_owned()
}

pub(crate) fn connected(lab: &Lab) {
    let row = lab.row();
    // `login` runs no test read.
    let good = ["connected", "untested"].map(serde_json::Value::from);
    assert!(good.contains(&row["health"]), "{row:#}");
    assert_eq!(lab.listeners(), Vec::<u16>::new(), "no port stays open");
}

/// Runs the line on the laptop, opens the address there and approves, up to the last page.
pub(crate) fn deliver(lab: &Lab, line: &str, start: &str, port: u16) {
    let url = url::Url::parse(start).expect("an address");
    let host = url.host_str().expect("a host");
    let mut tunnel = lab.paste_line(line);
    tunnel.until_open(&lab.laptop, (host.trim_matches(['[', ']']), port));
    let approved = lab.approve(start);
    let answer = lab.laptop.on(|| approved.deliver(&approved.callback));
    assert_eq!(answer.status, 200, "{}", answer.body);
}

/// The whole way by the forwarded port, line by line.
pub(crate) fn signs_in_by_forward(lab: &Lab) {
    let begin = format!("valetkey login {NAME} --ssh-host ada@server");
    let mut terminal = lab.terminal(&begin);
    terminal.until_shows("then open");
    let (line, start, port) = forward(&terminal);
    deliver(lab, &line, &start, port);
    terminal.until_shows("Signed in to notes as Ada Practice");
}
