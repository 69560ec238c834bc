//! The bad inputs of the conformance catalogue, part 2.F, as far as they concern `config.toml`.

use super::table::SETTINGS;
use super::{
    Base, Clipboard, Colour, FILE, Found, Links, Role, Settings, Theme, load, read, settings_page,
    wants_agent,
};
use crate::actions::{Action, Key, Keymap, Place};
use crate::host::{FirstWay, TextFileError};

fn of(text: &str) -> Found {
    read(text, &|_| Err(TextFileError::NotThere))
}

/// Everything told, problems first.
fn told(text: &str) -> Vec<String> {
    let found = of(text);
    let all = found.problems.iter().chain(&found.warnings);
    all.map(super::Told::shown).collect()
}

#[test]
fn every_setting_is_read_and_does_not_stand_in_the_way_of_the_others() {
    let all: Vec<&str> = SETTINGS.iter().map(|setting| setting.example).collect();
    let found = of(&all.join("\n"));
    let mut keys = Keymap::default();
    let wish = vec![Key::F(5), Key::Char('r')];
    keys.set(Action::Refresh, wish).expect("fits");
    assert_eq!(
        found,
        Found {
            settings: Settings {
                plain: true,
                ascii: Some(true),
                mouse: false,
                theme: Theme::of(Base::HighContrast),
                clipboard: Clipboard::Terminal,
                links: Links::On,
                browser: Some("firefox".to_owned()),
                first_way: Some(FirstWay::Device),
                agent: false,
                ssh_host: Some("ada@build.example".to_owned()),
                keys,
            },
            ..Found::default()
        }
    );
    assert_eq!(of("").settings, Settings::default());
}

#[test]
fn every_example_of_the_page_changes_something() {
    for setting in SETTINGS {
        let found = of(setting.example);
        assert_ne!(found.settings, Settings::default(), "{}", setting.name);
        assert!(setting.example.contains(setting.name));
    }
}

