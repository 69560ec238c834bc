//! From a key press to the next frame of the table, with many connections: the figures of
//! docs/PERFORMANCE.md.
//!
//!     cargo bench --bench table -- [--rows N] [--rounds N]
//!
//! Each scene is played in rounds over the real update and view, into the buffer that a terminal
//! backend would send. Reported, not asserted.

// The figures are what it is for.
#![allow(clippy::print_stdout)]

use std::time::{Duration, Instant};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use jiff::tz::TimeZone;
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::{TerminalOptions, Viewport};
use valetkey::actions::Keymap;
use valetkey::engine::Row;
use valetkey::host::Multiplexer;
use valetkey::model::{
    Account, AccountSource, ConnectionId, ConnectionName, Expiry, Grant, GrantId, ScopeSet,
    Seconds, Summary, UnixTime, Untrusted, Verdict,
};
use valetkey::tui::{Copies, Look, Model, Msg, Reply, Setup, VaultState, update, view};

const NOW: UnixTime = UnixTime(1_795_444_080);
const SIZE: (u16, u16) = (120, 40);

/// A scene: what is pressed before, then the keys that are measured in turn.
struct Scene {
    name: &'static str,
    before: &'static str,
    keys: &'static [KeyCode],
}

const SCENES: [Scene; 6] = [
    Scene {
        name: "down, no filter",
        before: "",
        keys: &[KeyCode::Down],
    },
    Scene {
        name: "down, a filter that half the rows pass",
        before: "/user\n",
        keys: &[KeyCode::Down],
    },
    Scene {
        name: "a letter more in the filter, and away again",
        before: "/use",
        keys: &[KeyCode::Char('r'), KeyCode::Backspace],
    },
    Scene {
        name: "the first letter of a filter, and away again",
        before: "/",
        keys: &[KeyCode::Char('u'), KeyCode::Backspace],
    },
    Scene {
        name: "a letter after state:, and away again",
        before: "/state:",
        keys: &[KeyCode::Char('c'), KeyCode::Backspace],
    },
    Scene {
        name: "a letter that nothing has, and away again",
        before: "/user",
        keys: &[KeyCode::Char('!'), KeyCode::Backspace],
    },
];

fn main() {
    let (mut count, mut rounds) = (10_000_u32, 300_usize);
    let mut arguments = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--bench");
    while let Some(flag) = arguments.next() {
        let value = arguments.next().expect("a value after the flag");
        match flag.as_str() {
            "--rows" => count = value.parse().expect("a number"),
            "--rounds" => rounds = value.parse().expect("a number"),
            other => panic!("no such flag: {other}"),
        }
    }
    let rows = rows(count);
    println!("{count} rows at {}x{}, {rounds} rounds", SIZE.0, SIZE.1);
    for scene in &SCENES {
        measure(scene, &rows, rounds);
    }
}

fn measure(scene: &Scene, rows: &[Row], rounds: usize) {
    let mut model = Model::new(setup(), SIZE, NOW);
    let reply = Reply::Rows {
        rows: rows.to_vec(),
        vault: VaultState::Open,
        waiting: 0,
    };
    update(&mut model, Msg::Done(reply));
    for c in scene.before.chars() {
        let code = match c {
            '\n' => KeyCode::Enter,
            c => KeyCode::Char(c),
        };
        press(&mut model, code);
    }
    let viewport = Viewport::Fixed(ratatui::layout::Rect::new(0, 0, SIZE.0, SIZE.1));
    let mut terminal = Terminal::with_options(
        CrosstermBackend::new(std::io::sink()),
        TerminalOptions { viewport },
    )
    .expect("a terminal");
    let mut times: Vec<Vec<Duration>> = vec![Vec::new(); scene.keys.len()];
    for _ in 0..rounds {
        for (key, times) in scene.keys.iter().zip(&mut times) {
            let start = Instant::now();
            press(&mut model, *key);
            terminal.draw(|frame| view(&model, frame)).expect("drawn");
            times.push(start.elapsed());
        }
    }
    println!("{}", scene.name);
    for (key, mut times) in scene.keys.iter().zip(times) {
        times.sort();
        let at = |share: usize| times[(times.len() * share / 100).min(times.len() - 1)];
        println!("  {key:<10} median {:?}, 99 % within {:?}", at(50), at(99));
    }
}

fn press(model: &mut Model, code: KeyCode) {
    update(model, Msg::Key(KeyEvent::new(code, KeyModifiers::NONE)));
}

fn setup() -> Setup {
    Setup {
        look: Look {
            colour: true,
            ..Look::default()
        },
        mouse: false,
        keys: Keymap::default(),
        elsewhere: None,
        ssh: false,
        shared: false,
        inside: Multiplexer::None,
        interrupted: Vec::new(),
        first_way: None,
        copies: Copies::Terminal,
        warning: None,
        practice: false,
        leads_back: false,
        greeting: None,
        key_place: String::new(),
        presets: std::cell::LazyCell::new(Box::new(Vec::new)),
        start_wizard: None,
        zone: TimeZone::UTC,
    }
}

/// Half of them have an account that begins with `user`.
fn rows(count: u32) -> Vec<Row> {
    (0..count).map(row).collect()
}

fn row(n: u32) -> Row {
    let mut bytes = [7; 16];
    bytes[..4].copy_from_slice(&n.to_be_bytes());
    let account = match n % 2 {
        0 => format!("user{}@example.com", n % 997),
        _ => format!("ada{}@acme.io", n % 997),
    };
    let scopes = ScopeSet::parse("repo read:user write:packages").expect("scopes");
    let grant = Grant {
        id: GrantId::from_random([3; 16]),
        granted: Some(scopes.clone()),
        account: Some(Account {
            label: Untrusted::new(account),
            id: None,
            source: AccountSource::TestRead,
        }),
        signed_in_at: UnixTime(NOW.0 - 7_500),
        expiry: Expiry::At(NOW.plus(Seconds(u64::from(n % 5_000)))),
        issued_at: UnixTime(NOW.0 - 1_000),
        in_use: None,
        has_refresh_token: true,
        rotates: Some(true),
        ends_at: None,
        proved_at: Some(UnixTime(NOW.0 - 60)),
        tested_at: None,
        generation: 1,
    };
    let verdict = Verdict::of(Some(&grant), None, None, false, NOW);
    let provider = ["GitHub", "Linear", "Slack", "GitLab"][(n % 4) as usize];
    Row {
        summary: Summary {
            unasked: ScopeSet::default(),
            untestable: false,
            id: ConnectionId::from_random(bytes),
            name: ConnectionName::parse(&format!("conn-{n:05}")).expect("a name"),
            provider_id: provider.to_lowercase(),
            provider_name: provider.to_owned(),
            client_id: "4f1c0a9a77".to_owned(),
            requested: scopes,
            dev_http: false,
            grant: Some(grant),
            ended: None,
            problem: None,
        },
        verdict,
    }
}
