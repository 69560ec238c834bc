//! Text for the terminal's own clipboard (OSC 52), which also works at the far end of an SSH
//! session. Only ever written, never asked for (conformance W-08).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

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

#[cfg(test)]
mod tests {
    use super::*;

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
