//! Part 2.F of the conformance table, as far as it concerns preset files: what each entry's input leads to.

use crate::model::ProviderKind;

use super::file;

const GOOD: &str = r#"
[[preset]]
id = "acme"
name = "Acme"
hint = "ask the platform team"
issuer = "https://id.acme.example"
default_scopes = ["read"]
manage_url = "https://acme.example/apps"
client = { ways = ["browser"], secret = "optional", client_id = "acme-cli" }
redirect = { fixed_port = true, path = "/callback" }
test = { url = "https://api.acme.example/me", headers = { X-V = "1" }, account_id = "/id" }
revoke = { way = "request", url = "https://id.acme.example/end", method = "post", auth = "none", body = { t = "{token}" } }
scope = [{ name = "read", help = "Read." }]
step = [{ action = "open", value = "https://acme.example/" }]
[preset.endpoints]
authorization = "https://id.acme.example/authorize"
token = "https://id.acme.example/token"
[preset.extra]
authorize = { prompt = "consent" }
headers = { X-V = "1" }
"#;

/// Entry, what stands in the good file, what takes its place, the line of the message and a part of it.
type Case = (
    &'static str,
    &'static str,
    &'static str,
    usize,
    &'static str,
);

const CASES: [Case; 49] = [
    (
        "F1 empty name",
        "\"Acme\"",
        "\" \"",
        4,
        "a name is one line",
    ),
    (
        "F1 control character",
        "\"Acme\"",
        "\"A\\u001b[2Jx\"",
        4,
        "a name is one line",
    ),
    (
        "F1 id as a path",
        "\"acme\"",
        "\"../x\"",
        3,
        "lower-case letters",
    ),
    (
        "F1 id in capitals",
        "\"acme\"",
        "\"Acme\"",
        3,
        "lower-case letters",
    ),
    (
        "F2 space",
        "id.acme.example\"\ndefault",
        "id acme.example\"\ndefault",
        6,
        "issuer",
    ),
    (
        "F2 no scheme",
        "issuer = \"https://",
        "issuer = \"",
        6,
        "issuer",
    ),
    (
        "F2 query",
        "id.acme.example\"\ndefault",
        "id.acme.example?a=b\"\ndefault",
        6,
        "issuer",
    ),
    (
        "F2 fragment",
        "id.acme.example\"\ndefault",
        "id.acme.example#a\"\ndefault",
        6,
        "issuer",
    ),
    (
        "F2 port",
        "id.acme.example/token",
        "id.acme.example:70000/token",
        17,
        "token",
    ),
    (
        "F5 secret in the file",
        "client_id = \"acme-cli\"",
        "client_secret = \"hunter2\"",
        9,
        "the vault",
    ),
    (
        "F5 secret in an address",
        "https://id.acme.example/token",
        "https://u:p@id.acme.example/token",
        17,
        "token",
    ),
    (
        "F5 secret as a parameter",
        "prompt =",
        "client_secret =",
        19,
        "`client_secret`",
    ),
    ("F6 state", "prompt =", "state =", 19, "`state`"),
    ("F6 STATE", "prompt =", "STATE =", 19, "`state`"),
    ("F6 %73tate", "prompt =", "\"%73tate\" =", 19, "`state`"),
    (
        "F6 a protocol header",
        "headers = { X-V = \"1\" }\n",
        "headers = { Authorization = \"x\" }\n",
        20,
        "header",
    ),
    (
        "F7 another machine",
        "path = \"/callback\"",
        "host = \"0.0.0.0\"",
        10,
        "unknown variant",
    ),
    (
        "F7 fragment",
        "\"/callback\"",
        "\"/callback#a\"",
        10,
        "redirect path",
    ),
    (
        "F7 wildcard host",
        "path = \"/callback\"",
        "host = \"*\"",
        10,
        "unknown variant",
    ),
    (
        "F7 no path",
        "\"/callback\"",
        "\"callback\"",
        10,
        "redirect path",
    ),
    (
        "F8 a port of one's own",
        "fixed_port = true",
        "fixed_port = 80",
        10,
        "boolean",
    ),
    (
        "F9 quote in a scope",
        "[\"read\"]",
        "[\"re\\\"ad\"]",
        7,
        "scope",
    ),
    (
        "F2 a host by another name",
        "id.acme.example\"\ndefault",
        "%69d.acme.example\"\ndefault",
        6,
        "as it is asked for",
    ),
    (
        "F9 comma in a scope",
        "[\"read\"]",
        "[\"read,write\"]",
        7,
        "not commas",
    ),
    (
        "F19 a token as another parameter",
        "/me\"",
        "/me?key=ghp_hunter2\"",
        11,
        "`key`",
    ),
    (
        "F9 newline in a scope",
        "[\"read\"]",
        "[\"read\\nwrite\"]",
        7,
        "scope",
    ),
    (
        "F9 quote in an explained scope",
        "{ name = \"read\"",
        "{ name = \"re\\\\ad\"",
        13,
        "scope",
    ),
    ("F10 unknown key", "hint =", "hnt =", 5, "hnt"),
    ("F10 unknown key inside", "ways =", "wys =", 9, "wys"),
    ("F10 wrong type", "\"Acme\"", "7", 4, "invalid type"),
    ("F10 syntax", "[[preset]]", "[[preset", 2, ""),
    ("F10 the same key twice", "hint =", "name =", 5, "duplicate"),
    ("F10 NUL", "\"Acme\"", "\"A\u{0}\"", 4, ""),
    (
        "F10 unknown quirk",
        "hint =",
        "quirks = [\"magic\"]\nhint =",
        5,
        "quirk",
    ),
    (
        "F10 a missing part",
        "hint = \"ask the platform team\"\n",
        "",
        2,
        "hint",
    ),
    (
        "F14 a command",
        "hint =",
        "exec = \"rm\"\nhint =",
        5,
        "exec",
    ),
    (
        "F14 an include",
        "hint =",
        "include = \"other.toml\"\nhint =",
        5,
        "include",
    ),
    (
        "F14 a blank of the environment",
        "id.acme.example/token",
        "id.acme.example/{HOME}",
        17,
        "must enclose",
    ),
    (
        "F14 an unknown blank",
        "id.acme.example/token",
        "id.acme.example/{home}",
        17,
        "`home`",
    ),
    (
        "F14 an unknown blank in a body",
        "{token}",
        "{passphrase}",
        12,
        "{passphrase}",
    ),
    (
        "F14 an unknown blank in a step",
        "acme.example/\" }]",
        "acme.example/{home}\" }]",
        14,
        "`home`",
    ),
    (
        "F19 token in the query",
        "/me\"",
        "/me?access_token=x\"",
        11,
        "`access_token`",
    ),
    (
        "F19 http",
        "https://api.acme",
        "http://api.acme",
        11,
        "test",
    ),
    (
        "F19 a header that acts for another",
        "X-V = \"1\" }, account",
        "Cookie = \"x\" }, account",
        11,
        "header",
    ),
    ("F19 no pointer", "\"/id\"", "\"id\"", 11, "JSON pointer"),
    (
        "D15 no way to revoke like it",
        "\"request\"",
        "\"get\"",
        12,
        "variant",
    ),
    (
        "D15 a method that reads",
        "method = \"post\"",
        "method = \"get\"",
        12,
        "variant",
    ),
    (
        "D10 http",
        "https://id.acme.example/end",
        "http://id.acme.example/end",
        12,
        "revoke",
    ),
    (
        "D13 no address",
        "url = \"https://id.acme.example/end\", ",
        "",
        12,
        "url",
    ),
];

