//! Facts about where the program runs, and which way of signing in they suggest (conformance
//! Z-01, Z-02; DESIGN section 5).

use std::path::Path;

use crate::model::LoopbackHost;

/// What is known about this session.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Environment {
    pub ssh: Option<Ssh>,
    /// A browser window could appear here.
    pub display: bool,
    /// `BROWSER` is set: somebody prepared a way, perhaps one that reaches the laptop.
    pub browser_variable: bool,
    pub container: bool,
    pub wsl: bool,
    pub tmux: bool,
    pub screen: bool,
    pub wishes: Wishes,
}

/// What the person's settings say about it.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Wishes {
    /// A browser was named there.
    pub browser: bool,
    /// This way first, where it can work.
    pub first_way: Option<FirstWay>,
    /// The `HOST` or `USER@HOST` that leads here from the person's own machine.
    pub ssh_host: Option<String>,
}

/// This session came over SSH.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ssh {
    /// The login name here, when known.
    pub user: Option<String>,
    /// The port of this machine's SSH server.
    pub port: u16,
}

/// The way to show first; all that can work are offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FirstWay {
    Browser,
    Device,
    Forward,
    Paste,
}

/// The way to show first and why, as a token for the phrase book: `settings`, `ssh`, `container`,
/// `no_display`, `wsl`, `browser_variable` or `desk`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Suggestion {
    pub way: FirstWay,
    pub reason: &'static str,
}

const SSH_PORT: u16 = 22;

impl Environment {
    /// Reads this process's environment.
    pub fn detect() -> Self {
        Self::read(
            |name| std::env::var(name).ok(),
            |path| Path::new(path).exists(),
        )
    }

    /// The same from any source of variables and files.
    pub fn read(variable: impl Fn(&str) -> Option<String>, exists: impl Fn(&str) -> bool) -> Self {
        let set = |name: &str| variable(name).is_some_and(|value| !value.is_empty());
        let remote = ["SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY"]
            .into_iter()
            .any(set);
        let ssh = remote.then(|| Ssh {
            user: variable("USER")
                .or_else(|| variable("LOGNAME"))
                .filter(|user| is_login_name(user)),
            port: variable("SSH_CONNECTION")
                .and_then(|facts| facts.split(' ').nth(3)?.parse().ok())
                .unwrap_or(SSH_PORT),
        });
        let wsl = set("WSL_DISTRO_NAME") || exists("/proc/sys/fs/binfmt_misc/WSLInterop");
        let container = ["container", "KUBERNETES_SERVICE_HOST", "REMOTE_CONTAINERS"]
            .into_iter()
            .any(set)
            || exists("/.dockerenv")
            || exists("/run/.containerenv");
        let window = if cfg!(target_os = "macos") {
            // `open` over SSH would open a page on a desk where nobody may sit.
            ssh.is_none()
        } else {
            set("DISPLAY") || set("WAYLAND_DISPLAY")
        };
        Self {
            display: window || wsl,
            browser_variable: set("BROWSER"),
            container,
            wsl,
            tmux: set("TMUX"),
            screen: set("STY"),
            ssh,
            wishes: Wishes::default(),
        }
    }

    /// The likeliest way to work here. `device`: the provider offers device codes.
    pub fn first_way(&self, device: bool) -> Suggestion {
        let elsewhere = |reason| Suggestion {
            way: if device {
                FirstWay::Device
            } else if self.ssh.is_some() {
                FirstWay::Forward
            } else {
                FirstWay::Paste
            },
            reason,
        };
        let here = |reason| Suggestion {
            way: FirstWay::Browser,
            reason,
        };
        match self.wishes.first_way {
            Some(FirstWay::Device) if !device => {}
            Some(FirstWay::Forward) if self.ssh.is_none() => {}
            Some(way) => {
                return Suggestion {
                    way,
                    reason: "settings",
                };
            }
            None => {}
        }
        if self.browser_variable || self.wishes.browser {
            here("browser_variable")
        } else if self.ssh.is_some() {
            // A forwarded display is not enough: few remote machines have a browser on it.
            elsewhere("ssh")
        } else if self.wsl {
            here("wsl")
        } else if self.display {
            here("desk")
        } else if self.container {
            elsewhere("container")
        } else {
            elsewhere("no_display")
        }
    }

