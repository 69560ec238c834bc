//! One home with one sign-in, and what its vault and its provider say of it.

use std::fs;
use std::path::Path;
use std::process::{Child, Stdio};

use portable_pty::CommandBuilder;
use rusqlite::Connection;

use crate::home::{Home, NAME, Output, sandbox};
use crate::kept::Provider;
use crate::processes::until;
use crate::pty::Pty;

pub(crate) struct World {
    pub(crate) sandbox: Provider,
    pub(crate) home: Home,
    /// For looking, and for ageing tokens; the program has handles of its own.
    sql: Connection,
}

/// What can be seen from outside at a moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facts {
    pub(crate) generation: i64,
    pub(crate) intent: bool,
    /// Requests that reached the token endpoint in this trial.
    pub(crate) asked: usize,
    pub(crate) delivered: usize,
    pub(crate) issued: usize,
}

/// How far a refresh had come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    BeforeIntent,
    Intent,
    Sent,
    Answered,
    Committed,
}

impl Phase {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::BeforeIntent => "phase 1: before the intent",
            Self::Intent => "phase 2: intent written",
            Self::Sent => "phase 3: request sent",
            Self::Answered => "phase 4: answer on its way or received",
            Self::Committed => "phase 5: committed",
        }
    }
}

impl World {
    pub(crate) fn new(switches: &[&str]) -> Self {
        let sandbox = sandbox(switches);
        let home = Home::signed_in(&sandbox);
        let sql = open(&home);
        Self { sandbox, home, sql }
    }

    /// Writes another state of the vault over the present one: the same file with other content.
    pub(crate) fn put_back(&mut self, kept: &Path) {
        let file = self.home.root().join("data/vault.db");
        // Closed first: the handle would go on with what it has read.
        self.sql = Connection::open_in_memory().expect("opens");
        let content = fs::read(kept).expect("read");
        fs::write(file, content).expect("written back");
        self.sql = open(&self.home);
    }

    /// The access token is due, and the books are clean.
    pub(crate) fn arm(&self) -> Facts {
        let update =
            "UPDATE grants SET issued_at = issued_at - 7200, expires_at = expires_at - 7200";
        assert_eq!(self.sql.execute(update, []).expect("aged"), 1);
        self.sandbox.clear_requests();
        self.facts()
    }

    pub(crate) fn facts(&self) -> Facts {
        let query = "SELECT coalesce((SELECT generation FROM grants), -1),
                            (SELECT count(*) FROM intent)";
        let (generation, intents): (i64, i64) = self
            .sql
            .query_row(query, [], |row| Ok((row.get(0)?, row.get(1)?)))
            .expect("read");
        Facts {
            generation,
            intent: intents > 0,
            asked: self.sandbox.requests_to("/token").len(),
            delivered: self.sandbox.delivered(),
            issued: self.sandbox.refresh_tokens_issued(),
        }
    }

    /// The log is moved into the file, so that the file alone is the whole vault.
    pub(crate) fn whole_in_one_file(&self) {
        let moved = self
            .sql
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0));
        assert_eq!(moved, Ok(0), "nobody else has it open");
    }

    /// So many access tokens are due, the oldest first; the others are not.
    pub(crate) fn age_some(&self, grants: u64) {
        let update = "UPDATE grants SET issued_at = issued_at - 7200, expires_at = expires_at - 7200
                      WHERE connection IN (SELECT connection FROM grants ORDER BY issued_at LIMIT ?1)";
        let aged = self.sql.execute(update, [grants.cast_signed()]);
        assert_eq!(aged.expect("aged"), usize::try_from(grants).expect("few"));
    }

    /// The vault as it was before the format that holds revocations; nothing waits.
    pub(crate) fn back_to_first_format(&self) {
        let back = "BEGIN; DROP TABLE IF EXISTS waiting; PRAGMA user_version = 1; COMMIT";
        self.sql.execute_batch(back).expect("as before");
    }

    /// The format of the vault, and how many revocations wait in it.
    pub(crate) fn waiting(&self) -> (u32, usize) {
        let number = |query: &str| -> i64 {
            let found = self.sql.query_row(query, [], |row| row.get(0));
            found.expect("read")
        };
        let format = number("PRAGMA user_version");
        let table = number("SELECT count(*) FROM sqlite_schema WHERE name = 'waiting'");
        assert_eq!(table == 1, format == 2, "half of a format");
        let waiting = if table == 1 {
            number("SELECT count(*) FROM waiting")
        } else {
            0
        };
        let records = number("SELECT count(*) FROM sealed WHERE kind = 'waiting-revocation'");
        assert_eq!(
            waiting, records,
            "a row without its tokens, or the other way round"
        );
        (
            u32::try_from(format).expect("small"),
            usize::try_from(waiting).expect("small"),
        )
    }

    /// Every pause between tries is over.
    pub(crate) fn pauses_are_over(&self) {
        self.sql
            .execute("UPDATE waiting SET next_at = next_at - 700000", [])
            .expect("changed");
    }

    /// `token` under way.
    pub(crate) fn start(&self) -> Child {
        self.start_for(NAME)
    }

    pub(crate) fn start_for(&self, name: &str) -> Child {
        self.start_command(&["token", name])
    }

    /// Any command under way.
    pub(crate) fn start_command(&self, arguments: &[&str]) -> Child {
        started(&self.home, arguments)
    }

    /// The table of connections on a screen.
    pub(crate) fn interface(&self) -> Pty {
        Pty::start(in_a_terminal(&self.home))
    }

    pub(crate) fn token(&self) -> Output {
        self.home.run(&["token", NAME])
    }

    /// The provider has done everything that it was asked.
    pub(crate) fn settle(&self) {
        until("the provider is done", || self.sandbox.held() == 0);
        until("the provider is done", || {
            self.sandbox.connections() == self.sandbox.finished()
        });
    }

    pub(crate) fn is_sound(&self) -> bool {
        let check = self
            .sql
            .query_row("PRAGMA integrity_check", [], |row| row.get::<_, String>(0));
        check.is_ok_and(|word| word == "ok")
    }

    pub(crate) fn sign_in_again(&self) {
        self.home.login(&self.sandbox).ended(0);
    }
}

/// Any command of a home under way.
pub(crate) fn started(home: &Home, arguments: &[&str]) -> Child {
    let mut command = home.command(arguments);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().expect("starts")
}

/// The table of a home, ready to be started in a terminal.
pub(crate) fn in_a_terminal(home: &Home) -> CommandBuilder {
    let plain = home.command::<&str>(&[]);
    let mut command = CommandBuilder::new(plain.get_program());
    command.env_clear();
    for (name, value) in plain.get_envs() {
        command.env(name, value.unwrap_or_default());
    }
    command.env("TERM", "xterm-256color");
    command.cwd(home.path());
    command
}

fn open(home: &Home) -> Connection {
    let sql = Connection::open(home.root().join("data/vault.db")).expect("opens");
    sql.busy_timeout(crate::processes::PATIENCE).expect("set");
    sql
}

impl Facts {
    /// How far the refresh had come that began at `before` and stands at `self`.
    pub(crate) fn phase_since(&self, before: &Self) -> Phase {
        if self.generation != before.generation {
            Phase::Committed
        } else if self.delivered > before.delivered && self.asked > 0 {
            Phase::Answered
        } else if self.asked > 0 {
            Phase::Sent
        } else if self.intent {
            Phase::Intent
        } else {
            Phase::BeforeIntent
        }
    }
}