#[test]
fn f1_f2_f5_f6_f7_f8_f9_f10_f14_f19_what_is_wrong_with_a_preset_file_is_told_with_its_place() {
    file::read("acme.toml", GOOD, ProviderKind::Custom).expect("good");
    for (entry, from, to, line, words) in CASES {
        assert_eq!(GOOD.matches(from).count(), 1, "{entry}: {from} stands once");
        let text = GOOD.replacen(from, to, 1);
        let error = file::read("acme.toml", &text, ProviderKind::Custom).expect_err(entry);
        assert_eq!(
            (error.file.as_str(), error.line),
            ("acme.toml", line),
            "{entry}: {error}"
        );
        assert!(error.problem.contains(words), "{entry}: {error}");
        // The message holds nothing that was in the file as a secret.
        assert!(!error.to_string().contains("hunter2"), "{entry}");
    }
}

#[test]
fn part_2f_f9_scopes_that_stand_twice_count_once() {
    let text = GOOD.replacen("[\"read\"]", "[\"read\", \"read\", \"write\"]", 1);
    let read = file::read("x", &text, ProviderKind::Custom).expect("good");
    assert_eq!(read[0].0.default_scopes().len(), 2);
}

#[test]
fn part_2f_f10_line_ends_of_another_system_are_read() {
    let text = GOOD.replace('\n', "\r\n");
    file::read("x", &text, ProviderKind::Custom).expect("good");
    let broken = text.replacen("hint =", "hnt =", 1);
    let error = file::read("x", &broken, ProviderKind::Custom).expect_err("unknown");
    assert_eq!((error.line, error.column), (5, 1));
    let marked = format!("\u{feff}{GOOD}");
    file::read("x", &marked, ProviderKind::Custom).expect("a byte order mark");
}

#[test]
fn part_2f_f10_f15_there_is_a_limit() {
    let large = format!("{GOOD}#{}", "x".repeat(1 << 20));
    let error = file::read("x", &large, ProviderKind::Custom).expect_err("large");
    assert!(error.problem.contains("1 MiB"), "{error}");
    let small = "[[preset]]\nid = \"a\"\nname = \"A\"\nhint = \"h\"\nrefused = \"No.\"\nclient = { secret = \"never\" }\n";
    let many = |count: usize| small.repeat(count);
    assert_eq!(
        file::read("x", &many(500), ProviderKind::Custom)
            .expect("read")
            .len(),
        500
    );
    let error = file::read("x", &many(501), ProviderKind::Custom).expect_err("many");
    assert!(error.problem.contains("more than 500"), "{error}");
    let deep = format!("x = {}{}", "[".repeat(10_000), "]".repeat(10_000));
    file::read("x", &deep, ProviderKind::Custom).expect_err("deep");
}