    /// The line to run on the laptop: loopback on both ends, one fixed port, never a wildcard
    /// (Z-02). The `user@host` that the person typed to get here is nothing this machine can know: it
    /// stands in the settings, or HOST is written.
    pub fn forward_command(&self, port: u16, host: LoopbackHost) -> String {
        let target = self.wishes.ssh_host.as_deref();
        let v4 = format!("-L 127.0.0.1:{port}:127.0.0.1:{port}");
        // Quoted, because some shells read brackets as a pattern.
        let v6 = format!("-L '[::1]:{port}:[::1]:{port}'");
        let tunnels = match host {
            LoopbackHost::V4 => v4,
            LoopbackHost::V6 => v6,
            LoopbackHost::Localhost => format!("{v4} {v6}"),
        };
        let ssh_port = match &self.ssh {
            Some(ssh) if ssh.port != SSH_PORT => format!("-p {} ", ssh.port),
            _ => String::new(),
        };
        let target = target.filter(|text| is_ssh_target(text));
        let user = self.ssh.as_ref().and_then(|ssh| ssh.user.as_deref());
        let target = match (target, user) {
            (Some(target), _) => target.to_owned(),
            (None, Some(user)) => format!("{user}@HOST"),
            (None, None) => "USER@HOST".to_owned(),
        };
        format!("ssh -N {tunnels} {ssh_port}{target}")
    }
}

fn is_login_name(text: &str) -> bool {
    is_word(text, "._-")
}

/// Whether ssh takes it as a `HOST` or `USER@HOST`, and a shell as one word.
pub fn is_ssh_target(text: &str) -> bool {
    is_word(text, "._-@:%")
}