/// Text, and everything that is told of it; nothing else may be.
const BAD: &[(&str, &str, &[&str])] = &[
    (
        "f10_an_unknown_key",
        "mouse = false\nmosue = true\n",
        &["config.toml:2:1: mosue: unknown here, passed over; did you mean `mouse`?"],
    ),
    (
        "f10_an_unknown_key_like_no_other",
        "[github]\nname = \"x\"\n",
        &["config.toml:1:2: github: unknown here, passed over"],
    ),
    (
        "f10_a_wrong_type",
        "mouse = false\nagent = \"no\"\n",
        &["config.toml:2:9: agent: true or false is needed, not string"],
    ),
    (
        "f10_a_wrong_type_of_a_text",
        "browser = [\"firefox\"]\n",
        &["config.toml:1:11: browser: a text is needed, not array"],
    ),
    (
        "f10_a_wrong_word",
        "clipboard = \"osc52\"\n",
        &["config.toml:1:13: clipboard: use one of auto, terminal, native, off"],
    ),
    (
        "f10_several_mistakes_are_told_at_once",
        "plain = 1\nascii = 2\nfirst_way = \"fax\"\n",
        &[
            "config.toml:1:9: plain: true or false is needed, not integer",
            "config.toml:2:9: ascii: true or false is needed, not integer",
            "config.toml:3:13: first_way: use one of auto, browser, device, forward, paste",
        ],
    ),
    (
        "f10_a_key_twice",
        "mouse = false\nmouse = true\n",
        &["config.toml:2:1: duplicate key; nothing of this file is used"],
    ),
    (
        "f10_crlf",
        "plain = true\r\nmouse = 3\r\n",
        &["config.toml:2:9: mouse: true or false is needed, not integer"],
    ),
    (
        "f10_a_byte_order_mark",
        "\u{feff}mouse = 3\n",
        &["config.toml:1:9: mouse: true or false is needed, not integer"],
    ),
    (
        "f10_a_control_character_in_a_value",
        "browser = \"fire\\u001bfox\"\n",
        &["config.toml:1:11: browser: control characters are not allowed"],
    ),
    (
        "h1_an_escape_in_a_key_is_shown_and_not_obeyed",
        "\"\\u001b[2J\" = 1\n",
        &["config.toml:1:1: ␛[2J: unknown here, passed over"],
    ),
    (
        "f14_what_other_programs_would_do_is_not_done",
        "include = \"/etc/passwd\"\ncommand = [\"rm\"]\nurl = \"https://a.example/\"\n",
        &[
            "config.toml:1:1: include: unknown here, passed over",
            "config.toml:2:1: command: unknown here, passed over",
            "config.toml:3:1: url: unknown here, passed over",
        ],
    ),
    (
        "f5_t_12_a_client_secret",
        "client_secret = \"hunter2\"\n",
        &[
            "config.toml:1:1: client_secret: a secret does not belong in this file; take it out and give it to the \
             vault: valetkey edit NAME --client-secret-file -",
        ],
    ),
    (
        "f5_t_12_a_token",
        "[github]\nAccess-Token = \"hunter2\"\n",
        &[
            "config.toml:2:1: Access-Token: a secret does not belong in this file; take it out and sign in instead: \
             valetkey login NAME",
        ],
    ),
    (
        "f5_t_12_a_passphrase",
        "[a.b]\nc = [{ vault_passphrase = \"hunter2\" }]\n",
        &[
            "config.toml:2:8: vault_passphrase: a secret does not belong in this file; take it out and let it open \
             the vault: valetkey vault slot add passphrase",
        ],
    ),
    (
        "f5_t_12_a_password_in_a_theme",
        "[theme]\npassword = \"hunter2\"\n",
        &[
            "config.toml:2:1: theme.password: a secret does not belong in this file; take it out and give it to the \
             vault: valetkey edit NAME --client-secret-file -",
        ],
    ),
    (
        "an_option_as_a_browser",
        "browser = \"--remote\"\n",
        &["config.toml:1:11: browser: a program is needed, not an option"],
    ),
    (
        "z_02_a_host_that_is_more_than_a_word",
        "ssh_host = \"build;id\"\n",
        &["config.toml:1:12: ssh_host: use HOST or USER@HOST, of letters, digits and ._-@:%"],
    ),
    (
        "f1_a_theme_is_a_name_and_never_a_path",
        "theme = \"../../etc/passwd\"\n",
        &[
            "config.toml:1:9: theme: use default, monochrome, high-contrast, or the name of a file in themes/ \
             without its ending",
        ],
    ),
    (
        "a_theme_that_is_not_there",
        "theme = \"dusk\"\n",
        &["config.toml:1:9: theme: themes/dusk.toml: there is no such file"],
    ),
    (
        "a_colour_that_is_none",
        "[theme]\ngood = \"greenish\"\nbad = \"#12345\"\nkeys = \"red\"\n",
        &[
            "config.toml:2:8: theme.good: use a colour like green, bright-blue or #a0c4ff; docs/SETTINGS.md has all \
             names",
            "config.toml:3:7: theme.bad: use a colour like green, bright-blue or #a0c4ff; docs/SETTINGS.md has all \
             names",
            "config.toml:4:1: theme.keys: unknown here, passed over; did you mean `key`?",
        ],
    ),
    (
        "keys_of_no_action",
        "[keys]\nrefrsh = [\"r\"]\n",
        &["config.toml:2:1: keys.refrsh: unknown here, passed over; did you mean `refresh`?"],
    ),
    (
        "keys_that_are_none",
        "[keys]\nrefresh = [\"r\", \"alt-r\"]\ntest = 7\nadd = [7]\nopen = \"ctrl-m\"\n",
        &[
            "config.toml:2:17: keys.refresh: `alt-r`: this is no key; use one like r, ctrl-r, f5, space, enter, \
             page-up (docs/KEYS.md)",
            "config.toml:3:8: keys.test: a list of keys is needed, not integer",
            "config.toml:4:8: keys.add: a key is needed, not integer",
            "config.toml:5:8: keys.open: `ctrl-m`: terminals send it as another key",
        ],
    ),
    (
        "a_key_that_another_action_has_from_the_table",
        "[keys]\nmouse = [\"f9\"]\nrefresh = [\"t\"]\n",
        &[
            "config.toml:3:11: keys.refresh: `t` is `test` already, in \"Connections\" (has it from the table of \
             actions, docs/KEYS.md); the action keeps its own keys",
        ],
    ),
    (
        "a_key_that_the_file_gives_twice",
        "[keys]\nrefresh = [\"f5\"]\ntest = [\"f5\"]\n",
        &[
            "config.toml:2:11: keys.refresh: `F5` is `test` already, in \"Connections\" (has it from line 3); the \
             action keeps its own keys",
        ],
    ),
    (
        "keys_that_must_stay_in_reach",
        "[keys]\nback = [\"b\"]\nleave-at-once = [\"f10\"]\nanswer-a-program = [\"w\"]\n",
        &[
            "config.toml:2:8: keys.back: one key at least must be no letter or sign, since those are text while a \
             field has the focus",
            "config.toml:3:17: keys.leave-at-once: this action keeps its keys",
            "config.toml:4:20: keys.answer-a-program: letters and signs are text in a field; use ctrl and a letter, \
             or a key like f5",
        ],
    ),
];

