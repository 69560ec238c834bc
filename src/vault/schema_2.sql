-- Format 2: revocations that wait. Each row is the definition as it was when the token was to be ended,
-- because the connection may be edited or gone by now; its tokens lie in `sealed`. No reference to the
-- connection, for the same reason.
CREATE TABLE waiting (
    id          TEXT    PRIMARY KEY,
    connection  TEXT    NOT NULL,
    name        TEXT    NOT NULL,
    client_id   TEXT    NOT NULL,
    auth        TEXT    NOT NULL,
    redirect    TEXT    NOT NULL,
    has_secret  INTEGER NOT NULL,
    dev_http    INTEGER NOT NULL,
    definition  TEXT    NOT NULL,
    ca_pem      TEXT,
    since       INTEGER NOT NULL,
    tries       INTEGER NOT NULL,
    next_at     INTEGER NOT NULL,
    asked       INTEGER NOT NULL,
    problem_kind    TEXT    NOT NULL,
    problem_at      INTEGER NOT NULL,
    problem_detail  TEXT    NOT NULL
) STRICT;
