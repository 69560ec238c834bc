//! A desk with a session bus of its own and a real gnome-keyring on it.

use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use crate::home::{Home, Ran, in_time};

const PASSWORD: &[u8] = b"the desk's login password";
const SERVICE: &str = "org.freedesktop.secrets";
const BUS_NAME: &str = "org.freedesktop.DBus";
/// An interface that nobody has: a mark in what the monitor tells.
const MARK: &str = "example.valetkey.Mark";

/// A session bus that starts nothing by itself: what is not started here is absent.
const BUS: &str = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path=FOLDER/session-bus</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"#;

/// How the daemon is started.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keyring {
    /// With the login password, as a graphical session does.
    Unlocked,
    /// Without: what there is stays locked, and nothing is made.
    Locked,
}

pub(crate) struct Desk {
    pub(crate) home: Home,
    address: String,
    daemon: Option<(Child, Keyring)>,
    // Last, so that it outlives the daemon.
    _bus: Child,
}

impl Desk {
    /// A bus with nobody on it.
    pub(crate) async fn without_keyring() -> Self {
        let mut home = Home::new();
        let folder = home.path().join("runtime");
        let config = home.file("bus.conf", &BUS.replace("FOLDER", &text(&folder)));
        let mut command = home.program("dbus-daemon");
        command
            .arg("--config-file")
            .arg(config)
            .args(["--nofork", "--print-address=1"])
            .stdout(Stdio::piped());
        let mut bus = command.spawn().expect("dbus-daemon");
        let mut lines = BufReader::new(bus.stdout.take().expect("stdout")).lines();
        let address = in_time("the bus", lines.next_line()).await;
        let address = address.expect("a line").expect("an address");
        home.set("DBUS_SESSION_BUS_ADDRESS", address.clone());
        Self {
            home,
            address,
            daemon: None,
            _bus: bus,
        }
    }

    pub(crate) async fn with_keyring(keyring: Keyring) -> Self {
        let mut desk = Self::without_keyring().await;
        desk.start(keyring).await;
        desk
    }

