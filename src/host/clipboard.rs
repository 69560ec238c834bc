//! Text for the terminal's own clipboard (OSC 52), which also works at the far end of an SSH
//! session, or for the desktop's, by one of its programs. Only ever written, never asked for
//! (conformance W-08).

use std::ffi::OsStr;
use std::io::{self, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::browser::ends_well;
use super::process::prepare_for_children;

/// A program that has not ended by then serves the text.
const PATIENCE: Duration = Duration::from_secs(3);

/// Longest base64 text that common terminals take (the limit of xterm-like parsers is 100,000
/// bytes for a whole sequence; `base64(74,994 bytes)` just fits).
const LONGEST: usize = 74_994;

/// A program between this one and the terminal that keeps sequences to itself unless they come in its
/// envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Multiplexer {
    None,
    Tmux,
    Screen,
}

/// The bytes that ask the terminal to put `text` on the clipboard; an empty text clears it.
/// `None` when the text is longer than terminals take. tmux and screen need their own envelope.
pub fn osc52(text: &str, inside: Multiplexer) -> Option<Vec<u8>> {
    if text.len() > LONGEST {
        return None;
    }
    let encoded = STANDARD.encode(text);
    let sequence = format!("\x1b]52;c;{encoded}\x1b\\");
    let wrapped = match inside {
        Multiplexer::Tmux => in_tmux(&sequence),
        Multiplexer::Screen => in_screen(&encoded),
        Multiplexer::None => sequence,
    };
    Some(wrapped.into_bytes())
}

/// tmux takes the sequence itself where `set-clipboard` is on or external (the default takes it from
/// programs only when on), and passes a wrapped one through where `allow-passthrough` is on. Which of them
/// is on nobody can ask without waiting for an answer, so both are sent; the text is the same.
fn in_tmux(sequence: &str) -> String {
    let doubled = sequence.replace('\x1b', "\x1b\x1b");
    format!("{sequence}\x1bPtmux;{doubled}\x1b\\")
}

/// GNU screen cuts a device control string at 768 bytes, so the text goes in pieces; a string
/// terminator inside would end the envelope, hence BEL ends the OSC.
fn in_screen(encoded: &str) -> String {
    const PIECE: usize = 700;
    let whole = format!("\x1b]52;c;{encoded}\x07");
    let mut out = String::with_capacity(whole.len() + whole.len() / PIECE * 4 + 8);
    let mut rest = whole.as_str();
    while !rest.is_empty() {
        // Everything in it is ASCII, so any cut is a character boundary.
        let (piece, tail) = rest.split_at(rest.len().min(PIECE));
        out.push_str("\x1bP");
        out.push_str(piece);
        out.push_str("\x1b\\");
        rest = tail;
    }
    out
}

/// A program that takes a text on its standard input and puts it on the desktop's clipboard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NativeClipboard {
    program: PathBuf,
    arguments: &'static [&'static str],
}

/// Programs, what shows that theirs is the desktop here, and their arguments; best first.
const PROGRAMS: &[(&str, Option<&str>, &[&str])] = &[
    ("wl-copy", Some("WAYLAND_DISPLAY"), &[]),
    ("xclip", Some("DISPLAY"), &["-selection", "clipboard"]),
    ("xsel", Some("DISPLAY"), &["--clipboard", "--input"]),
    ("clip.exe", Some("WSL_DISTRO_NAME"), &[]),
    ("pbcopy", None, &[]),
];

impl NativeClipboard {
    /// The first program that is here and has its desktop.
    pub fn find() -> Option<Self> {
        Self::among(|name| std::env::var_os(name).filter(|value| !value.is_empty()))
    }

    fn among(variable: impl Fn(&str) -> Option<std::ffi::OsString>) -> Option<Self> {
        let folders = variable("PATH")?;
        let mut here = PROGRAMS.iter().filter(|(_, desktop, _)| match desktop {
            Some(desktop) => variable(desktop).is_some(),
            None => cfg!(target_os = "macos"),
        });
        here.find_map(|(name, _, arguments)| {
            Some(Self {
                program: in_folders(&folders, name)?,
                arguments,
            })
        })
    }

