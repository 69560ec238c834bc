//! What the settings change on the screens.

use ratatui::style::{Color, Modifier};

use super::example::{rows, setup};
use super::script::Script;
use crate::actions::{Action, Key, Keymap};
use crate::host::FirstWay;
use crate::settings::{Base, Role, Theme, read};
use crate::tui::{Copies, Look, Msg, Reply, Setup};

const ROLES: [Role; 10] = [
    Role::Plain,
    Role::Strong,
    Role::Dim,
    Role::Selected,
    Role::Good,
    Role::Warn,
    Role::Bad,
    Role::Key,
    Role::Match,
    Role::Banner,
];

fn look(colour: bool, theme: Theme) -> Look {
    Look {
        colour,
        theme,
        ..Look::default()
    }
}

fn own(lines: &str) -> Theme {
    let found = read(&format!("[theme]\n{lines}"), &|_| unreachable!("no file"));
    assert_eq!((found.problems, found.warnings), (vec![], vec![]));
    found.settings.theme
}

#[test]
fn w_10_a_theme_without_colour_keeps_its_emphasis_and_sends_none() {
    let painted =
        own("plain = \"white\"\ndim = \"#123456\"\nbad = \"blue\"\nselected = \"green\"\n");
    for theme in [
        Theme::of(Base::Default),
        Theme::of(Base::HighContrast),
        painted,
    ] {
        for role in ROLES {
            let bare = look(false, theme).style(role);
            let full = look(true, theme).style(role);
            assert_eq!((bare.fg, bare.bg), (None, None), "{role:?}");
            assert_eq!(bare.add_modifier, full.add_modifier, "{role:?}");
        }
    }
}

#[test]
fn monochrome_is_what_no_color_makes_of_the_default() {
    for role in ROLES {
        let monochrome = look(true, Theme::of(Base::Monochrome)).style(role);
        assert_eq!(
            monochrome,
            look(false, Theme::of(Base::Default)).style(role)
        );
    }
}

#[test]
fn high_contrast_dims_and_tints_nothing() {
    let look = look(true, Theme::of(Base::HighContrast));
    for role in ROLES {
        let style = look.style(role);
        assert!(!style.add_modifier.contains(Modifier::DIM), "{role:?}");
        assert_eq!(style.fg, None, "{role:?}");
    }
    for role in [Role::Good, Role::Warn, Role::Bad] {
        assert_ne!(look.style(role), look.style(Role::Plain), "{role:?}");
    }
}

#[test]
fn the_default_uses_no_white_black_or_yellow() {
    let vanishing = [
        Color::White,
        Color::Gray,
        Color::Black,
        Color::Yellow,
        Color::LightYellow,
    ];
    for role in ROLES {
        let colour = look(true, Theme::of(Base::Default)).style(role).fg;
        assert!(
            !colour.is_some_and(|colour| vanishing.contains(&colour)),
            "{role:?}"
        );
    }
}

#[test]
fn a_role_takes_its_own_colour_and_the_others_keep_theirs() {
    let look = look(
        true,
        own("good = \"bright-blue\"\nkey = \"#a0c4ff\"\nbad = \"terminal\"\n"),
    );
    assert_eq!(look.style(Role::Good).fg, Some(Color::LightBlue));
    assert_eq!(look.style(Role::Key).fg, Some(Color::Rgb(0xa0, 0xc4, 0xff)));
    assert!(look.style(Role::Key).add_modifier.contains(Modifier::BOLD));
    assert_eq!(look.style(Role::Bad).fg, None);
    assert_eq!(look.style(Role::Warn).fg, Some(Color::Magenta));
}

#[test]
fn w_08_copies_go_where_the_settings_say() {
    for (copies, words, copied) in [
        (Copies::Terminal, "was sent to your terminal's clipboard", 1),
        (Copies::Native, "The name was copied.", 1),
        (Copies::Nowhere, "Nothing was copied", 0),
    ] {
        let mut script = Script::new(Setup { copies, ..setup() }, rows(), (80, 24));
        script.keys("c");
        assert!(script.shows(words), "{}", script.frame());
        assert_eq!(script.backend.copied.len(), copied);
    }
}