#[test]
fn keys_that_fight_fall_back_one_by_one_and_the_others_stay() {
    let found =
        of("[keys]\nrefresh = [\"t\"]\ntest = [\"q\"]\nadd = [\"n\", \"f2\"]\nrename = [\"f6\"]\n");
    // `test` falls back to `t`, which `refresh` then cannot have.
    assert_eq!(found.problems.len(), 2, "{:?}", found.problems);
    let keys = found.settings.keys;
    assert_eq!(keys.conflict(), None);
    for (key, action) in [
        (Key::Char('t'), Action::Test),
        (Key::Char('r'), Action::Refresh),
        (Key::Char('n'), Action::Add),
        (Key::F(6), Action::Rename),
        (Key::Char('q'), Action::Quit),
    ] {
        let entry = keys.find(Place::Table, key).expect("an action");
        assert_eq!(entry.action, action, "{key}");
    }
}

#[test]
fn u_11_f10_f14_t_12_every_bad_input_has_its_one_outcome() {
    for (name, text, expected) in BAD {
        assert_eq!(told(text), *expected, "{name}");
        assert!(!told(text).concat().contains("hunter2"), "{name}");
    }
}

#[test]
fn u_11_f10_a_wrong_value_keeps_its_default_and_the_rest_holds() {
    let settings = of("agent = \"no\"\nmouse = false\nclipboard = 7\nplain = true\n").settings;
    let expected = Settings {
        mouse: false,
        plain: true,
        ..Settings::default()
    };
    assert_eq!(settings, expected);
}

#[test]
fn u_11_f10_what_is_no_toml_is_told_with_its_line_and_nothing_of_it_is_used() {
    let nested = format!("a = {}\n", "[".repeat(100_000));
    let dotted = format!("{}b = 1\n", "a.".repeat(100_000));
    for text in [
        "mouse = false\nplain = \n",
        "mouse = false\n[theme\n",
        "mouse = false\n= 1\n",
        "mouse = false\n\0\n",
        "mouse = false\nbrowser = \"x\n",
        "mouse = false\n{\"plain\": true}\n",
        "mouse = false\n&a mouse: *a\n",
        &format!("mouse = false\n{nested}"),
        &format!("mouse = false\n{dotted}"),
    ] {
        let found = of(text);
        let start: String = text.chars().take(30).collect();
        assert_eq!(found.settings, Settings::default(), "{start:?}");
        assert_eq!(found.problems.len(), 1, "{start:?}: {:?}", found.problems);
        let problem = &found.problems[0];
        let nested = problem.what.contains("nested too deep");
        assert!(
            nested || problem.place.is_some_and(|(line, _)| line >= 2),
            "{problem:?}"
        );
        assert!(problem.what.ends_with("; nothing of this file is used"));
        assert!(problem.shown().len() < 300, "{start:?}");
    }
}

#[test]
fn f14_nothing_is_expanded() {
    let found = of("browser = \"$BROWSER\"\n");
    assert_eq!(found.settings.browser.as_deref(), Some("$BROWSER"));
    assert_eq!(found.problems, []);
}

#[test]
fn u_11_the_file_is_bounded() {
    let found = of(&format!("mouse = false\n{}", "#".repeat(1 << 20)));
    assert_eq!(found.settings, Settings::default());
    assert_eq!(
        found.problems[0].shown(),
        "config.toml:1:1: the file is larger than 1 MiB"
    );
}

#[test]
fn a_theme_of_ones_own_colours_some_roles_over_its_ground() {
    let lines =
        "base = \"high-contrast\"\ngood = \"bright-blue\"\nkey = \"#a0C4ff\"\ndim = \"terminal\"\n";
    let check = |found: Found| {
        assert_eq!((found.problems, found.warnings), (vec![], vec![]));
        let theme = found.settings.theme;
        assert_eq!(theme.base, Base::HighContrast);
        assert_eq!(theme.colour(Role::Good), Some(Colour::Palette(12)));
        assert_eq!(theme.colour(Role::Key), Some(Colour::Rgb(0xa0, 0xc4, 0xff)));
        assert_eq!(theme.colour(Role::Dim), Some(Colour::Terminal));
        assert_eq!(theme.colour(Role::Bad), None);
    };
    check(of(&format!("[theme]\n{lines}")));
    check(read("theme = \"dusk\"\n", &|file| {
        assert_eq!(file, "themes/dusk.toml");
        Ok(lines.to_owned())
    }));
}