    /// Gives it the text. Takes a moment: call it off the drawing thread.
    ///
    /// # Errors
    /// When the program cannot be started, or says that it failed.
    pub fn copy(&self, text: &str) -> io::Result<()> {
        prepare_for_children();
        let mut child = Command::new(&self.program)
            .args(self.arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // Some stay to serve the text: the terminal's interrupt key must not end them.
            .process_group(0)
            .spawn()?;
        if let Some(mut input) = child.stdin.take() {
            input.write_all(text.as_bytes())?;
        }
        if ends_well(child, Instant::now() + PATIENCE)? {
            Ok(())
        } else {
            Err(io::Error::other("the program failed"))
        }
    }
}

fn in_folders(folders: &OsStr, name: &str) -> Option<PathBuf> {
    std::env::split_paths(folders)
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(name))
        .find(|program| program.is_file())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    /// A folder with a program of this name that keeps what it is given.
    fn program(name: &str, ends_with: u8) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().expect("a folder");
        let kept = folder.path().join("kept");
        let script = format!(
            "#!/bin/sh\nprintf '%s|' \"$@\" > '{kept}'\ncat >> '{kept}'\nexit {ends_with}\n",
            kept = kept.display()
        );
        let file = folder.path().join(name);
        fs::write(&file, script).expect("written");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o700)).expect("mode");
        (folder, kept)
    }

    fn found(folder: &std::path::Path, desktop: &str) -> Option<NativeClipboard> {
        NativeClipboard::among(|name| match name {
            "PATH" => Some(folder.as_os_str().to_owned()),
            name => (name == desktop).then(|| "1".into()),
        })
    }

    #[test]
    fn w_08_the_desktops_program_gets_the_text_and_nothing_else() {
        let (folder, kept) = program("xclip", 0);
        assert_eq!(found(folder.path(), "WAYLAND_DISPLAY"), None);
        let clipboard = found(folder.path(), "DISPLAY").expect("found");
        clipboard
            .copy("https://a.example/?x='$(id)'")
            .expect("copied");
        let kept = fs::read_to_string(kept).expect("kept");
        assert_eq!(kept, "-selection|clipboard|https://a.example/?x='$(id)'");
    }

    #[test]
    fn w_08_a_program_that_fails_is_a_failure() {
        let (folder, _) = program("wl-copy", 1);
        let clipboard = found(folder.path(), "WAYLAND_DISPLAY").expect("found");
        assert!(clipboard.copy("x").is_err());
    }

    #[test]
    fn w_08_a_plain_terminal_gets_one_write_and_never_a_query() {
        let bytes = osc52("https://a.example/", Multiplexer::None).expect("short");
        assert_eq!(bytes, b"\x1b]52;c;aHR0cHM6Ly9hLmV4YW1wbGUv\x1b\\");
        assert!(!bytes.contains(&b'?'));
    }

    #[test]
    fn w_08_tmux_and_screen_get_their_envelope() {
        let tmux = osc52("a", Multiplexer::Tmux).expect("short");
        let whole = b"\x1b]52;c;YQ==\x1b\\\x1bPtmux;\x1b\x1b]52;c;YQ==\x1b\x1b\\\x1b\\";
        assert_eq!(tmux, whole);
        let screen = osc52(&"a".repeat(900), Multiplexer::Screen).expect("short");
        let text = String::from_utf8(screen).expect("ascii");
        assert_eq!(text.matches("\x1bP").count(), 2);
        let joined = text.replace("\x1bP", "").replace("\x1b\\", "");
        assert!(joined.starts_with("\x1b]52;c;") && joined.ends_with('\x07'));
    }

    #[test]
    fn w_08_an_overlong_text_is_refused_and_an_empty_one_clears() {
        assert!(osc52(&"x".repeat(LONGEST), Multiplexer::None).is_some());
        assert!(osc52(&"x".repeat(LONGEST + 1), Multiplexer::None).is_none());
        assert_eq!(
            osc52("", Multiplexer::None).expect("short"),
            b"\x1b]52;c;\x1b\\"
        );
    }
}