/// Nothing that a shell would read as more than a word, or ssh as an option.
fn is_word(text: &str, marks: &str) -> bool {
    !text.is_empty()
        && !text.starts_with('-')
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || marks.contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)], files: &[&str]) -> Environment {
        Environment::read(
            |name| {
                let found = variables.iter().find(|(key, _)| *key == name);
                found.map(|(_, value)| (*value).to_owned())
            },
            |path| files.contains(&path),
        )
    }

    const OVER_SSH: [(&str, &str); 2] = [
        ("SSH_CONNECTION", "203.0.113.9 50000 198.51.100.7 2222"),
        ("USER", "ada"),
    ];

    #[test]
    fn z_01_each_surrounding_suggests_its_likeliest_way_and_says_why() {
        use FirstWay::{Browser, Device, Forward, Paste};

        type Case<'a> = (
            &'a [(&'a str, &'a str)],
            &'a [&'a str],
            bool,
            FirstWay,
            &'a str,
        );
        let cases: [Case<'_>; 12] = [
            (&[OVER_SSH[0]], &[], true, Device, "ssh"),
            (&[OVER_SSH[0]], &[], false, Forward, "ssh"),
            (&[OVER_SSH[0], ("DISPLAY", ":10")], &[], true, Device, "ssh"),
            (&[("SSH_TTY", "/dev/pts/1")], &[], false, Forward, "ssh"),
            (
                &[OVER_SSH[0], ("BROWSER", "/x/code-helper")],
                &[],
                true,
                Browser,
                "browser_variable",
            ),
            (&[("WSL_DISTRO_NAME", "Debian")], &[], true, Browser, "wsl"),
            (
                &[],
                &["/proc/sys/fs/binfmt_misc/WSLInterop"],
                false,
                Browser,
                "wsl",
            ),
            (&[], &["/.dockerenv"], true, Device, "container"),
            (
                &[("KUBERNETES_SERVICE_HOST", "10.0.0.1")],
                &[],
                false,
                Paste,
                "container",
            ),
            (&[("DISPLAY", "")], &[], true, Device, "no_display"),
            (&[], &[], false, Paste, "no_display"),
            (
                &[("container", "podman"), ("BROWSER", "w3m")],
                &[],
                false,
                Browser,
                "browser_variable",
            ),
        ];
        if cfg!(target_os = "macos") {
            return; // a Mac always has a desk
        }
        for (variables, files, device, way, reason) in cases {
            let suggestion = read(variables, files).first_way(device);
            assert_eq!(
                suggestion,
                Suggestion { way, reason },
                "{variables:?} {files:?}"
            );
        }
    }

    #[test]
    fn z_01_a_desk_has_a_browser_even_inside_tmux() {
        let desk = read(
            &[
                ("WAYLAND_DISPLAY", "wayland-0"),
                ("TMUX", "/tmp/tmux-1/x,1,0"),
            ],
            &[],
        );
        assert!(desk.tmux && !desk.screen);
        assert_eq!(desk.first_way(true).way, FirstWay::Browser);
        assert_eq!(desk.first_way(true).reason, "desk");
    }

    #[test]
    fn z_01_a_way_that_was_wished_for_comes_first_where_it_can_work() {
        use FirstWay::{Browser, Device, Forward, Paste};

        let over_ssh = read(&OVER_SSH, &[]);
        let desk = read(&[("DISPLAY", ":0")], &[]);
        for (environment, wish, device, way, reason) in [
            (&over_ssh, Browser, true, Browser, "settings"),
            (&over_ssh, Paste, true, Paste, "settings"),
            (&over_ssh, Forward, true, Forward, "settings"),
            (&over_ssh, Device, false, Forward, "ssh"),
            (&desk, Device, true, Device, "settings"),
            (&desk, Paste, false, Paste, "settings"),
        ] {
            let mut environment = environment.clone();
            environment.wishes.first_way = Some(wish);
            let suggestion = environment.first_way(device);
            assert_eq!(suggestion, Suggestion { way, reason }, "{wish:?}");
        }
        if cfg!(target_os = "macos") {
            return; // a Mac always has a desk
        }
        let mut desk = desk.clone();
        desk.wishes.first_way = Some(Forward);
        assert_eq!(
            desk.first_way(true).reason,
            "desk",
            "there is nothing to forward"
        );
        let mut remote = over_ssh.clone();
        remote.wishes.browser = true;
        assert_eq!(remote.first_way(true).way, Browser);
    }

    #[test]
    fn z_02_the_forward_line_binds_loopback_on_both_ends() {
        let here = read(&OVER_SSH, &[]);
        let line = |host, target: Option<&str>| {
            let mut here = here.clone();
            here.wishes.ssh_host = target.map(str::to_owned);
            here.forward_command(41873, host)
        };
        assert_eq!(
            line(LoopbackHost::V4, Some("ada@build.example")),
            "ssh -N -L 127.0.0.1:41873:127.0.0.1:41873 -p 2222 ada@build.example"
        );
        assert_eq!(
            line(LoopbackHost::V6, None),
            "ssh -N -L '[::1]:41873:[::1]:41873' -p 2222 ada@HOST"
        );
        assert_eq!(
            line(LoopbackHost::Localhost, None),
            "ssh -N -L 127.0.0.1:41873:127.0.0.1:41873 -L '[::1]:41873:[::1]:41873' -p 2222 ada@HOST"
        );
        let desk = read(&[], &[]);
        assert_eq!(
            desk.forward_command(1, LoopbackHost::V4),
            "ssh -N -L 127.0.0.1:1:127.0.0.1:1 USER@HOST"
        );
    }

    #[test]
    fn z_02_nothing_in_the_line_can_be_read_as_more_than_a_word() {
        let hostile = read(
            &[("SSH_CONNECTION", "a b c 22;id"), ("USER", "ada$(id)")],
            &[],
        );
        for target in [
            "$(id)",
            "-oProxyCommand=id",
            "-lroot",
            "a b",
            "a;id",
            "",
            "a'b",
            "h\u{1b}[2J",
        ] {
            let mut hostile = hostile.clone();
            hostile.wishes.ssh_host = Some(target.to_owned());
            assert_eq!(
                hostile.forward_command(1, LoopbackHost::V4),
                "ssh -N -L 127.0.0.1:1:127.0.0.1:1 USER@HOST",
                "{target:?}"
            );
        }
    }
}
