//! Facts about where the program runs, and which way of signing in they suggest (conformance
//! Z-01; DESIGN section 5).

use std::collections::BTreeSet;
use std::path::Path;

use super::clipboard::Multiplexer;
use super::forward::is_word;
use super::others;

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
    /// The line goes through mosh, which forwards no ports and has no `~C`.
    pub mosh: bool,
    /// Behind `sudo`.
    pub sudo: bool,
    /// The far half of an editor runs here: VS Code, Codespaces. It forwards ports by itself.
    pub remote_editor: bool,
    /// Other people with a session here: the loopback address is theirs too (conformance Z-07).
    pub others: BTreeSet<String>,
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

/// Where facts come from.
pub struct Sources<'a> {
    pub variable: &'a dyn Fn(&str) -> Option<String>,
    pub exists: &'a dyn Fn(&str) -> bool,
    /// Names of the processes above this one.
    pub ancestors: &'a dyn Fn() -> Vec<String>,
    /// Login names with a session here.
    pub logged_in: &'a dyn Fn() -> BTreeSet<String>,
}

/// The way to show first; all that can work are offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FirstWay {
    Browser,
    Device,
    Forward,
    Paste,
}

/// The way to show first and why, as a token for the phrase book: `settings`, `others`, `ssh`, `editor`,
/// `container`, `no_display`, `wsl`, `browser_variable` or `desk`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Suggestion {
    pub way: FirstWay,
    pub reason: &'static str,
}

const SSH_PORT: u16 = 22;

impl Environment {
    /// Reads this process's environment.
    pub fn detect() -> Self {
        Self::read(&Sources {
            variable: &|name| std::env::var(name).ok(),
            exists: &|path| Path::new(path).exists(),
            ancestors: &others::ancestors,
            logged_in: &others::logged_in,
        })
    }

    /// The same from any sources.
    pub fn read(from: &Sources<'_>) -> Self {
        let variable = from.variable;
        let set = |name: &str| variable(name).is_some_and(|value| !value.is_empty());
        let any = |names: &[&str]| names.iter().any(|name| set(name));
        let sudo = set("SUDO_USER");
        let said = any(&["SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY"]);
        // sudo and old multiplexer windows lose the variables; whoever has none of this needs no look.
        let above = if said || sudo || any(&["TMUX", "STY"]) {
            (from.ancestors)()
        } else {
            Vec::new()
        };
        let comes_from = |names: &[&str]| above.iter().any(|name| names.contains(&name.as_str()));
        let mosh = comes_from(&["mosh-server"]);
        let remote = said || mosh || comes_from(&["sshd", "sshd-session", "dropbear"]);
        // With sudo the other name is the one that a person typed to get here.
        let user = ["SUDO_USER", "USER", "LOGNAME"]
            .into_iter()
            .find_map(|name| variable(name).filter(|user| !user.is_empty()));
        let ssh = remote.then(|| Ssh {
            user: user.clone().filter(|user| is_login_name(user)),
            port: variable("SSH_CONNECTION")
                .and_then(|facts| facts.split(' ').nth(3)?.parse().ok())
                .unwrap_or(SSH_PORT),
        });
        let wsl = set("WSL_DISTRO_NAME") || (from.exists)("/proc/sys/fs/binfmt_misc/WSLInterop");
        let container = any(&["container", "KUBERNETES_SERVICE_HOST", "REMOTE_CONTAINERS"])
            || (from.exists)("/.dockerenv")
            || (from.exists)("/run/.containerenv");
        let window = if cfg!(target_os = "macos") {
            // `open` over SSH would open a page on a desk where nobody may sit.
            ssh.is_none()
        } else {
            any(&["DISPLAY", "WAYLAND_DISPLAY"])
        };
        let mut others = BTreeSet::new();
        if let (Some(_), Some(me)) = (&ssh, &user) {
            // Root reads everything here anyway.
            others = (from.logged_in)();
            others.retain(|name| name != me && name != "root");
        }
        Self {
            display: window || wsl,
            browser_variable: set("BROWSER"),
            container,
            wsl,
            tmux: set("TMUX"),
            screen: set("STY"),
            mosh,
            sudo,
            remote_editor: any(&["VSCODE_IPC_HOOK_CLI", "CODESPACES", "REMOTE_CONTAINERS"]),
            others,
            ssh,
            wishes: Wishes::default(),
        }
    }

