//! A machine with a network, a process table and mounts of its own, and the wire between two of them.
//! Everything ends with the test: whatever runs there dies with its first process, which ends when
//! the test lets go of its input.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::{TcpListener, TcpStream, ToSocketAddrs};
use std::os::fd::AsFd as _;
use std::process::{Child, Command, Stdio};
use std::thread;

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

pub(crate) struct Machine {
    /// `unshare`, which waits for the machine's first process.
    holder: Child,
    /// That first process.
    first: u32,
}

impl Machine {
    /// Starts one; `furnish` is run by a shell in it first, as root.
    pub(crate) fn start(name: &str, furnish: &str) -> Self {
        let script = format!("set -e\nip link set lo up\n{furnish}\necho up\nexec cat");
        let mut holder = Command::new("unshare")
            .args(["--net", "--pid", "--mount", "--ipc", "--uts", "--fork"])
            .args(["--kill-child=KILL", "--mount-proc", "sh", "-c", &script])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("unshare");
        let mut line = String::new();
        let told = BufReader::new(holder.stdout.take().expect("piped")).read_line(&mut line);
        assert!(
            told.is_ok() && line == "up\n",
            "machines need root, util-linux and iproute2: {name} did not start"
        );
        let id = holder.id();
        let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children"));
        let first = children.expect("its child").trim().parse().expect("an id");
        Self { holder, first }
    }

    /// Lays a wire between two machines; each gets an address of both families on it.
    pub(crate) fn join(&self, other: &Self) {
        let [one, two] = [self, other].map(|machine| machine.first.to_string());
        let laid = Command::new("ip")
            .args(["link", "add", "wire", "netns", &one, "type", "veth"])
            .args(["peer", "name", "wire", "netns", &two])
            .status();
        assert!(laid.expect("ip").success(), "a wire");
        for (machine, number) in [(self, 1), (other, 2)] {
            machine.sh(&format!(
                "ip addr add 10.77.0.{number}/24 dev wire
                 ip -6 addr add fd77::{number}/64 dev wire nodad
                 ip link set wire up"
            ));
        }
    }

    /// A program on that machine's network and with its files, but among the test's own processes:
    /// its id is its own.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        self.entering(&["net", "mnt"], program)
    }

    /// The same with the files of the test's own machine, for what reads `/proc`.
    pub(crate) fn network_of(&self, program: impl AsRef<OsStr>) -> Command {
        self.entering(&["net"], program)
    }

    fn entering(&self, kinds: &[&str], program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new("nsenter");
        for kind in kinds {
            let option = if *kind == "mnt" { "mount" } else { kind };
            command.arg(format!("--{option}=/proc/{}/ns/{kind}", self.first));
        }
        command.arg("--").arg(program);
        command
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .stdin(Stdio::null());
        command
    }

    /// Runs a few lines of shell there, among its own processes, as root.
    #[track_caller]
    pub(crate) fn sh(&self, script: &str) -> String {
        let output = self.inside(script).output().expect("nsenter");
        assert!(output.status.success(), "{script}\n{output:?}");
        String::from_utf8(output.stdout).expect("text")
    }

    fn inside(&self, script: &str) -> Command {
        let mut command = Command::new("nsenter");
        command
            .args(["--target", &self.first.to_string()])
            .args(["--net", "--pid", "--mount", "--ipc", "--uts"])
            .args(["--", "sh", "-ec", script])
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .stdin(Stdio::null());
        command
    }

    /// Starts a service there, among its own processes; it ends with the machine.
    pub(crate) fn spawn_inside(&self, script: &str) -> Child {
        self.inside(script).spawn().expect("nsenter")
    }

    /// Waits until a service of this machine answers.
    pub(crate) fn until_open(&self, port: u16) {
        self.on(|| {
            while TcpStream::connect(("127.0.0.1", port)).is_err() {
                thread::yield_now();
            }
        });
    }

    /// Runs this on the network of that machine.
    pub(crate) fn on<T: Send>(&self, what: impl FnOnce() -> T + Send) -> T {
        let network = fs::File::open(format!("/proc/{}/ns/net", self.first)).expect("a network");
        thread::scope(|scope| {
            let there = scope.spawn(|| {
                // This thread alone moves, and ends there.
                move_into_link_name_space(network.as_fd(), Some(LinkNameSpaceType::Network))
                    .expect("moved");
                what()
            });
            match there.join() {
                Ok(value) => value,
                Err(panic) => std::panic::resume_unwind(panic),
            }
        })
    }

    /// A listening socket there.
    pub(crate) fn listen(&self, address: impl ToSocketAddrs + Send) -> TcpListener {
        self.on(|| TcpListener::bind(address).expect("a port of that machine"))
    }

    /// Brings a port of the test's own machine to this one, under the same number: a service that
    /// every machine reaches.
    pub(crate) fn offer(&self, host: &str, port: u16) {
        let listener = self.listen((host, port));
        thread::spawn(move || {
            for client in listener.incoming() {
                let (Ok(client), Ok(service)) = (client, TcpStream::connect(("127.0.0.1", port)))
                else {
                    return;
                };
                pipe(&client, &service);
                pipe(&service, &client);
            }
        });
    }
}

/// Copies one direction of a conversation, to its end.
fn pipe(from: &TcpStream, to: &TcpStream) {
    let (mut from, mut to) = (
        from.try_clone().expect("a second handle"),
        to.try_clone().expect("a second handle"),
    );
    thread::spawn(move || {
        let _ = std::io::copy(&mut from, &mut to);
        let _ = to.shutdown(std::net::Shutdown::Write);
    });
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}
