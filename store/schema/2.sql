-- What models were paid for.
ALTER TABLE streams ADD COLUMN tokens INTEGER NOT NULL DEFAULT 0;
ALTER TABLE streams ADD COLUMN cost REAL; -- US dollars; NULL where it is not known

-- A campaign is a series of attempts; each of its cells has one.
CREATE TABLE campaigns (
    id      TEXT PRIMARY KEY,
    name    TEXT    NOT NULL,
    doc     TEXT    NOT NULL,             -- JSON
    created INTEGER NOT NULL
);
CREATE TABLE cells (
    campaign TEXT    NOT NULL,
    cell     TEXT    NOT NULL,
    stream   INTEGER NOT NULL,
    PRIMARY KEY (campaign, cell)
);
CREATE UNIQUE INDEX cells_by_stream ON cells (stream);
