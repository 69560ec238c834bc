//! Replaces what differs from run to run by something as wide.

/// The same screen with fixed ports, times and codes.
pub(super) fn steady(screen: &str) -> String {
    let lines: Vec<String> = screen.lines().map(line).collect();
    lines.join("\n")
}

fn line(text: &str) -> String {
    let mut out = text.to_owned();
    for host in ["127.0.0.1:", "localhost:", "…:", "...:"] {
        out = after(&out, host, digits, |n, _| n == 5, "41873");
    }
    // The start page's own code, and a device's.
    out = after(&out, "/go/", letters, |n, _| n == 10, "k3v9a0b1c2");
    out = drawn_code(&out);
    out = after(
        &out,
        " in ",
        digits,
        |n, rest| n > 0 && rest.starts_with(" ms"),
        "18",
    );
    // A time of another day has its date; in brackets it is left out.
    let out = shaped(&out, "(dddd-dd-dd dd:dd)", "(14:02)");
    clocks(&shaped(&out, "dddd-dd-dd", "2026-01-02"))
}

/// Replaces what `measure` finds after each `mark`, where its length and what follows it fit.
fn after(
    text: &str,
    mark: &str,
    measure: impl Fn(&str) -> usize,
    fits: impl Fn(usize, &str) -> bool,
    instead: &str,
) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(mark) {
        let (head, tail) = rest.split_at(at + mark.len());
        out.push_str(head);
        rest = tail;
        let length = measure(rest);
        if fits(length, &rest[length..]) {
            out.push_str(instead);
            rest = &rest[length..];
        }
    }
    out + rest
}

fn digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

fn letters(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_alphanumeric).count()
}

/// `WDJB-MJHT`, as a device's code is drawn.
fn drawn_code(text: &str) -> String {
    match text.split_once("type   ") {
        Some((head, code)) if code.len() == 9 => format!("{head}type   WDJB-MJHT"),
        _ => text.to_owned(),
    }
}

/// Hours and minutes, and times that are counted. The blanks after one keep what follows in place.
fn clocks(text: &str) -> String {
    let text = shaped(text, "dd:dd", "14:02");
    let text = shaped(&text, " d:dd", " 0:42");
    text.replace("gives up in 14:02", "gives up in 9:18")
        .replace("gives up in 0:42", "gives up in 9:18")
        .replace("ends in 14:02", "ends in 9:18")
        .replace("ends in 0:42", "ends in 9:18")
}

/// Replaces each place where the text has this shape (`d` is a digit) and no digit on either side.
fn shaped(text: &str, shape: &str, instead: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = String::new();
    let mut at = 0;
    while at < bytes.len() {
        let end = at + shape.len();
        let fits = bytes.get(at..end).is_some_and(|part| {
            part.iter().zip(shape.bytes()).all(|(byte, wanted)| {
                if wanted == b'd' {
                    byte.is_ascii_digit()
                } else {
                    *byte == wanted
                }
            })
        });
        let alone = |at: Option<&u8>| at.is_none_or(|byte| !byte.is_ascii_digit() && *byte != b':');
        let before = at.checked_sub(1).and_then(|before| bytes.get(before));
        if fits && alone(before) && alone(bytes.get(end)) {
            out.push_str(instead);
            at = end;
        } else {
            let next = text[at..].chars().next().map_or(1, char::len_utf8);
            out.push_str(&text[at..at + next]);
            at += next;
        }
    }
    out
}

#[test]
fn steady_replaces_what_differs_and_nothing_else() {
    let kept = " NAME  2 of 7  127.0.0.1  http://127.0.0.1/callback  8765  v1:2";
    assert_eq!(steady(kept), kept);
    for (screen, still) in [
        ("a 127.0.0.1:60001 b", "a 127.0.0.1:41873 b"),
        ("200 from x in 7 ms", "200 from x in 18 ms"),
        (
            "approval 0:03   gives up in 10:00",
            "approval 0:42   gives up in 9:18",
        ),
        ("  2026-11-23 09:01 tested", "  2026-01-02 14:02 tested"),
        (
            "http://127.0.0.1:4/go/abcdefghij",
            "http://127.0.0.1:4/go/k3v9a0b1c2",
        ),
        ("  type   ABCD-EFGH", "  type   WDJB-MJHT"),
    ] {
        assert_eq!(steady(screen), still);
    }
}