#[test]
fn w_08_a_desktop_that_does_not_take_it_is_told() {
    let copies = Copies::Native;
    let mut script = Script::new(Setup { copies, ..setup() }, rows(), (80, 24));
    script.keys("c");
    assert_eq!(script.asked(), ["copy-native"]);
    script.send(Msg::Done(Reply::NotCopied));
    assert!(script.shows("did not take it"), "{}", script.frame());
}

#[test]
fn u_11_what_is_wrong_in_the_settings_stands_in_the_first_frame() {
    let warning = Some("config.toml:3:9: mouse: true or false is needed, not string.".to_owned());
    let mut script = Script::new(Setup { warning, ..setup() }, rows(), (80, 24));
    assert!(
        script.shows("✗ config.toml:3:9: mouse"),
        "{}",
        script.frame()
    );
    script.keys("down");
    assert!(!script.shows("config.toml"));
}

#[test]
fn z_01_the_way_that_was_wished_for_stands_first_and_the_others_stay() {
    let with = |first_way, ssh| {
        let setup = Setup {
            ssh,
            first_way,
            ..setup()
        };
        let mut script = Script::new(setup, rows(), (80, 24));
        script.keys("down u");
        script
    };
    for (wish, ssh, first) in [
        (FirstWay::Paste, false, "1  Address"),
        (FirstWay::Paste, true, "1  Address"),
        (FirstWay::Browser, true, "1  Open"),
        (FirstWay::Forward, true, "1  Forward"),
        (FirstWay::Device, true, "1  Code"),
    ] {
        let script = with(Some(wish), ssh);
        assert!(script.shows(first), "{wish:?}\n{}", script.frame());
        assert!(script.shows("Paste"), "{wish:?}\n{}", script.frame());
        if wish != FirstWay::Browser && !ssh {
            assert!(script.shows("the page again"), "{}", script.frame());
        }
    }
}

/// A face with keys of somebody's own.
fn with_keys(own: &[(Action, &[Key])]) -> Script {
    let mut keys = Keymap::default();
    for (action, wish) in own {
        keys.set(*action, wish.to_vec()).expect("fits");
    }
    assert_eq!(keys.conflict(), None);
    Script::new(Setup { keys, ..setup() }, rows(), (80, 24))
}

#[test]
fn own_keys_act_and_stand_in_footer_help_and_palette() {
    let own: &[(Action, &[Key])] = &[
        (Action::Refresh, &[Key::F(5)]),
        (Action::Reauthorize, &[Key::Char('y')]),
        (Action::Help, &[Key::F(2)]),
    ];
    let mut script = with_keys(own);
    script.keys("down down");
    assert!(
        script.shows("F5 refresh  y re-authorize"),
        "{}",
        script.frame()
    );
    assert!(script.shows("F2 more"), "{}", script.frame());
    script.keys("r");
    assert_eq!(
        script.asked(),
        [""; 0],
        "the table's own key does nothing now"
    );
    script.keys("f5");
    assert_eq!(script.asked(), ["refresh"]);
    script.resize(80, 60).keys("f2");
    assert!(
        script.shows("F5               Swap the refresh token"),
        "{}",
        script.frame()
    );
    assert!(
        script.shows("every letter is text; F2 opens this page"),
        "{}",
        script.frame()
    );
    script.keys("esc : \"refr\"");
    assert!(
        script.shows("F5      Swap the refresh token"),
        "{}",
        script.frame()
    );
}

#[test]
fn sentences_name_the_keys_that_hold() {
    let mut script = with_keys(&[
        (Action::Reauthorize, &[Key::Char('y')]),
        (Action::Mouse, &[Key::F(9)]),
        (Action::Answer, &[Key::Ctrl('g')]),
    ]);
    script.keys("home");
    let frame = script.frame();
    assert!(
        frame.contains("y re-authorize") && !frame.contains("u re-authorize"),
        "{frame}"
    );
    script.keys("t");
    assert!(
        script.shows("It needs a sign-in first: press y."),
        "{}",
        script.frame()
    );
    script.keys("f9");
    assert!(script.shows("F9 takes it back"), "{}", script.frame());
}