    pub(crate) async fn start(&mut self, keyring: Keyring) {
        let mut command = self.home.program("gnome-keyring-daemon");
        command
            .args(["--foreground", "--components=secrets"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        if keyring == Keyring::Unlocked {
            command.arg("--unlock");
        }
        let mut child = command.spawn().expect("gnome-keyring-daemon");
        let mut stdin = child.stdin.take().expect("stdin");
        if keyring == Keyring::Unlocked {
            stdin.write_all(PASSWORD).await.expect("its password");
        }
        // Its end is the end of the password.
        drop(stdin);
        let mut wait = self.home.program("gdbus");
        wait.args(["wait", "--session", "--timeout", "60", SERVICE]);
        let ready = in_time("the keyring", wait.status()).await.expect("gdbus");
        assert!(ready.success(), "nobody provides {SERVICE}");
        self.daemon = Some((child, keyring));
    }

    pub(crate) async fn stop(&mut self) {
        let (mut daemon, _) = self.daemon.take().expect("a daemon");
        in_time("the end of the keyring", daemon.kill())
            .await
            .expect("killed");
    }

    /// Stops and starts it again, as after a reboot.
    pub(crate) async fn restart(&mut self, keyring: Keyring) {
        self.stop().await;
        self.start(keyring).await;
    }

    pub(crate) fn bus_address(&self) -> String {
        self.address.clone()
    }

    /// From now on the bus lets nobody speak to it.
    pub(crate) async fn deny(&mut self) {
        let rule = format!("<deny send_destination=\"{SERVICE}\"/>\n  </policy>");
        let folder = text(&self.home.path().join("runtime"));
        let config = BUS.replace("FOLDER", &folder).replace("</policy>", &rule);
        self.home.file("bus.conf", &config);
        let mut reload = self.home.program("gdbus");
        reload
            .args(["call", "--session", "--dest", BUS_NAME, "--object-path"])
            .args(["/org/freedesktop/DBus", "--method"])
            .arg(format!("{BUS_NAME}.ReloadConfig"));
        let done = in_time("the bus", reload.output()).await.expect("gdbus");
        assert!(done.status.success(), "{done:?}");
    }

    /// Its entry of the vault key is gone.
    pub(crate) async fn lose_the_key(&self) {
        let mut clear = self.secret_tool();
        clear.args(["clear", "service", "valetkey"]);
        let cleared = in_time("secret-tool", clear.status()).await;
        assert!(cleared.expect("secret-tool").success());
    }

    /// Another text stands in the entry of the vault key.
    pub(crate) async fn put_other_bytes(&self) {
        let mut search = self.secret_tool();
        search.args(["search", "--all", "service", "valetkey"]);
        let items = in_time("secret-tool", search.output()).await;
        // It prints secrets on stdout and attributes on stderr.
        let items = String::from_utf8(items.expect("items").stderr).expect("text");
        let account = items
            .lines()
            .find_map(|line| line.strip_prefix("attribute.username = "))
            .expect("the entry's name")
            .to_owned();
        self.lose_the_key().await;
        let mut store = self.secret_tool();
        store
            .args(["store", "--label=other", "service", "valetkey"])
            .args(["username", &account])
            .stdin(Stdio::piped());
        let mut child = store.spawn().expect("secret-tool");
        let mut stdin = child.stdin.take().expect("stdin");
        stdin.write_all(b"not a key").await.expect("text");
        drop(stdin);
        let stored = in_time("secret-tool", child.wait()).await;
        assert!(stored.expect("a status").success());
    }

    /// It keeps its name on the bus and answers nobody.
    pub(crate) fn freeze(&self) {
        let (daemon, _) = self.daemon.as_ref().expect("a daemon");
        kill_process(pid(daemon), Signal::STOP).expect("a signal");
    }

    pub(crate) fn thaw(&self) {
        let (daemon, _) = self.daemon.as_ref().expect("a daemon");
        kill_process(pid(daemon), Signal::CONT).expect("a signal");
    }

    /// Runs the program. Version 42 of the daemon rarely dies by itself when a session is opened;
    /// then it is started again and the command tried once more, and that is said.
    pub(crate) async fn run(&mut self, arguments: &[&str]) -> Ran {
        let ran = self.home.run(arguments).await;
        let Some((daemon, keyring)) = &mut self.daemon else {
            return ran;
        };
        let keyring = *keyring;
        match daemon.try_wait().expect("a state") {
            None => ran,
            Some(status) => {
                let _ = writeln!(
                    std::io::stderr(),
                    "gnome-keyring-daemon died ({status}) under {ran:?}; once more"
                );
                self.start(keyring).await;
                self.home.run(arguments).await
            }
        }
    }

    /// `secret-tool` on this desk.
    pub(crate) fn secret_tool(&self) -> Command {
        self.home.program("secret-tool")
    }
}

fn pid(child: &Child) -> Pid {
    let id = child.id().expect("a running process");
    Pid::from_raw(i32::try_from(id).expect("an id")).expect("an id")
}

fn text(path: &Path) -> String {
    path.to_str().expect("a plain path").to_owned()
}

/// Listens on the bus for dialogs that a person would see.
pub(crate) struct Prompts {
    // Ended when it is dropped.
    _monitor: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Prompts {
    pub(crate) async fn watch(desk: &Desk) -> Self {
        let mut command = desk.home.program("dbus-monitor");
        command
            .args(["--session", "--profile"])
            .arg("type='method_call',interface='org.freedesktop.Secret.Prompt'")
            .arg(format!("type='method_call',interface='{MARK}'"))
            .stdout(Stdio::piped());
        let mut monitor = command.spawn().expect("dbus-monitor");
        let lines = BufReader::new(monitor.stdout.take().expect("stdout")).lines();
        let mut prompts = Self {
            _monitor: monitor,
            lines,
        };
        // As a monitor it has no name on the bus any more.
        while !prompts.line().await.contains("NameLost") {}
        prompts
    }

    async fn line(&mut self) -> String {
        let line = in_time("the monitor", self.lines.next_line()).await;
        line.expect("a line").expect("the monitor is there")
    }

    async fn mark(desk: &Desk) {
        let mut call = desk.home.program("gdbus");
        call.args([
            "call",
            "--session",
            "--dest",
            BUS_NAME,
            "--object-path",
            "/",
        ])
        .arg("--method")
        .arg(format!("{MARK}.Here"))
        .stdout(Stdio::null())
        .stderr(Stdio::null());
        in_time("a mark", call.status()).await.expect("gdbus");
    }

    /// How many there were since the last call: everything before a new mark.
    pub(crate) async fn so_far(&mut self, desk: &Desk) -> usize {
        Self::mark(desk).await;
        let mut count = 0;
        loop {
            let line = self.line().await;
            if line.contains(MARK) {
                return count;
            }
            count += usize::from(line.trim_end().ends_with("Prompt"));
        }
    }
}
