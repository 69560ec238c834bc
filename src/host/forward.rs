//! The lines that forward the port of a sign-in from a person's own machine (conformance Z-02; DESIGN
//! section 5): loopback on both ends, one fixed port, never a wildcard.

use std::fmt;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::environment::Environment;
use crate::model::LoopbackHost;
use crate::vault::private_folder;

const SSH_PORT: u16 = 22;
/// More than this is no name of a machine.
const LONGEST: usize = 255;

/// How a person's own machine reaches this one: what was typed after `ssh`. This machine cannot know
/// it, so it is asked once and remembered. Nothing in it can be read as more than words of one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SshTarget {
    /// `-p` and `-J` with their words.
    options: Vec<String>,
    host: String,
}

impl SshTarget {
    /// Reads `ada@build`, `-p 2200 ada@build`, `-J jump build` or the same with `ssh` before it.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > LONGEST {
            return None;
        }
        let mut words = text.split_whitespace().peekable();
        words.next_if(|word| *word == "ssh");
        let (mut options, mut hosts) = (Vec::new(), Vec::new());
        while let Some(word) = words.next() {
            match word {
                "-p" => {
                    let port: u16 = words.next()?.parse().ok()?;
                    options.extend(["-p".to_owned(), port.to_string()]);
                }
                "-J" => {
                    let jump = words.next().filter(|jump| is_word(jump, "._-@:%,"))?;
                    options.extend(["-J".to_owned(), jump.to_owned()]);
                }
                host => hosts.push(host),
            }
        }
        match hosts.as_slice() {
            [host] if is_word(host, "._-@:%") => Some(Self {
                options,
                host: (*host).to_owned(),
            }),
            _ => None,
        }
    }

    fn names_a_port(&self) -> bool {
        self.options.iter().any(|word| word == "-p")
    }
}

impl fmt::Display for SshTarget {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for option in &self.options {
            write!(out, "{option} ")?;
        }
        out.write_str(&self.host)
    }
}

/// The same forward in three ways.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForwardLines {
    /// A second `ssh`, in another terminal of the person's own machine.
    pub command: String,
    /// What to type after `~C` in the `ssh` that runs already.
    pub escape: String,
    /// Through a connection that is shared (`ControlMaster`).
    pub control: String,
}

impl Environment {
    /// The lines for this port.
    pub fn forward_lines(
        &self,
        port: u16,
        host: LoopbackHost,
        target: Option<&SshTarget>,
    ) -> ForwardLines {
        let v4 = format!("127.0.0.1:{port}:127.0.0.1:{port}");
        let v6 = format!("[::1]:{port}:[::1]:{port}");
        // Quoted for shells, some of which read brackets as a pattern; `~C` is no shell.
        let quoted = format!("'{v6}'");
        let (shell, plain) = match host {
            LoopbackHost::V4 => (vec![&v4], vec![&v4]),
            LoopbackHost::V6 => (vec![&quoted], vec![&v6]),
            LoopbackHost::Localhost => (vec![&v4, &quoted], vec![&v4, &v6]),
        };
        let tunnels = |pairs: &[&String]| {
            let pairs: Vec<String> = pairs.iter().map(|pair| format!("-L {pair}")).collect();
            pairs.join(" ")
        };
        let reached = self.reached(target);
        ForwardLines {
            command: format!("ssh -N {} {reached}", tunnels(&shell)),
            escape: tunnels(&plain),
            control: format!("ssh -O forward {} {reached}", tunnels(&shell)),
        }
    }

    /// Port and name as far as they are known. A port that the person typed is the one that leads here
    /// from where they sit; this machine knows its own only.
    fn reached(&self, target: Option<&SshTarget>) -> String {
        let port = match &self.ssh {
            Some(ssh) if ssh.port != SSH_PORT && !target.is_some_and(SshTarget::names_a_port) => {
                format!("-p {} ", ssh.port)
            }
            _ => String::new(),
        };
        let user = self.ssh.as_ref().and_then(|ssh| ssh.user.as_deref());
        match (target, user) {
            (Some(target), _) => format!("{port}{target}"),
            (None, Some(user)) => format!("{port}{user}@HOST"),
            (None, None) => format!("{port}USER@HOST"),
        }
    }
}

/// The name that was filled in here before.
pub fn remembered_target(state: &Path) -> Option<SshTarget> {
    SshTarget::parse(&fs::read_to_string(note(state)).ok()?)
}

