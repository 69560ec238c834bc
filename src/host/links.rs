//! Which terminals are known to take addresses as links (OSC 8). Nothing is asked of the terminal: an
//! answer that comes late would be typed into somebody's shell.

use super::environment::Environment;

/// What `TERM` begins with in terminals that take links; it comes along over SSH.
const TERMS: [&str; 8] = [
    "alacritty",
    "contour",
    "foot",
    "mintty",
    "rio",
    "wezterm",
    "xterm-ghostty",
    "xterm-kitty",
];

/// The same of `TERM_PROGRAM`, which a terminal sets for the programs on its own machine.
const PROGRAMS: [&str; 7] = [
    "WezTerm",
    "ghostty",
    "iTerm.app",
    "mintty",
    "rio",
    "vscode",
    "zed",
];

/// VTE 0.50.0 ended with a fault at the first link.
const VTE: u32 = 5001;
const KONSOLE: u32 = 20_12_00;
/// tmux hands links on, to terminals that it knows to take them, from this version on.
const TMUX: (u32, u32) = (3, 4);

/// Whether the person's terminal is known to take links. `variable` reads the environment.
pub fn takes_links(environment: &Environment, variable: &dyn Fn(&str) -> Option<String>) -> bool {
    let value = |name: &str| variable(name).unwrap_or_default();
    let number = |name: &str| value(name).parse::<u32>().unwrap_or_default();
    let term = value("TERM");
    if !can_take_links(&term) {
        return false;
    }
    // The variables below are those of the terminal in which the multiplexer was started.
    if environment.tmux {
        let version = value("TERM_PROGRAM_VERSION");
        return value("TERM_PROGRAM") == "tmux" && tmux_version(&version) >= Some(TMUX);
    }
    if environment.screen || environment.mosh {
        return false;
    }
    TERMS.iter().any(|known| term.starts_with(known))
        || PROGRAMS.contains(&value("TERM_PROGRAM").as_str())
        || value("LC_TERMINAL") == "iTerm2"
        || number("VTE_VERSION") >= VTE
        || number("KONSOLE_VERSION") >= KONSOLE
        || !value("WT_SESSION").is_empty()
}

/// Whether a terminal of this kind (`TERM`) can take any control sequence at all.
pub fn can_take_links(term: &str) -> bool {
    !matches!(term, "" | "dumb" | "unknown")
}

/// `3.4`, `3.3a`, `next-3.5`.
fn tmux_version(text: &str) -> Option<(u32, u32)> {
    let text = text.strip_prefix("next-").unwrap_or(text);
    let (major, minor) = text.split_once('.')?;
    let minor = minor.trim_end_matches(|c: char| !c.is_ascii_digit());
    Some((major.parse().ok()?, minor.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn takes(variables: &[(&str, &str)]) -> bool {
        let environment = Environment {
            tmux: variables.iter().any(|(name, _)| *name == "TMUX"),
            screen: variables.iter().any(|(name, _)| *name == "STY"),
            mosh: variables.iter().any(|(name, _)| *name == "MOSH"),
            ..Environment::default()
        };
        takes_links(&environment, &|name| {
            let found = variables.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn only_terminals_that_are_known_to_take_links_get_them() {
        const XTERM: (&str, &str) = ("TERM", "xterm-256color");
        const VTE_NEW: (&str, &str) = ("VTE_VERSION", "7006");
        const TMUX_PROGRAM: (&str, &str) = ("TERM_PROGRAM", "tmux");
        const IN_TMUX: (&str, &str) = ("TMUX", "/tmp/tmux-1/x,1,0");
        let version = |text| ("TERM_PROGRAM_VERSION", text);
        let term = |text| ("TERM", text);
        let cases: [(&[(&str, &str)], bool); 24] = [
            (&[], false),
            (&[XTERM], false),
            (&[term("dumb"), VTE_NEW], false),
            (&[VTE_NEW], false),
            (&[XTERM, VTE_NEW], true),
            (&[XTERM, ("VTE_VERSION", "5001")], true),
            (&[XTERM, ("VTE_VERSION", "5000")], false),
            (&[XTERM, ("VTE_VERSION", "new")], false),
            (&[XTERM, ("KONSOLE_VERSION", "230804")], true),
            (&[XTERM, ("KONSOLE_VERSION", "200400")], false),
            (&[XTERM, ("TERM_PROGRAM", "vscode")], true),
            (&[XTERM, ("TERM_PROGRAM", "Apple_Terminal")], false),
            (&[XTERM, ("LC_TERMINAL", "iTerm2")], true),
            (&[XTERM, ("WT_SESSION", "a-number")], true),
            (&[term("xterm-kitty")], true),
            (&[term("foot-extra")], true),
            (&[term("screen-256color"), IN_TMUX, VTE_NEW], false),
            (
                &[
                    term("tmux"),
                    IN_TMUX,
                    TMUX_PROGRAM,
                    version("3.3a"),
                    VTE_NEW,
                ],
                false,
            ),
            (&[term("tmux"), IN_TMUX, TMUX_PROGRAM, version("3.4")], true),
            (
                &[term("tmux"), IN_TMUX, TMUX_PROGRAM, version("next-3.6")],
                true,
            ),
            (
                &[term("tmux"), IN_TMUX, TMUX_PROGRAM, version("master")],
                false,
            ),
            (
                &[term("dumb"), IN_TMUX, TMUX_PROGRAM, version("3.4")],
                false,
            ),
            (&[term("screen"), ("STY", "1.pts"), VTE_NEW], false),
            (&[term("xterm-kitty"), ("MOSH", "1")], false),
        ];
        for (variables, taken) in cases {
            assert_eq!(takes(variables), taken, "{variables:?}");
        }
    }
}