#[test]
fn u_11_a_mistake_in_a_theme_file_is_told_with_the_files_own_place() {
    let found = read("theme = \"dusk\"\n", &|_| {
        Ok("good = \"green\"\nbad = 7\npower = \"red\"\n".to_owned())
    });
    let told: Vec<String> = found
        .problems
        .iter()
        .chain(&found.warnings)
        .map(super::Told::shown)
        .collect();
    assert_eq!(
        told,
        [
            "themes/dusk.toml:2:7: bad: a text is needed, not integer",
            "themes/dusk.toml:3:1: power: unknown here, passed over",
        ]
    );
    assert_eq!(
        found.settings.theme.colour(Role::Good),
        Some(Colour::Palette(2))
    );
}

#[test]
fn every_role_stands_at_its_own_place() {
    for (at, (role, name, _)) in Role::ALL.into_iter().enumerate() {
        assert_eq!(role as usize, at, "{name}");
    }
}

#[test]
fn u_11_f12_the_folder_may_be_a_link_and_a_bad_file_is_told_without_a_line() {
    let below = tempfile::tempdir().expect("a folder");
    let dotfiles = below.path().join("dotfiles");
    std::fs::create_dir(&dotfiles).expect("made");
    let config = below.path().join("config");
    std::os::unix::fs::symlink(&dotfiles, &config).expect("a link");
    let nothing = load(&config);
    assert!(!nothing.there && nothing.found == Found::default());
    std::fs::write(dotfiles.join(FILE), "mouse = false\n").expect("written");
    let loaded = load(&config);
    assert!(loaded.there && !loaded.found.settings.mouse);
    assert_eq!(loaded.path, config.join(FILE));
    std::fs::write(dotfiles.join(FILE), b"mouse = false\nb = \"\xff\"\n").expect("written");
    let told: Vec<String> = load(&config)
        .found
        .problems
        .iter()
        .map(super::Told::shown)
        .collect();
    assert_eq!(told, ["config.toml: line 2 is not UTF-8 text"]);
    std::fs::remove_file(dotfiles.join(FILE)).expect("removed");
    std::fs::create_dir(dotfiles.join(FILE)).expect("made");
    assert_eq!(
        load(&config).found.problems[0].shown(),
        "config.toml: it is not a file"
    );
}

#[test]
fn u_11_whether_the_agent_is_asked_is_told_without_the_rest() {
    let config = tempfile::tempdir().expect("a folder");
    assert!(wants_agent(config.path()));
    for (text, asked) in [
        ("mouse = false\n", true),
        ("agent = false\n", false),
        ("agent = true\n", true),
        ("# agent = false\n", true),
        ("agent = \"false\"\n", true),
        ("agent = false\nbroken\n", true),
        ("agent = false\nmouse = 7\n", false),
    ] {
        std::fs::write(config.path().join(FILE), text).expect("written");
        assert_eq!(wants_agent(config.path()), asked, "{text}");
    }
}

#[test]
fn f13_a_file_that_was_replaced_is_told_from_one_that_was_only_touched() {
    let config = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(config.path().join("providers")).expect("made");
    let write = |file: &str, text: &str| {
        std::fs::write(config.path().join(file), text).expect("written");
        super::stamp(config.path())
    };
    let first = write(FILE, "mouse = false\n");
    assert_eq!(write(FILE, "mouse = false\n"), first);
    assert_eq!(
        write(".config.toml.swp", "x"),
        first,
        "an editor's own file"
    );
    let second = write(FILE, "mouse = true\n");
    assert_ne!(second, first);
    let third = write("providers/acme.toml", "[[preset]]\n");
    assert_ne!(third, second);
    assert_ne!(write("providers/acme.toml", "[[preset]] # x\n"), third);
    std::fs::remove_file(config.path().join("providers/acme.toml")).expect("removed");
    assert_eq!(super::stamp(config.path()), second);
}

/// Set `VALETKEY_WRITE_DOCS` to write the page instead of comparing it.
#[test]
fn docs_settings_md_is_fresh() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/SETTINGS.md");
    if std::env::var_os("VALETKEY_WRITE_DOCS").is_some() {
        std::fs::write(path, settings_page()).expect("written");
    }
    let stored = std::fs::read_to_string(path).expect("docs/SETTINGS.md");
    assert_eq!(
        stored,
        settings_page(),
        "stale: run with VALETKEY_WRITE_DOCS=1"
    );
}
