//! Data on stdout, everything else on stderr; JSON that no terminal can be hurt by.

use std::borrow::Cow;
use std::io::{self, IsTerminal, Write};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;
use serde_json::{Value, json};

use crate::advice::Advice;
use crate::host::{Clock as _, SystemClock};
use crate::model::UnixTime;

/// Writes a line of data. A closed pipe is an error the caller turns into an exit code, never a panic.
pub(super) fn data(line: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}

/// Writes a line for people; on a terminal prose breaks between words. What stands indented may be
/// copied, a command for instance, and is left as it is.
pub(super) fn note(line: &str) {
    write(line, |line| !line.starts_with(' '));
}

/// Writes a line of a list, which is indented and prose all the same.
pub(super) fn item(line: &str) {
    write(line, |_| true);
}

fn write(text: &str, is_prose: impl Fn(&str) -> bool) {
    let mut err = io::stderr().lock();
    let width = terminal_width(&err);
    let text = width.map_or(text.into(), |width| folded(text, width, is_prose));
    let _ = writeln!(err, "{text}");
}

fn terminal_width(of: &impl std::os::fd::AsFd) -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(of).ok()?;
    // Nobody tells the size of a serial line.
    (size.ws_col >= NARROW).then_some(usize::from(size.ws_col))
}

/// Below this, breaking lines helps nobody.
const NARROW: u16 = 30;

/// Broken between words, what follows standing below the first word. What one may copy stays whole.
fn folded(text: &str, width: usize, is_prose: impl Fn(&str) -> bool) -> Cow<'_, str> {
    if text.lines().all(|line| line.len() <= width) {
        return text.into();
    }
    let fold = |line: &str| {
        if !is_prose(line) {
            return line.to_owned();
        }
        let indent = &line[..line.len() - line.trim_start().len()];
        let options = textwrap::Options::new(width)
            .subsequent_indent(indent)
            .break_words(false)
            .word_separator(textwrap::WordSeparator::AsciiSpace)
            .word_splitter(textwrap::WordSplitter::NoHyphenation);
        textwrap::fill(line, options)
    };
    let lines: Vec<String> = text.lines().map(fold).collect();
    lines.join("\n").into()
}

/// Writes a question without a line break.
pub(super) fn ask(question: &str) {
    let mut err = io::stderr().lock();
    let _ = write!(err, "{question}");
    let _ = err.flush();
}

pub(super) fn stdout_is_terminal() -> bool {
    io::stdout().is_terminal()
}

pub(super) fn stderr_is_terminal() -> bool {
    io::stderr().is_terminal()
}

pub(super) fn stdin_is_terminal() -> bool {
    io::stdin().is_terminal()
}

/// A path as a terminal may see it: file names are outside text too.
pub(super) fn path(path: &std::path::Path) -> String {
    crate::model::Untrusted::new(path.to_string_lossy())
        .shown()
        .to_string()
}

/// Day and minute by the clock on the wall.
pub(super) fn local_time(at: UnixTime) -> String {
    let Ok(moment) = Timestamp::from_second(at.0) else {
        return at.rfc3339();
    };
    let moment = moment.to_zoned(TimeZone::system());
    let today = Timestamp::from_second(SystemClock.now().0)
        .is_ok_and(|now| now.to_zoned(TimeZone::system()).date() == moment.date());
    moment
        .strftime(if today { "%H:%M" } else { "%Y-%m-%d %H:%M" })
        .to_string()
}

/// Why a file cannot be read, after its name.
pub(super) fn unreadable(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        io::ErrorKind::PermissionDenied => "you may not read it".to_owned(),
        io::ErrorKind::IsADirectory => "it is a folder".to_owned(),
        other => format!("it cannot be read ({other})"),
    }
}

/// One JSON value on one line.
pub(super) fn json(value: &impl Serialize) -> io::Result<()> {
    let text = serde_json::to_string(value).map_err(io::Error::other)?;
    data(&escaped(&text))
}

/// The error object of a failing `--json` command (DESIGN section 7).
pub(super) fn json_error(advice: &Advice) -> Value {
    json!({
        "version": 1,
        "error": {
            "code": advice.code,
            "message": advice.sentence,
            "hint": advice.hint,
            "exit": advice.exit,
        }
    })
}

/// Escapes every character outside printable ASCII that a terminal or a reader could take for
/// something else: controls, direction marks, separators, invisible ones (conformance W-04).
fn escaped(json: &str) -> String {
    use std::fmt::Write as _;

    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        let shown = crate::model::Untrusted::new(c).shown();
        // The neutraliser leaves harmless characters as they are; all others get JSON's own escape.
        if shown.as_str().chars().eq([c]) {
            out.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_breaks_between_words_and_an_address_stays_whole() {
        let address = "https://provider.example/a/long-path?with=parameters";
        let text = format!("  open this now, please: {address} and come back");
        assert_eq!(
            folded(&text, 32, |_| true),
            format!("  open this now, please:\n  {address}\n  and come back")
        );
        assert_eq!(
            folded("  a  table   stays", 30, |_| true),
            "  a  table   stays"
        );
        let command = "run this:\n  ssh -N -L 127.0.0.1:1:127.0.0.1:1 ada@server";
        assert_eq!(folded(command, 30, |line| !line.starts_with(' ')), command);
    }

    #[test]
    fn w_04_json_escapes_what_a_terminal_would_obey() {
        let text = serde_json::to_string(&json!({"a": "x\u{9b}y\u{202e}\u{2028}\u{e0041}é"}))
            .expect("json");
        let safe = escaped(&text);
        assert_eq!(safe, r#"{"a":"x\u009by\u202e\u2028\udb40\udc41é"}"#);
        let back: Value = serde_json::from_str(&safe).expect("still JSON");
        assert_eq!(back["a"], "x\u{9b}y\u{202e}\u{2028}\u{e0041}é");
    }
}
