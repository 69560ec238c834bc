//! Every setting once: its name, what it takes, what outranks it, and how it is read. Feeds the reader and
//! `docs/SETTINGS.md`.

use super::read::Draft;
use super::{Clipboard, Links, keys, theme};
use crate::host::{FirstWay, SshTarget};
use crate::model::strict_toml::Fields;

/// One line of the table.
pub(super) struct Setting {
    pub(super) name: &'static str,
    /// What it takes, for people.
    pub(super) takes: &'static str,
    /// What holds without it.
    pub(super) default: &'static str,
    /// What is stronger, strongest first.
    pub(super) outranked_by: &'static str,
    pub(super) help: &'static str,
    /// Lines that set it.
    pub(super) example: &'static str,
    pub(super) read: fn(&Fields<'_>, &mut Draft),
}

#[rustfmt::skip] // one setting, a few lines: it is read as a table
pub(super) static SETTINGS: &[Setting] = &[
    Setting { name: "plain", takes: "`true`, `false`",
        default: "`false`",
        outranked_by: "`--plain`, `VALETKEY_PLAIN=1` or `=0`, `TERM=dumb`",
        help: "Everything line by line, nothing is redrawn: `valetkey` alone is a numbered list with a menu for each connection.",
        example: "plain = true",
        read: |fields, draft| draft.settings.plain = fields.flag("plain") },
    Setting { name: "ascii", takes: "`true`, `false`",
        default: "`true` where the locale is not UTF-8",
        outranked_by: "",
        help: "The table and its screens use ASCII alone.",
        example: "ascii = true",
        read: |fields, draft| draft.settings.ascii = fields.truth("ascii") },
    Setting { name: "mouse", takes: "`true`, `false`",
        default: "`true`; in GNU screen `false`, where a lone escape key would not arrive",
        outranked_by: "the key of the action `mouse`, GNU screen",
        help: "The table takes the mouse: click, wheel, headings. `false` leaves it to the terminal, to select text.",
        example: "mouse = false",
        read: |fields, draft| draft.settings.mouse = fields.truth("mouse").unwrap_or(true) },
    Setting { name: "theme", takes: "`\"default\"`, `\"monochrome\"`, `\"high-contrast\"`, the name of a file in `themes/`, or a table of colours (below)",
        default: "`\"default\"`: the terminal's own colours, readable on light and dark",
        outranked_by: "`NO_COLOR`",
        help: "How the table looks. `monochrome` sends no colour; `high-contrast` has no dim text.",
        example: "theme = \"high-contrast\"",
        read: theme::setting },
    Setting { name: "clipboard", takes: "`\"auto\"`, `\"terminal\"`, `\"native\"`, `\"off\"`",
        default: "`\"auto\"`: native at a desk that has a program for it, else the terminal",
        outranked_by: "",
        help: "Where copied addresses, codes and names go. `terminal` sends them to the terminal (OSC 52), which also works over SSH; \
               `native` gives them to wl-copy, xclip, xsel or pbcopy; `off` copies nothing. Tokens are never copied.",
        example: "clipboard = \"terminal\"",
        read: clipboard },
    Setting { name: "links", takes: "`\"auto\"`, `\"on\"`, `\"off\"`",
        default: "`\"auto\"`: where the terminal is known to take them",
        outranked_by: "`TERM=dumb`",
        help: "Addresses to open are links that the terminal itself opens (OSC 8). `on` if yours takes them and is not known to; \
               `off` sends none.",
        example: "links = \"on\"",
        read: links },
    Setting { name: "browser", takes: "a program, or several with `:` between them; no arguments",
        default: "the desktop's own browser",
        outranked_by: "`BROWSER`",
        help: "Opens the pages of a sign-in. It gets the address as its one argument, without a shell.",
        example: "browser = \"firefox\"",
        read: |fields, draft| draft.settings.browser = fields.parsed("browser", program) },
    Setting { name: "first_way", takes: "`\"auto\"`, `\"browser\"`, `\"device\"`, `\"forward\"`, `\"paste\"`",
        default: "`\"auto\"`: by the surroundings (`valetkey doctor` tells)",
        outranked_by: "`--device`, `--no-browser`, `--paste`",
        help: "The way of signing in that stands first; all that can work are still offered. A way that cannot work counts as `auto`.",
        example: "first_way = \"device\"",
        read: first_way },
    Setting { name: "agent", takes: "`true`, `false`",
        default: "`true`",
        outranked_by: "",
        help: "Commands and the table use a running agent. `false`: they open the vault themselves, even while an agent is locked; `agent start`, `vault lock` and `vault unlock` work as always.",
        example: "agent = false",
        read: |fields, draft| draft.settings.agent = fields.truth("agent").unwrap_or(true) },
    Setting { name: "ssh_host", takes: "`HOST` or `USER@HOST`",
        default: "`HOST`, to be filled in",
        outranked_by: "",
        help: "What you type after `ssh` to get to this machine; it completes the line that forwards a port.",
        example: "ssh_host = \"ada@build.example\"",
        read: |fields, draft| draft.settings.ssh_host = fields.parsed("ssh_host", ssh_host) },
    Setting { name: "keys", takes: "a table: the name of an action, and its keys",
        default: "the keys of [KEYS.md](KEYS.md)",
        outranked_by: "",
        help: "Keys of your own (below).",
        example: "[keys]\nrefresh = [\"f5\", \"r\"]",
        read: keys::setting },
];

fn clipboard(fields: &Fields<'_>, draft: &mut Draft) {
    let ways = [
        ("auto", Clipboard::Auto),
        ("terminal", Clipboard::Terminal),
        ("native", Clipboard::Native),
        ("off", Clipboard::Off),
    ];
    let way = fields.parsed("clipboard", |text| one_of(text, &ways));
    draft.settings.clipboard = way.unwrap_or_default();
}

fn links(fields: &Fields<'_>, draft: &mut Draft) {
    let ways = [
        ("auto", Links::Auto),
        ("on", Links::On),
        ("off", Links::Off),
    ];
    let way = fields.parsed("links", |text| one_of(text, &ways));
    draft.settings.links = way.unwrap_or_default();
}

fn first_way(fields: &Fields<'_>, draft: &mut Draft) {
    let ways = [
        ("auto", None),
        ("browser", Some(FirstWay::Browser)),
        ("device", Some(FirstWay::Device)),
        ("forward", Some(FirstWay::Forward)),
        ("paste", Some(FirstWay::Paste)),
    ];
    let way = fields.parsed("first_way", |text| one_of(text, &ways));
    draft.settings.first_way = way.flatten();
}

pub(super) fn one_of<T: Copy>(text: &str, known: &[(&str, T)]) -> Result<T, String> {
    let found = known.iter().find(|(word, _)| *word == text);
    found.map(|(_, value)| *value).ok_or_else(|| {
        let words: Vec<&str> = known.iter().map(|(word, _)| *word).collect();
        format!("use one of {}", words.join(", "))
    })
}

fn program(text: &str) -> Result<String, &'static str> {
    match text.trim() {
        "" => Err("it is empty"),
        program if program.split(':').any(|name| name.starts_with('-')) => {
            Err("a program is needed, not an option")
        }
        program => Ok(program.to_owned()),
    }
}

fn ssh_host(text: &str) -> Result<String, &'static str> {
    if SshTarget::parse(text).is_some() {
        Ok(text.to_owned())
    } else {
        Err("use HOST or USER@HOST, of letters, digits and ._-@:%")
    }
}