/// Remembers it for the next sign-in. It is no secret.
///
/// # Errors
/// The state folder cannot be written; the name then holds for this process.
pub fn remember_target(state: &Path, target: &SshTarget) -> io::Result<()> {
    private_folder(state).map_err(io::Error::other)?;
    let mut file = tempfile::NamedTempFile::new_in(state)?;
    writeln!(file, "{target}")?;
    file.persist(note(state)).map_err(|failed| failed.error)?;
    Ok(())
}

fn note(state: &Path) -> PathBuf {
    state.join("ssh-target")
}

/// Nothing that a shell would read as more than a word, or ssh as an option.
pub(super) fn is_word(text: &str, marks: &str) -> bool {
    !text.is_empty()
        && !text.starts_with('-')
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || marks.contains(c))
}

#[cfg(test)]
mod tests {
    use super::super::environment::Ssh;
    use super::*;

    fn here(port: u16) -> Environment {
        Environment {
            ssh: Some(Ssh {
                user: Some("ada".to_owned()),
                port,
            }),
            ..Environment::default()
        }
    }

    fn target(text: &str) -> Option<SshTarget> {
        SshTarget::parse(text)
    }

    #[test]
    fn z_02_the_forward_lines_bind_loopback_on_both_ends() {
        let build = target("ada@build.example");
        let lines = here(2222).forward_lines(41873, LoopbackHost::V4, build.as_ref());
        assert_eq!(
            lines.command,
            "ssh -N -L 127.0.0.1:41873:127.0.0.1:41873 -p 2222 ada@build.example"
        );
        assert_eq!(lines.escape, "-L 127.0.0.1:41873:127.0.0.1:41873");
        assert_eq!(
            lines.control,
            "ssh -O forward -L 127.0.0.1:41873:127.0.0.1:41873 -p 2222 ada@build.example"
        );
        let lines = here(22).forward_lines(41873, LoopbackHost::V6, None);
        assert_eq!(
            lines.command,
            "ssh -N -L '[::1]:41873:[::1]:41873' ada@HOST"
        );
        assert_eq!(lines.escape, "-L [::1]:41873:[::1]:41873");
        let lines = here(2222).forward_lines(41873, LoopbackHost::Localhost, None);
        assert_eq!(
            lines.command,
            "ssh -N -L 127.0.0.1:41873:127.0.0.1:41873 -L '[::1]:41873:[::1]:41873' -p 2222 ada@HOST"
        );
        assert_eq!(
            Environment::default()
                .forward_lines(1, LoopbackHost::V4, None)
                .command,
            "ssh -N -L 127.0.0.1:1:127.0.0.1:1 USER@HOST"
        );
    }

    #[test]
    fn z_02_what_was_typed_to_get_here_is_taken_as_it_was_typed() {
        for (typed, line) in [
            ("build", "-p 2222 build"),
            ("ssh ada@build", "-p 2222 ada@build"),
            ("-p 2200 ada@build", "-p 2200 ada@build"),
            ("ada@build -p 2200", "-p 2200 ada@build"),
            (
                "-J gate,ada@inner:22 build",
                "-p 2222 -J gate,ada@inner:22 build",
            ),
            ("ada@2001:db8::7%eth0", "-p 2222 ada@2001:db8::7%eth0"),
        ] {
            let target = target(typed).expect(typed);
            let lines = here(2222).forward_lines(1, LoopbackHost::V4, Some(&target));
            assert_eq!(
                lines.command,
                format!("ssh -N -L 127.0.0.1:1:127.0.0.1:1 {line}")
            );
        }
    }

    #[test]
    fn z_02_nothing_in_the_line_can_be_read_as_more_than_a_word() {
        for hostile in [
            "",
            "ssh",
            "$(id)",
            "-oProxyCommand=id",
            "-lroot x",
            "-p id build",
            "-p 99999 build",
            "-J -oProxyCommand=id build",
            "-J $(id) build",
            "a b",
            "a;id",
            "a'b",
            "h\u{1b}[2J",
            "h\u{202e}x",
            &"x".repeat(LONGEST + 1),
        ] {
            assert_eq!(target(hostile), None, "{hostile:?}");
        }
    }

    #[test]
    fn z_02_the_name_is_remembered() {
        let folder = tempfile::tempdir().expect("a folder");
        let state = folder.path().join("state");
        assert_eq!(remembered_target(&state), None);
        let build = target("-p 2200 ada@build").expect("a target");
        remember_target(&state, &build).expect("remembered");
        assert_eq!(remembered_target(&state), Some(build));
        fs::write(note(&state), "-oProxyCommand=id x").expect("written");
        assert_eq!(remembered_target(&state), None, "read as strictly as typed");
    }
}