    /// What stands between this program and the person's terminal. The inner one is not told apart
    /// from the outer one; tmux in screen is the rarer way round.
    pub fn multiplexer(&self) -> Multiplexer {
        match (self.tmux, self.screen) {
            (true, _) => Multiplexer::Tmux,
            (false, true) => Multiplexer::Screen,
            (false, false) => Multiplexer::None,
        }
    }

    /// The likeliest way to work here. `device`: the provider offers device codes.
    pub fn first_way(&self, device: bool) -> Suggestion {
        let elsewhere = |reason| Suggestion {
            way: if device {
                FirstWay::Device
            } else if self.ssh.is_some() && self.others.is_empty() {
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
        } else if !self.others.is_empty() {
            elsewhere("others")
        } else if self.ssh.is_some() {
            // A forwarded display is not enough: few remote machines have a browser on it.
            elsewhere("ssh")
        } else if self.wsl {
            here("wsl")
        } else if self.display {
            here("desk")
        } else if self.remote_editor {
            elsewhere("editor")
        } else if self.container {
            elsewhere("container")
        } else {
            elsewhere("no_display")
        }
    }
}

fn is_login_name(text: &str) -> bool {
    is_word(text, "._-")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One row of the matrix: variables, files, processes above, others logged in.
    #[derive(Default)]
    struct Place<'a> {
        variables: &'a [(&'a str, &'a str)],
        files: &'a [&'a str],
        above: &'a [&'a str],
        logged_in: &'a [&'a str],
    }

    impl Place<'_> {
        fn read(&self) -> Environment {
            let names = |list: &[&str]| list.iter().map(ToString::to_string).collect::<Vec<_>>();
            Environment::read(&Sources {
                variable: &|name| {
                    let found = self.variables.iter().find(|(key, _)| *key == name);
                    found.map(|(_, value)| (*value).to_owned())
                },
                exists: &|path| self.files.contains(&path),
                ancestors: &|| names(self.above),
                logged_in: &|| names(self.logged_in).into_iter().collect(),
            })
        }
    }

    fn read(variables: &[(&str, &str)], files: &[&str]) -> Environment {
        let place = Place {
            variables,
            files,
            ..Place::default()
        };
        place.read()
    }

    const CONNECTION: (&str, &str) = ("SSH_CONNECTION", "203.0.113.9 50000 198.51.100.7 2222");
    const USER: (&str, &str) = ("USER", "ada");
    const TMUX: (&str, &str) = ("TMUX", "/tmp/tmux-1/x,1,0");
    const BROWSER: (&str, &str) = ("BROWSER", "/x/code-helper");
    const SUDO: (&str, &str) = ("SUDO_USER", "ada");

    /// A place, and what comes first there with and without device codes, and why.
    type Case<'a> = (Place<'a>, FirstWay, FirstWay, &'a str);

    fn place<'a>(variables: &'a [(&'a str, &'a str)], above: &'a [&'a str]) -> Place<'a> {
        Place {
            variables,
            above,
            ..Place::default()
        }
    }

    #[test]
    fn z_01_z_07_each_surrounding_suggests_its_likeliest_way_and_says_why() {
        use FirstWay::{Browser, Device, Forward, Paste};

        if cfg!(target_os = "macos") {
            return; // a Mac always has a desk
        }
        let files = |files| Place {
            files,
            ..Place::default()
        };
        let shared = |logged_in| Place {
            variables: &[CONNECTION, USER],
            logged_in,
            ..Place::default()
        };
        let cases: [Case<'_>; 24] = [
            (place(&[CONNECTION], &[]), Device, Forward, "ssh"),
            (
                place(&[CONNECTION, ("DISPLAY", ":10")], &[]),
                Device,
                Forward,
                "ssh",
            ),
            (
                place(&[("SSH_TTY", "/dev/pts/1")], &[]),
                Device,
                Forward,
                "ssh",
            ),
            (
                place(&[CONNECTION, TMUX], &["tmux: server"]),
                Device,
                Forward,
                "ssh",
            ),
            (
                place(&[TMUX], &["sh", "tmux: server", "sshd", "sshd"]),
                Device,
                Forward,
                "ssh",
            ),
            (
                place(&[("STY", "1.a")], &["screen", "sshd-session"]),
                Device,
                Forward,
                "ssh",
            ),
            (
                place(&[CONNECTION], &["sh", "mosh-server"]),
                Device,
                Forward,
                "ssh",
            ),
            (
                place(&[SUDO], &["sudo", "sh", "sshd"]),
                Device,
                Forward,
                "ssh",
            ),
            (
                place(&[SUDO, ("DISPLAY", ":0")], &["sudo", "sh", "xterm"]),
                Browser,
                Browser,
                "desk",
            ),
            (
                place(&[("WAYLAND_DISPLAY", "w"), TMUX], &["tmux: server"]),
                Browser,
                Browser,
                "desk",
            ),
            (
                place(&[("DISPLAY", ":0")], &["sshd"]),
                Browser,
                Browser,
                "desk",
            ),
            (
                place(&[CONNECTION, BROWSER], &[]),
                Browser,
                Browser,
                "browser_variable",
            ),
            (
                place(&[("container", "podman"), BROWSER], &[]),
                Browser,
                Browser,
                "browser_variable",
            ),
            (
                place(&[("CODESPACES", "true"), BROWSER], &[]),
                Browser,
                Browser,
                "browser_variable",
            ),
            (
                place(&[("CODESPACES", "true")], &[]),
                Device,
                Paste,
                "editor",
            ),
            (
                place(&[("VSCODE_IPC_HOOK_CLI", "/x")], &[]),
                Device,
                Paste,
                "editor",
            ),
            (
                place(&[("WSL_DISTRO_NAME", "Debian")], &[]),
                Browser,
                Browser,
                "wsl",
            ),
            (
                files(&["/proc/sys/fs/binfmt_misc/WSLInterop"]),
                Browser,
                Browser,
                "wsl",
            ),
            (files(&["/.dockerenv"]), Device, Paste, "container"),
            (
                place(&[("KUBERNETES_SERVICE_HOST", "10.0.0.1")], &[]),
                Device,
                Paste,
                "container",
            ),
            (place(&[("DISPLAY", "")], &[]), Device, Paste, "no_display"),
            (shared(&["ada", "root"]), Device, Forward, "ssh"),
            (shared(&["ada", "bob"]), Device, Paste, "others"),
            (Place::default(), Device, Paste, "no_display"),
        ];
        for (place, device, none, reason) in cases {
            let found = place.read();
            let told = format!("{:?} {:?} {:?}", place.variables, place.files, place.above);
            for (offered, way) in [(true, device), (false, none)] {
                let suggestion = Suggestion { way, reason };
                assert_eq!(found.first_way(offered), suggestion, "{told}");
            }
        }
    }

    #[test]
    fn z_01_sudo_and_mosh_are_seen_and_the_name_is_the_one_that_was_typed() {
        let sudo = place(&[SUDO, ("USER", "root")], &["sudo", "bash", "sshd"]).read();
        assert!(sudo.sudo && !sudo.mosh);
        assert_eq!(sudo.ssh.expect("over SSH").user.as_deref(), Some("ada"));
        assert!(place(&[CONNECTION], &["sh", "mosh-server"]).read().mosh);
    }

    #[test]
    fn z_01_a_desk_has_a_browser_even_inside_tmux() {
        let desk = read(&[("WAYLAND_DISPLAY", "wayland-0"), TMUX], &[]);
        assert!(desk.tmux && !desk.screen);
        assert_eq!(desk.first_way(true).way, FirstWay::Browser);
        assert_eq!(desk.first_way(true).reason, "desk");
    }

    #[test]
    fn z_01_a_way_that_was_wished_for_comes_first_where_it_can_work() {
        use FirstWay::{Browser, Device, Forward, Paste};

        let over_ssh = read(&[CONNECTION, USER], &[]);
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
    fn z_02_a_hostile_environment_names_nobody() {
        let hostile = read(
            &[("SSH_CONNECTION", "a b c 22;id"), ("USER", "ada$(id)")],
            &[],
        );
        let ssh = hostile.ssh.expect("over SSH");
        assert_eq!((ssh.user, ssh.port), (None, SSH_PORT));
    }
}