#[test]
fn a_printable_key_never_acts_while_a_field_has_the_focus() {
    let own: &[(Action, &[Key])] = &[
        (Action::Next, &[Key::Tab, Key::Char('n')]),
        (Action::Back, &[Key::Esc, Key::Char('b')]),
        (Action::Rename, &[Key::F(6)]),
        (Action::Quit, &[Key::Char('w')]),
        (Action::Redraw, &[Key::Ctrl('l'), Key::Char('y')]),
    ];
    let mut script = with_keys(own);
    // The filter line, the wizard's search, a form's field, and the palette.
    for (opens, shows) in [
        ("/", " / nbwy"),
        ("a", "nbwy"),
        ("f6", "nbwy"),
        (":", ":  ▏nbwy"),
    ] {
        let before = script.model.screens.len();
        script.keys(opens).keys("\"nbwy\"");
        assert!(script.shows(shows), "{opens}: {}", script.frame());
        assert_eq!(script.asked(), [""; 0], "{opens}");
        assert!(script.model.typing(), "{opens}");
        script.keys("esc esc");
        assert_eq!(
            script.model.screens.len(),
            before,
            "{opens}: {}",
            script.frame()
        );
    }
    // Elsewhere they act.
    script.keys("y");
    assert_eq!(script.asked(), ["redraw"]);
}

#[test]
fn the_first_start_names_the_keys_that_hold() {
    let mut keys = Keymap::default();
    keys.set(Action::Add, vec![Key::Char('n')]).expect("fits");
    let script = Script::new(Setup { keys, ..setup() }, Vec::new(), (80, 24));
    assert!(script.shows("n  connect a service"), "{}", script.frame());
    assert!(script.shows("n add"), "{}", script.frame());
}

/// The catalogue's presets, with settings that give `refresh` another key.
fn fresh() -> crate::tui::Fresh {
    let found = read("mouse = false\n[keys]\nrefresh = [\"f6\"]\n", &|_| {
        unreachable!("no file")
    });
    crate::tui::Fresh {
        look: setup().look,
        mouse: found.settings.mouse,
        keys: found.settings.keys,
        copies: setup().copies,
        presets: Vec::new(),
    }
}

#[test]
fn f13_settings_that_changed_are_offered_and_read_again_when_a_person_wants_it() {
    let mut script = Script::usual();
    script.backend.fresh = [
        Err(vec![
            "config.toml:2:9: mouse: true or false is needed, not integer".to_owned(),
        ]),
        Ok(fresh()),
    ]
    .into();
    script.keys("ctrl-r");
    assert!(
        script.asked().is_empty() && script.shows("Nothing was changed since they were read."),
        "{}",
        script.frame()
    );
    script.send(crate::tui::Msg::SettingsChanged);
    assert!(
        script.shows("ctrl-r reads them again"),
        "{}",
        script.frame()
    );
    assert!(script.asked().is_empty(), "it is offered, not done");
    // A mistake in them: what held goes on holding, and it can be tried again.
    script.keys("down down ctrl-r");
    assert!(
        script.shows("config.toml:2:9") && script.shows("settings hold"),
        "{}",
        script.frame()
    );
    assert!(script.model.world.mouse);
    script.keys("ctrl-r");
    assert!(script.shows("were read again"), "{}", script.frame());
    assert!(!script.model.world.mouse);
    script.keys("f6");
    assert_eq!(
        script.asked(),
        ["read-settings", "read-settings", "mouse", "refresh"]
    );
    // The list of the wizard is the new one.
    script.keys("a");
    assert!(
        script.shows("Other OAuth provider") && !script.shows("GitHub"),
        "{}",
        script.frame()
    );
}

#[test]
fn f13_a_wizard_under_way_keeps_what_was_typed() {
    let mut script = Script::usual();
    script.keys("a \"gitl\" enter enter \"my-client\"");
    script.backend.fresh = [Ok(fresh())].into();
    script.send(crate::tui::Msg::SettingsChanged);
    script.send(crate::tui::Msg::Done(crate::tui::Reply::SettingsRead(Ok(
        Box::new(fresh()),
    ))));
    assert!(script.shows("my-client"), "{}", script.frame());
    script.keys("enter enter enter enter");
    assert_eq!(script.backend.saved.len(), 1, "{}", script.frame());
}
