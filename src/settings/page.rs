//! The page `docs/SETTINGS.md`, written from the tables.

use std::fmt::Write as _;

use super::table::SETTINGS;
use super::theme::NAMES;
use super::{FILE, Role};

/// What has its place elsewhere, though people look for it here.
const NETWORK: &str = "\n## The way to the network\n\n\
    Not in this file, because it belongs to one connection or to the whole machine.\n\n\
    - An authority of your own, beside the ones that this machine trusts: `valetkey add … --ca-file FILE` or `valetkey \
    edit NAME ca-file=FILE`, or the field \"CA file\" of the wizard (under more) and of `e`, for that connection \
    alone. FILE is the authority's certificate in PEM form; a server's own certificate, a key and a damaged file are \
    refused by name. `ca-file=` takes it away. For all connections there is the system's own store of trusted \
    certificates. Nothing switches the check of certificates off.\n\
    - A proxy: `HTTPS_PROXY`, else `ALL_PROXY`, in either spelling, as `http://HOST:PORT`, `https://…` or \
    `socks5h://…`, with `USER:PASSWORD@` before the host where it wants one; `NO_PROXY` names what goes straight, and \
    this machine always does. A value that is no proxy stops every request. `valetkey show NAME` tells which one is in \
    use, never its password.\n";

/// The whole text of `docs/SETTINGS.md`.
pub fn settings_page() -> String {
    let mut page = format!(
        "# Settings\n\n\
         This page is written from the table of settings (`src/settings/table.rs`); a test fails when it is stale.\n\n\
         Settings stand in `{FILE}` of the configuration folder; `valetkey paths` prints where that is. The file \
         need not exist, and the program never writes it. It holds no secret, so it can be shared with other \
         machines; the folder may be a link.\n\n\
         What is stronger: a flag, then the environment, then `{FILE}`, then the default. The file is read at \
         the start of a command and of the table. When it, a theme or a preset in `providers/` is changed while \
         the table is open, that is told, and `ctrl-r` reads them again: look, keys, mouse, clipboard and presets \
         hold at once, the rest from the next start. With a mistake in them the old ones go on holding. \
         Connections keep the addresses that they were made with, whatever becomes of a preset's file.\n\n\
         A wrong value is told with its line and column and keeps its default, the rest of the file holds; a file \
         that is no TOML, larger than 1 MiB, or that other users can change, is not used at all. An unknown name \
         is told and passed over. Nothing in the file stops a command, and `token` and its kind do not even \
         mention it: `valetkey doctor` lists everything. Values are taken as they are written: no variable is \
         expanded, nothing is included or run.\n\n"
    );
    for setting in SETTINGS {
        let _ = write!(
            page,
            "## {}\n\n{}\n\n```toml\n{}\n```\n\n| | |\n|---|---|\n| takes | {} |\n| default | {} |\n",
            setting.name, setting.help, setting.example, setting.takes, setting.default
        );
        if !setting.outranked_by.is_empty() {
            let _ = writeln!(page, "| outranked by | {} |", setting.outranked_by);
        }
        page.push('\n');
    }
    page.push_str(KEYS);
    themes(&mut page);
    page.push_str(NETWORK);
    page
}

const KEYS: &str = "\
## Your own keys

The table `[keys]` gives an action the keys that you list, in the place of its own and wherever the action works. The
names of the actions stand in [KEYS.md](KEYS.md); the footer, the help and the palette show what holds.

```toml
[keys]
refresh = [\"f5\", \"r\"]   # the first one stands in the footer
up = [\"up\", \"w\"]
lock = []                 # no key; the palette still does it
```

A key is one character (`r`, `R`, `?`), or `space`, `enter`, `esc`, `tab`, `shift-tab`, `up`, `down`, `left`, `right`,
`page-up`, `page-down`, `home`, `end`, `backspace`, `del`, `f1` to `f12`, or `ctrl-` and a letter. `ctrl-i` and
`ctrl-m` are tab and enter to every terminal, and `alt` is not used.

- A key has one meaning in one place. Where two actions would have it, your line is refused with both places, and the
  action keeps its own keys. Two actions may change places.
- While a field has the focus, letters and signs are text whatever they mean elsewhere, and the field's own keys
  (`ctrl-a`, `ctrl-e`, `ctrl-u`, `ctrl-w`, arrows) are the field's. An action that works there needs a key that is no
  text.
- `pick-by-number`, `choose`, `go-on` and `leave-at-once` keep their keys; `answer-a-program` takes no letter, so that
  nothing typed opens a question.

";

fn themes(page: &mut String) {
    page.push_str(
        "## Your own theme\n\n\
         A table of colours by role, as `[theme]`, or as a file `themes/NAME.toml` of the configuration folder with \
         the same lines at its top and `theme = \"NAME\"` in the settings. `base` is the ground: `default`, \
         `monochrome` or `high-contrast`; a role without a colour looks as there. Bold, underline and reverse stay, \
         so that nothing rests on colour alone, and `NO_COLOR` takes every colour away.\n\n\
         ```toml\n[theme]\nbase = \"default\"\ngood = \"blue\"\nkey = \"#a0c4ff\"\n```\n\n\
         A colour is `terminal` (what the terminal writes in), one of its 16, or `#rrggbb`. The 16 are ",
    );
    let names: Vec<String> = NAMES.iter().map(|name| format!("`{name}`")).collect();
    let _ = write!(
        page,
        "{}.\n\n| role | what it colours |\n|---|---|\n",
        names.join(", ")
    );
    for (_, name, what) in Role::ALL {
        let _ = writeln!(page, "| `{name}` | {what} |");
    }
}
