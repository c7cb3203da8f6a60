-- A stream is an attempt or a calibration. All but spec, epoch and the columns
-- from heartbeat down is derived from its events, in the transaction that
-- commits them. Times are Unix milliseconds, 0 where there is none yet.
CREATE TABLE streams (
    n          INTEGER PRIMARY KEY AUTOINCREMENT,
    id         TEXT    NOT NULL UNIQUE,
    kind       TEXT    NOT NULL,
    number     INTEGER UNIQUE,            -- attempts only: 1, 2, 3, …
    task       TEXT    NOT NULL,
    spec       TEXT    NOT NULL,          -- JSON
    epoch      INTEGER NOT NULL DEFAULT 0,
    last_seq   INTEGER NOT NULL DEFAULT 0,
    active     INTEGER NOT NULL DEFAULT 0,
    lines      INTEGER NOT NULL DEFAULT 0,
    status     TEXT    NOT NULL DEFAULT 'queued',
    why        TEXT    NOT NULL DEFAULT '',
    created    INTEGER NOT NULL,
    started    INTEGER NOT NULL DEFAULT 0,
    ended      INTEGER NOT NULL DEFAULT 0,
    benchmark  INTEGER NOT NULL DEFAULT 0,
    nodes_done INTEGER NOT NULL DEFAULT 0,
    best_node  INTEGER NOT NULL DEFAULT -1,
    best_secs  REAL,
    best_loss  REAL,
    fsr        REAL,
    fsr_low    REAL,
    fsr_high   REAL,
    confirmed  INTEGER NOT NULL DEFAULT 0,
    phase      TEXT    NOT NULL DEFAULT '{}', -- JSON
    step       INTEGER NOT NULL DEFAULT 0,
    total      INTEGER NOT NULL DEFAULT 0,
    heartbeat  INTEGER NOT NULL DEFAULT 0,
    pid        INTEGER NOT NULL DEFAULT 0,
    star       INTEGER NOT NULL DEFAULT 0,
    note       TEXT    NOT NULL DEFAULT '',
    deleted    INTEGER NOT NULL DEFAULT 0,
    purging    INTEGER NOT NULL DEFAULT 0
);

-- One row a commit batch; the last one of a stream grows while it is small.
CREATE TABLE segments (
    stream    INTEGER NOT NULL,
    first_seq INTEGER NOT NULL,
    last_seq  INTEGER NOT NULL,
    t0        INTEGER NOT NULL,           -- active milliseconds of the first event
    t1        INTEGER NOT NULL,           -- and of the last
    kinds     INTEGER NOT NULL,           -- bit set by event.Kind
    line0     INTEGER NOT NULL,           -- log lines before the segment
    lines     INTEGER NOT NULL,           -- log lines in it
    body      BLOB    NOT NULL
);
CREATE UNIQUE INDEX segments_by_seq ON segments (stream, first_seq, last_seq, t0, t1, kinds, line0, lines);

CREATE INDEX segments_by_line ON segments (stream, line0);

-- Disposable: made anew from the events where missing.
CREATE TABLE checkpoints (
    stream  INTEGER NOT NULL,
    seq     INTEGER NOT NULL,
    version INTEGER NOT NULL,             -- fold.Version
    active  INTEGER NOT NULL,
    lens    TEXT    NOT NULL,             -- fold.Lens, JSON
    chunk   BLOB    NOT NULL,             -- columns since the checkpoint before
    scalars BLOB    NOT NULL,
    PRIMARY KEY (stream, seq)
);

CREATE TABLE orders (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    stream  INTEGER NOT NULL,
    epoch   INTEGER NOT NULL,             -- of the lease it was given to
    name    TEXT    NOT NULL,
    args    TEXT    NOT NULL,
    created INTEGER NOT NULL,
    result  TEXT    NOT NULL DEFAULT '',
    done    INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX orders_by_stream ON orders (stream, epoch, done);

-- Outlive the attempts that measured them.
CREATE TABLE calibrations (
    id      TEXT PRIMARY KEY,
    task    TEXT    NOT NULL,
    key     TEXT    NOT NULL,
    created INTEGER NOT NULL,
    doc     TEXT    NOT NULL              -- JSON
);
CREATE INDEX calibrations_by_key ON calibrations (task, key, created);

-- Attempt numbers given out so far: a number is never used again.
CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
INSERT INTO counters (name, value) VALUES ('attempts', 0);
