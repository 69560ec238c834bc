//! Every kind of terminal is usable, or refused in words (FT-29): one table, the real programs.

use crate::home::{Home, sandbox};
use crate::term::{ENTER, ESC, Term};

const VALETKEY: &str = env!("CARGO_BIN_EXE_valetkey");

/// What a person gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Gets {
    /// A screen: keys that are pressed, and what then stands there.
    Screen,
    /// Lines, and no control sequence.
    Lines,
    /// A sentence with what works instead, and no control sequence.
    Refusal,
}

struct Case {
    name: &'static str,
    variables: &'static [(&'static str, &'static str)],
    /// A line for the shell, where `valetkey` is the program.
    line: &'static str,
    gets: Gets,
}

const CASES: [Case; 13] = [
    Case {
        name: "a usual one",
        variables: &[],
        line: "exec valetkey",
        gets: Gets::Screen,
    },
    Case {
        name: "one that nobody knows",
        variables: &[("TERM", "no-such-terminal")],
        line: "exec valetkey",
        gets: Gets::Screen,
    },
    Case {
        name: "one that does not say what it is",
        variables: &[],
        line: "unset TERM; exec valetkey",
        gets: Gets::Screen,
    },
    Case {
        name: "no colour",
        variables: &[("NO_COLOR", "1")],
        line: "exec valetkey",
        gets: Gets::Screen,
    },
    Case {
        name: "no UTF-8",
        variables: &[("LANG", "C")],
        line: "exec valetkey",
        gets: Gets::Screen,
    },
    Case {
        name: "tmux",
        variables: &[],
        line: "TMUX_TMPDIR=$HOME exec tmux -u -f /dev/null new-session valetkey",
        gets: Gets::Screen,
    },
    Case {
        name: "tmux without UTF-8",
        variables: &[("LANG", "C")],
        line: "TMUX_TMPDIR=$HOME exec tmux -f /dev/null new-session valetkey",
        gets: Gets::Screen,
    },
    Case {
        name: "screen",
        variables: &[],
        // Lost with its terminal, it ends instead of waiting for another one.
        line: "mkdir -m 700 $HOME/.screen; echo autodetach off > $HOME/.screenrc; \
               SCREENDIR=$HOME/.screen exec screen -U -c $HOME/.screenrc valetkey",
        gets: Gets::Screen,
    },
    Case {
        name: "mosh",
        variables: &[("MOSH_SERVER_NETWORK_TMOUT", "60")],
        line: "set -- $(mosh-server new -i 127.0.0.1 -- valetkey 2>/dev/null </dev/null | grep CONNECT); \
               MOSH_KEY=$4 exec mosh-client 127.0.0.1 $3",
        gets: Gets::Screen,
    },
    Case {
        name: "a dumb one",
        variables: &[("TERM", "dumb")],
        line: "exec valetkey",
        gets: Gets::Lines,
    },
    Case {
        name: "a screen reader's wish",
        variables: &[("VALETKEY_PLAIN", "1")],
        line: "exec valetkey",
        gets: Gets::Lines,
    },
    Case {
        name: "output into a pipe",
        variables: &[],
        line: "valetkey | cat",
        gets: Gets::Refusal,
    },
    Case {
        name: "input from a pipe",
        variables: &[],
        line: "echo q | valetkey",
        gets: Gets::Refusal,
    },
];

impl Case {
    fn start(&self, home: Home) -> (Home, Term) {
        let folder = std::path::Path::new(VALETKEY).parent().expect("a folder");
        let path = format!("{}:/usr/bin:/bin", folder.display());
        let home = self.variables.iter().fold(
            home.set("PATH", &path).set("SHELL", "/bin/sh"),
            |home, (name, value)| home.set(name, value),
        );
        let term = Term::start(home.any("/bin/sh", &["-c", self.line]), (80, 24));
        (home, term)
    }

    fn go_through(&self, term: &mut Term) {
        let shown = |term: &mut Term, words: &str| {
            let what = format!("{words} in {}", self.name);
            term.until(&what, |term| term.shows(words));
        };
        match self.gets {
            Gets::Screen => {
                shown(term, "2 connections");
                for (keys, shows) in [
                    ("?", "Keys: Connections"),
                    (ESC, "2 connections"),
                    (ENTER, "Redirect URL"),
                    (ESC, "2 connections"),
                    ("/no", "1 of 2 matches"),
                    (ESC, "other"),
                ] {
                    term.press(keys);
                    shown(term, shows);
                }
                term.resize((60, 20));
                shown(term, "! needs sign-in");
                term.press("q");
            }
            Gets::Lines => {
                shown(term, "1 notes");
                term.press(&format!("1{ENTER}"));
                shown(term, "sign in");
                term.press("\x04");
                term.press("\x04");
            }
            Gets::Refusal => shown(term, "the table cannot be drawn"),
        }
        term.end();
        let bare = !term.written().contains('\x1b');
        assert_eq!(bare, self.gets != Gets::Screen, "{}", self.name);
    }
}

#[test]
fn ft_29_every_kind_of_terminal_is_usable_or_refused_in_words() {
    let sandbox = sandbox();
    for case in CASES {
        let home = Home::new();
        home.add(&sandbox, "notes");
        home.add(&sandbox, "other");
        let (_home, mut term) = case.start(home);
        case.go_through(&mut term);
    }
}
