-- Format 1, in which every vault begins. Times are seconds since 1970 in UTC; sets of scopes are texts with spaces; `definition`
-- columns are JSON. Secrets lie in `sealed` alone.
CREATE TABLE vault (
    one         INTEGER PRIMARY KEY CHECK (one = 1),
    id          TEXT    NOT NULL,
    created_at  INTEGER NOT NULL,
    last_write  INTEGER NOT NULL,
    changes     INTEGER NOT NULL,
    proved_at   INTEGER,
    verifier    BLOB    NOT NULL
) STRICT;

CREATE TABLE slot (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    kind        TEXT    NOT NULL,
    created_at  INTEGER NOT NULL,
    account     TEXT,
    memory_kib  INTEGER,
    passes      INTEGER,
    lanes       INTEGER,
    salt        BLOB,
    wrapped     BLOB    NOT NULL
) STRICT;

CREATE TABLE registration (
    id          TEXT    PRIMARY KEY,
    client_id   TEXT    NOT NULL,
    auth        TEXT    NOT NULL,
    redirect    TEXT    NOT NULL,
    has_secret  INTEGER NOT NULL,
    identity    BLOB    NOT NULL,
    definition  TEXT    NOT NULL
) STRICT;

-- What the table shows stands before the long texts, which may lie on pages of their own.
CREATE TABLE connection (
    id              TEXT    PRIMARY KEY,
    name            TEXT    NOT NULL,
    folded          TEXT    NOT NULL UNIQUE,
    registration    TEXT    NOT NULL REFERENCES registration (id),
    provider_id     TEXT    NOT NULL,
    provider_name   TEXT    NOT NULL,
    dev_http        INTEGER NOT NULL,
    ended           TEXT,
    problem_kind    TEXT,
    problem_at      INTEGER,
    problem_detail  TEXT,
    requested       TEXT    NOT NULL,
    resources       TEXT    NOT NULL,
    definition      TEXT    NOT NULL,
    ca_pem          TEXT
) STRICT;
CREATE INDEX connection_registration ON connection (registration);

CREATE TABLE grants (
    connection      TEXT    PRIMARY KEY REFERENCES connection (id) ON DELETE CASCADE,
    id              TEXT    NOT NULL,
    generation      INTEGER NOT NULL,
    signed_in_at    INTEGER NOT NULL,
    expiry          TEXT    NOT NULL,
    expires_at      INTEGER,
    issued_at       INTEGER NOT NULL,
    ends_at         INTEGER,
    has_refresh     INTEGER NOT NULL,
    rotates         INTEGER,
    proved_at       INTEGER,
    tested_at       INTEGER,
    account_source  TEXT,
    account_label   TEXT,
    account_id      TEXT,
    granted         TEXT,
    in_use          TEXT
) STRICT;

-- The outcome of a sign-in until it is accepted; the grant beside it stays untouched.
CREATE TABLE candidate (
    connection      TEXT    PRIMARY KEY REFERENCES connection (id) ON DELETE CASCADE,
    id              TEXT    NOT NULL,
    generation      INTEGER NOT NULL,
    expiry          TEXT    NOT NULL,
    expires_at      INTEGER,
    issued_at       INTEGER NOT NULL,
    ends_at         INTEGER,
    account_source  TEXT,
    account_label   TEXT,
    account_id      TEXT,
    granted         TEXT
) STRICT;

-- Written before a refresh token is spent, cleared by the outcome.
CREATE TABLE intent (
    connection  TEXT    PRIMARY KEY REFERENCES connection (id) ON DELETE CASCADE,
    generation  INTEGER NOT NULL,
    at          INTEGER NOT NULL,
    tries       INTEGER NOT NULL
) STRICT;

CREATE TABLE sealed (
    owner   TEXT NOT NULL,
    kind    TEXT NOT NULL,
    record  BLOB NOT NULL,
    UNIQUE (owner, kind)
) STRICT;

-- No reference to the connection: its removal is history too.
CREATE TABLE event (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    connection  TEXT    NOT NULL,
    at          INTEGER NOT NULL,
    name        TEXT    NOT NULL,
    what        TEXT    NOT NULL,
    detail      TEXT
) STRICT;
CREATE INDEX event_connection ON event (connection, id);
