//! A real agent beside a sealed home, and a client that speaks to its socket byte by byte.
#![allow(dead_code)] // each test target keeps what it has

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};

use crate::home::{Home, Output};

/// Longer than anything takes here; a test that waits so long has failed.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running agent; it ends with this.
pub(crate) struct Agent<'h> {
    home: &'h Home,
    pub(crate) pid: u32,
}

impl Home {
    /// Starts the agent; it holds the vault open.
    pub(crate) fn agent(&self) -> Agent<'_> {
        self.agent_with(&[])
    }

    /// The same with more arguments.
    pub(crate) fn agent_with(&self, more: &[&str]) -> Agent<'_> {
        let arguments: Vec<&str> = ["agent", "start"].iter().chain(more).copied().collect();
        self.run(&arguments).ended(0);
        self.running_agent()
    }

    /// The agent that runs beside this home.
    pub(crate) fn running_agent(&self) -> Agent<'_> {
        let status = self.run(&["agent", "status", "--json"]).ended(0).json();
        let pid = status["pid"].as_u64().expect("a number");
        Agent {
            home: self,
            pid: u32::try_from(pid).expect("a process number"),
        }
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.root().join("run/agent.sock")
    }

    /// The program without anything that opens the vault: what it gets comes from the agent.
    pub(crate) fn run_by_agent(&self, arguments: &[&str]) -> Output {
        let mut command = self.command(arguments);
        command.env_remove("VALETKEY_PASSPHRASE_FILE");
        crate::home::run(&mut command)
    }
}

impl Agent<'_> {
    pub(crate) fn status(&self) -> Value {
        self.home
            .run(&["agent", "status", "--json"])
            .ended(0)
            .json()
    }

    pub(crate) fn signal(&self, name: &str) {
        let sent = std::process::Command::new("kill")
            .args([&format!("-{name}"), &self.pid.to_string()])
            .status();
        assert!(sent.expect("kill").success());
    }

    pub(crate) fn is_alive(&self) -> bool {
        std::fs::read_to_string(format!("/proc/{}/cmdline", self.pid))
            .is_ok_and(|line| line.contains("__agent"))
    }

    pub(crate) fn wait_until_gone(&self) {
        while self.is_alive() {
            std::thread::yield_now();
        }
    }

    /// Leaves it running; its process number.
    pub(crate) fn let_go(self) -> u32 {
        let pid = self.pid;
        std::mem::forget(self);
        pid
    }

    pub(crate) fn talk(&self) -> Talk {
        Talk::to(self.home)
    }
}

impl Drop for Agent<'_> {
    fn drop(&mut self) {
        if self.is_alive() {
            self.signal("CONT");
            self.signal("TERM");
            self.wait_until_gone();
        }
    }
}

/// A conversation with an agent.
pub(crate) struct Talk(pub(crate) UnixStream);

impl Talk {
    pub(crate) fn to(home: &Home) -> Self {
        Self::at(&home.socket())
    }

    pub(crate) fn at(socket: &Path) -> Self {
        let stream = UnixStream::connect(socket).expect("an agent");
        stream.set_read_timeout(Some(PATIENCE)).expect("set");
        stream.set_write_timeout(Some(PATIENCE)).expect("set");
        Self(stream)
    }

    pub(crate) fn send(&mut self, message: &Value) {
        let _ = self.0.write_all(&framed(message));
    }

    /// The next message; `None` when the agent closed the conversation.
    pub(crate) fn hear(&mut self) -> Option<Value> {
        let mut head = [0; 4];
        self.0.read_exact(&mut head).ok()?;
        let mut body = vec![0; u32::from_be_bytes(head) as usize];
        self.0.read_exact(&mut body).ok()?;
        Some(serde_json::from_slice(&body).expect("JSON"))
    }

    /// The answer, after whatever says that it takes longer.
    pub(crate) fn ask(&mut self, message: &Value) -> Option<Value> {
        self.send(message);
        self.answer()
    }

    pub(crate) fn answer(&mut self) -> Option<Value> {
        loop {
            let told = self.hear()?;
            if told["working"].is_null() {
                return Some(told);
            }
        }
    }

    /// The code of the refusal that comes for this message.
    #[track_caller]
    pub(crate) fn refused(&mut self, message: &Value) -> String {
        let told = self.ask(message).expect("an answer");
        assert!(told["token"].is_null(), "{told}");
        told["error"]["code"].as_str().expect("a code").to_owned()
    }
}

/// A message behind its length.
pub(crate) fn framed(message: &Value) -> Vec<u8> {
    let body = message.to_string();
    let length = u32::try_from(body.len()).expect("short");
    [&length.to_be_bytes()[..], body.as_bytes()].concat()
}

/// A request for a token.
pub(crate) fn token_of(name: &str) -> Value {
    json!({"version": 1, "ask": "token", "name": name})
}
