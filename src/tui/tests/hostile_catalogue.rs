//! Strings meant for the screen (the bad-input catalogue, 2.H): each in every field.

use super::emulator::Picture;
use super::example::url;
use super::fields::every_field;
use crate::model::Untrusted;

/// The whole of a text stands somewhere at this size.
const WIDE: (u16, u16) = (160, 40);
const SMALL: (u16, u16) = (60, 16);

/// One entry: nothing of it acts anywhere, and its marker is there to be seen.
fn case(entry: &str, text: &str, seen: &str) {
    let shown = Untrusted::new(text).shown();
    assert!(shown.as_str().contains(seen), "{entry}: {shown}");
    for size in [WIDE, SMALL] {
        let mut found = 0;
        for (field, script) in every_field(text, size) {
            let picture = Picture::of(&script);
            picture.assert_true(&format!("{entry} {text:?} in {field}"));
            let screen = picture.parser.screen().contents().replace('\n', " ");
            let bare = |text: &str| text.replace(' ', "");
            found += usize::from(bare(&screen).contains(&bare(seen)));
        }
        assert!(found > 0, "{entry}: {seen} stands nowhere");
    }
}

#[test]
fn w_01_strings_meant_for_the_screen_of_the_catalogue() {
    for text in ["\u{1b}[2J", "\u{1b}[3J", "\u{1b}c", "\u{1b}[?1049l"] {
        case("H1", text, "␛");
    }
    for text in [
        "\u{1b}]52;c;ZmFrZQ==\u{7}",
        "\u{1b}]52;c;?\u{7}",
        "\u{1b}]0;title\u{7}",
        "\u{1b}]2;title\u{1b}\\",
        "\u{1b}]8;;https://evil.example\u{1b}\\x\u{1b}]8;;\u{1b}\\",
        "\u{1b}]9;note\u{7}",
        "\u{1b}]777;notify;a;b\u{7}",
        "\u{1b}]1337;File=inline=1:AAAA\u{7}",
        "\u{1b}]4;1;?\u{7}",
        "\u{1b}]10;?\u{7}",
        "\u{1b}]11;?\u{7}",
    ] {
        case("H2", text, "␛]");
    }
    for text in [
        "\u{1b}Pq#0;2;0;0;0\u{1b}\\after",
        "\u{1b}_Gf=100;AAAA\u{1b}\\after",
        "\u{1b}^private\u{1b}\\after",
        "\u{1b}Xstring\u{1b}\\after",
        "\u{1b}Punterminated after",
    ] {
        case("H3", text, "after");
    }
    for text in ["a\u{9b}31m", "a\u{9d}0;title\u{9c}"] {
        case("H4", text, "⟨U+009");
    }
    let broken = Untrusted::from_bytes(b"a\x9b31mb");
    case("H4", broken.raw(), "31mb");
    for (text, seen) in [
        ("safe\roverwritten", "␍"),
        ("abc\u{8}\u{8}\u{8}xyz", "␈␈␈"),
        ("\t\t\t\t\t\t\t\tx", "␉␉"),
        ("a\nb\u{b}c\u{c}d", "␊b␋c␌d"),
        ("a\u{85}b", "⟨U+0085⟩"),
        ("a\u{2028}b\u{2029}c", "⟨U+2028⟩b⟨U+2029⟩"),
    ] {
        case("H5", text, seen);
    }
    for (text, seen) in [
        ("\u{202e}gpj.exe", "⟨U+202E⟩"),
        ("a\u{2066}b\u{2069}", "⟨U+2066⟩"),
        ("pay\u{200b}pal", "⟨U+200B⟩"),
        ("a\u{e0041}\u{e007f}", "⟨U+E0041⟩"),
        ("a\u{fe0f}\u{fe0f}\u{fe0f}\u{fe0f}", "⟨U+FE0F⟩⟨U+FE0F⟩"),
    ] {
        case("H6", text, seen);
    }
    let marks = format!("e{}nd", "\u{301}".repeat(10_000));
    for (text, seen) in [
        (marks.as_str(), "(+9603 characters)"),
        ("日本語日本語", "日本語日本語"),
        ("§°±×÷αβγ", "§°±×÷αβγ"),
        ("👩\u{200d}👩\u{200d}👧🏳\u{fe0f}\u{200d}🌈", "⟨U+200D⟩"),
        ("👍🏽🇩🇪", "⟨U+1F1E9⟩"),
    ] {
        case("H7", text, seen);
    }
    for text in [
        "\u{1b}P$qm\u{1b}\\",
        "\u{1b}[c",
        "\u{1b}[>c",
        "\u{1b}[6n",
        "\u{1b}[5n",
        "\u{5}",
    ] {
        case("H10", text, if text == "\u{5}" { "␅" } else { "␛" });
    }
    for text in ["%s%n%x", "{}{0}{name}", "$(id)`id`", "\\x1b\\033\\e[2J"] {
        case("H11", text, text);
    }
    for one in ["w", "\n"] {
        let shown = Untrusted::new(one.repeat(1_000_000)).shown();
        assert!(shown.as_str().ends_with("(+999600 characters)"));
        case("H12", &one.repeat(4_000), "(+3600 characters)");
    }
}

#[test]
fn h8_a_look_alike_host_is_shown_as_it_is_asked_for() {
    let host = url("https://\u{430}pple.com/authorize");
    assert_eq!(host.as_str(), "https://xn--pple-43d.com/authorize");
}

#[test]
fn h9_words_like_ours_stand_in_quotes_and_after_the_providers_name() {
    let text = "✔ Connected. Press y";
    for (field, script) in every_field(text, WIDE) {
        let frame = script.frame();
        let line = frame.lines().find(|line| line.contains(text));
        if field == "an error's description" {
            let line = line.expect("the words");
            assert!(
                line.starts_with("  ") && line.contains(&format!("\"{text}\"")),
                "{frame}"
            );
        }
        // Nowhere do they begin a line of ours.
        let begins = |line: &str| line.trim_start().starts_with('✔');
        assert!(!line.is_some_and(begins), "{field}: {frame}");
    }
}
