import Storage

extension Schema {
    /// `counter.sqlite`: what the public process needs, and nothing that tells who a voter is.
    static let counter = [
        Migration(
            "0001 counter",
            """
            -- One row: what the pages say about the office.
            CREATE TABLE notice (
                id   INTEGER PRIMARY KEY CHECK (id = 1),
                text TEXT NOT NULL
            );

            CREATE TABLE election (
                id   INTEGER PRIMARY KEY,
                text TEXT NOT NULL
            );

            CREATE TABLE base (
                hash   BLOB PRIMARY KEY CHECK (length(hash) = 32),
                length INTEGER NOT NULL,
                bytes  BLOB NOT NULL
            );

            -- In the order of issue, so that a million inserts append. `sealed` is tail, manifest and card under a key that only the token,
            -- a visit or the roll key opens.
            CREATE TABLE packet (
                seq          INTEGER PRIMARY KEY AUTOINCREMENT,
                ballot       BLOB NOT NULL UNIQUE CHECK (length(ballot) = 16),
                election     INTEGER NOT NULL REFERENCES election (id),
                base         BLOB NOT NULL REFERENCES base (hash),
                sha256       BLOB NOT NULL CHECK (length(sha256) = 32),
                length       INTEGER NOT NULL,
                tracking     BLOB NOT NULL UNIQUE CHECK (length(tracking) = 32),
                issued_at    INTEGER NOT NULL,
                delivered_at INTEGER,
                sealed       BLOB NOT NULL
            );
            CREATE TRIGGER packet_frozen BEFORE UPDATE OF seq, ballot, election, base, sha256, length, tracking, issued_at, sealed ON packet
                BEGIN SELECT RAISE(ABORT, 'a packet never changes after it is issued'); END;

            CREATE TABLE link (
                seq          INTEGER PRIMARY KEY AUTOINCREMENT,
                id           BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
                lookup       BLOB NOT NULL UNIQUE CHECK (length(lookup) = 16),
                ballot       BLOB NOT NULL REFERENCES packet (ballot),
                answer       BLOB NOT NULL CHECK (length(answer) = 32),
                wrap         BLOB NOT NULL,
                closes_at    INTEGER NOT NULL,
                made_at      INTEGER NOT NULL,
                state        TEXT NOT NULL CHECK (state IN ('live', 'claimed', 'replaced', 'retired')),
                tries        INTEGER NOT NULL DEFAULT 0,
                locked_until INTEGER NOT NULL DEFAULT 0,
                claimed_at   INTEGER,
                CHECK ((state = 'claimed') <= (claimed_at IS NOT NULL))
            );
            -- Invariant 5: at most one link of a ballot can be claimed.
            CREATE UNIQUE INDEX link_live ON link (ballot) WHERE state = 'live';
            CREATE INDEX link_ballot ON link (ballot);

            CREATE TABLE visit (
                id         BLOB PRIMARY KEY CHECK (length(id) = 16),
                link       BLOB NOT NULL UNIQUE REFERENCES link (id),
                secret     BLOB NOT NULL CHECK (length(secret) = 32),
                wrap       BLOB NOT NULL,
                opened_at  INTEGER NOT NULL,
                expires_at INTEGER NOT NULL,
                ended_at   INTEGER
            );

            -- The byte ranges of each file that left through a link's visit: "from-to,from-to", half-open, sorted, merged.
            CREATE TABLE served (
                link   BLOB NOT NULL REFERENCES link (id),
                file   TEXT NOT NULL CHECK (file IN ('pdf', 'zip')),
                ranges TEXT NOT NULL,
                PRIMARY KEY (link, file)
            );

            -- What the office adds to the timeline that the tracking code opens; the counter's own steps are its events.
            CREATE TABLE step (
                ballot BLOB NOT NULL,
                seq    INTEGER NOT NULL,
                kind   TEXT NOT NULL,
                at     INTEGER NOT NULL,
                sealed BLOB,
                PRIMARY KEY (ballot, seq)
            );

            -- Each change at the counter, in the transaction that makes it; the office copies them into the journal.
            CREATE TABLE counter_event (
                seq    INTEGER PRIMARY KEY AUTOINCREMENT,
                at     INTEGER NOT NULL,
                kind   TEXT NOT NULL CHECK (kind IN ('claimed', 'delivered', 'retired')),
                ballot BLOB NOT NULL,
                link   BLOB NOT NULL,
                detail TEXT NOT NULL DEFAULT ''
            );
            CREATE INDEX counter_event_ballot ON counter_event (ballot);
            CREATE TRIGGER counter_event_kept BEFORE DELETE ON counter_event
                BEGIN SELECT RAISE(ABORT, 'counter events only grow'); END;
            CREATE TRIGGER counter_event_frozen BEFORE UPDATE ON counter_event
                BEGIN SELECT RAISE(ABORT, 'counter events only grow'); END;
            """),
        Migration(
            "0002 verify, wishes, tallies",
            """
            -- For whoever asks whether a file is one of ours.
            CREATE INDEX packet_sha256 ON packet (sha256);

            -- Voters who gave the right answer on a link that is over, and want a new one by mail.
            CREATE TABLE wish (
                seq    INTEGER PRIMARY KEY AUTOINCREMENT,
                at     INTEGER NOT NULL,
                ballot BLOB NOT NULL CHECK (length(ballot) = 16),
                link   BLOB NOT NULL CHECK (length(link) = 16)
            );
            CREATE INDEX wish_ballot ON wish (ballot, at);

            -- What the site counts, for the office's metrics: numbers without names.
            CREATE TABLE tally (
                name  TEXT PRIMARY KEY,
                count INTEGER NOT NULL
            );
            """)
    ]
}
