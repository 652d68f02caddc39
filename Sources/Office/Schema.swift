import Storage

/// The tables, written once: what has run on an office's disk never changes, later versions add migrations behind these.
///
/// Two databases, because two kinds of process hold them (docs/threat-model.md). Times are milliseconds since 1970 UTC, civil dates are text
/// `YYYY-MM-DD`, hashes and random ids are bytes, flags are 0 or 1. Sealed columns are AES-256-GCM (module Keys).
enum Schema {
    /// `office.sqlite`: the roll, ballots, letters, returns, the journal and the desk. The public process has no permission on it.
    static let office = books + desk + replacements

    private static let books = [
        Migration(
            "0001 office",
            """
            -- One row: what this office is. A test office never becomes a real one (invariant 10).
            CREATE TABLE office (
                id            INTEGER PRIMARY KEY CHECK (id = 1),
                test          INTEGER NOT NULL CHECK (test IN (0, 1)),
                made_at       INTEGER NOT NULL,
                -- How far the counter's packets, links and events are known here; moved in the transaction that records them.
                packets_known INTEGER NOT NULL DEFAULT 0,
                links_known   INTEGER NOT NULL DEFAULT 0,
                events_known  INTEGER NOT NULL DEFAULT 0,
                -- How far the journal's steps are written to the voters' timelines at the counter.
                steps_known   INTEGER NOT NULL DEFAULT 0
            ) STRICT;
            CREATE TRIGGER office_kind BEFORE UPDATE OF test, made_at ON office
                BEGIN SELECT RAISE(ABORT, 'an office stays what it was made as'); END;

            CREATE TABLE jurisdiction (
                id      TEXT PRIMARY KEY,
                name    TEXT NOT NULL,
                state   TEXT NOT NULL,
                id_type TEXT NOT NULL CHECK (id_type IN ('fips', 'local', 'ocd-id'))
            ) STRICT;

            CREATE TABLE election (
                id           INTEGER PRIMARY KEY,
                jurisdiction TEXT NOT NULL REFERENCES jurisdiction (id),
                code         TEXT NOT NULL,
                test         INTEGER NOT NULL CHECK (test IN (0, 1)),
                definition   TEXT NOT NULL,
                texts        TEXT NOT NULL,
                imported_at  INTEGER NOT NULL,
                UNIQUE (jurisdiction, code)
            ) STRICT;

            -- A style is frozen per revision by the first ballot issued from it (invariant 9).
            CREATE TABLE ballot_style (
                id            INTEGER PRIMARY KEY,
                election      INTEGER NOT NULL REFERENCES election (id),
                code          TEXT NOT NULL,
                revision      INTEGER NOT NULL CHECK (revision >= 1),
                name          TEXT NOT NULL,
                party         TEXT NOT NULL,
                scope         TEXT NOT NULL CHECK (scope IN ('full', 'federal')),
                imported_at   INTEGER NOT NULL,
                superseded_at INTEGER,
                UNIQUE (election, code, revision)
            ) STRICT;
            CREATE UNIQUE INDEX ballot_style_current ON ballot_style (election, code) WHERE superseded_at IS NULL;
            CREATE TRIGGER ballot_style_frozen BEFORE UPDATE OF id, election, code, revision, name, party, scope, imported_at ON ballot_style
                BEGIN SELECT RAISE(ABORT, 'a ballot style never changes: a correction is a new revision'); END;
            CREATE TRIGGER ballot_style_kept BEFORE DELETE ON ballot_style
                BEGIN SELECT RAISE(ABORT, 'a ballot style is never deleted'); END;

            CREATE TABLE style_precinct (
                style    INTEGER NOT NULL REFERENCES ballot_style (id),
                precinct TEXT NOT NULL,
                PRIMARY KEY (style, precinct)
            ) STRICT;
            CREATE TRIGGER style_precinct_frozen BEFORE UPDATE ON style_precinct
                BEGIN SELECT RAISE(ABORT, 'a ballot style never changes: a correction is a new revision'); END;
            CREATE TRIGGER style_precinct_kept BEFORE DELETE ON style_precinct
                BEGIN SELECT RAISE(ABORT, 'a ballot style never changes: a correction is a new revision'); END;

            -- The vendor's files, by content.
            CREATE TABLE style_file (
                style    INTEGER NOT NULL REFERENCES ballot_style (id),
                language TEXT NOT NULL,
                sha256   BLOB NOT NULL CHECK (length(sha256) = 32),
                length   INTEGER NOT NULL,
                pages    INTEGER NOT NULL,
                repaired INTEGER NOT NULL CHECK (repaired IN (0, 1)),
                PRIMARY KEY (style, language)
            ) STRICT;
            CREATE TRIGGER style_file_frozen BEFORE UPDATE ON style_file
                BEGIN SELECT RAISE(ABORT, 'a ballot style never changes: a correction is a new revision'); END;
            CREATE TRIGGER style_file_kept BEFORE DELETE ON style_file
                BEGIN SELECT RAISE(ABORT, 'a ballot style never changes: a correction is a new revision'); END;

            -- What every voter of a style, language and paper receives first, byte for byte; the bytes are in the counter's database.
            CREATE TABLE base (
                id         INTEGER PRIMARY KEY,
                hash       BLOB NOT NULL CHECK (length(hash) = 32),
                style      INTEGER NOT NULL REFERENCES ballot_style (id),
                language   TEXT NOT NULL,
                paper      TEXT NOT NULL CHECK (paper IN ('letter', 'a4')),
                length     INTEGER NOT NULL,
                plan       TEXT NOT NULL,
                first_ballot_page INTEGER NOT NULL,
                last_ballot_page  INTEGER NOT NULL,
                made_at    INTEGER NOT NULL,
                retired_at INTEGER,
                UNIQUE (style, language, paper, hash)
            ) STRICT;
            CREATE UNIQUE INDEX base_current ON base (style, language, paper) WHERE retired_at IS NULL;
            CREATE TRIGGER base_frozen BEFORE UPDATE OF id, hash, style, language, paper, length, plan, first_ballot_page, last_ballot_page,
                made_at ON base
                BEGIN SELECT RAISE(ABORT, 'a base never changes'); END;
            CREATE TRIGGER base_kept BEFORE DELETE ON base
                BEGIN SELECT RAISE(ABORT, 'a base is never deleted'); END;

            CREATE TABLE voter (
                id           INTEGER PRIMARY KEY,
                jurisdiction TEXT NOT NULL REFERENCES jurisdiction (id),
                number_index BLOB NOT NULL CHECK (length(number_index) = 16),
                added_at     INTEGER NOT NULL,
                UNIQUE (jurisdiction, number_index)
            ) STRICT;
            -- The roll compares and adds; nothing of it is ever deleted (invariant 9).
            CREATE TRIGGER voter_frozen BEFORE UPDATE ON voter
                BEGIN SELECT RAISE(ABORT, 'a voter''s number never changes'); END;
            CREATE TRIGGER voter_kept BEFORE DELETE ON voter
                BEGIN SELECT RAISE(ABORT, 'a voter is never deleted'); END;

            -- A voter's standing request for one election. Personal data only in `sealed`; the clear columns are what rules and reports need.
            CREATE TABLE request (
                id           INTEGER PRIMARY KEY,
                election     INTEGER NOT NULL REFERENCES election (id),
                voter        INTEGER NOT NULL REFERENCES voter (id),
                voter_class  TEXT NOT NULL,
                location     TEXT,
                form         TEXT NOT NULL,
                method       TEXT,
                request_date TEXT NOT NULL,
                status       TEXT NOT NULL CHECK (status IN ('accepted', 'pending', 'rejected', 'cancelled')),
                valid_to     TEXT NOT NULL,
                preference   TEXT NOT NULL,
                language     TEXT NOT NULL,
                protected    INTEGER NOT NULL CHECK (protected IN (0, 1)),
                released_at  INTEGER,
                precinct     TEXT NOT NULL,
                party        TEXT NOT NULL,
                email_index  BLOB,
                fingerprint  BLOB NOT NULL CHECK (length(fingerprint) = 16),
                key_id       TEXT NOT NULL,
                sealed       BLOB NOT NULL,
                added_at     INTEGER NOT NULL,
                changed_at   INTEGER NOT NULL,
                UNIQUE (election, voter)
            ) STRICT;
            CREATE INDEX request_email ON request (email_index) WHERE email_index IS NOT NULL;
            CREATE INDEX request_voter ON request (voter);
            CREATE TRIGGER request_kept BEFORE DELETE ON request
                BEGIN SELECT RAISE(ABORT, 'a request is never deleted'); END;

            -- Rows of a roll that could not be read, kept so that nobody is lost (`voters import --hold-refused`).
            CREATE TABLE held_row (
                id           INTEGER PRIMARY KEY,
                election     INTEGER NOT NULL REFERENCES election (id),
                number_index BLOB,
                line         INTEGER NOT NULL,
                key_id       TEXT NOT NULL,
                sealed       BLOB NOT NULL,
                since        INTEGER NOT NULL,
                cleared_at   INTEGER
            ) STRICT;
            CREATE INDEX held_row_open ON held_row (election, number_index) WHERE cleared_at IS NULL;
            CREATE TRIGGER held_row_kept BEFORE DELETE ON held_row
                BEGIN SELECT RAISE(ABORT, 'a held row is never deleted'); END;

            CREATE TABLE exception (
                id         INTEGER PRIMARY KEY,
                election   INTEGER NOT NULL REFERENCES election (id),
                voter      INTEGER REFERENCES voter (id),
                held_row   INTEGER REFERENCES held_row (id),
                kind       TEXT NOT NULL,
                detail     TEXT NOT NULL,
                since      INTEGER NOT NULL,
                cleared_at INTEGER
            ) STRICT;
            CREATE UNIQUE INDEX exception_open ON exception (election, voter, kind) WHERE cleared_at IS NULL AND voter IS NOT NULL;
            CREATE TRIGGER exception_kept BEFORE DELETE ON exception
                BEGIN SELECT RAISE(ABORT, 'an exception is cleared, never deleted'); END;

            CREATE TABLE batch (
                id          INTEGER PRIMARY KEY,
                election    INTEGER NOT NULL REFERENCES election (id),
                started_at  INTEGER NOT NULL,
                finished_at INTEGER,
                issued      INTEGER NOT NULL DEFAULT 0
            ) STRICT;

            CREATE TABLE ballot (
                id            BLOB PRIMARY KEY CHECK (length(id) = 16),
                election      INTEGER NOT NULL REFERENCES election (id),
                voter         INTEGER NOT NULL REFERENCES voter (id),
                sequence      INTEGER NOT NULL CHECK (sequence >= 1),
                supersedes    BLOB REFERENCES ballot (id),
                style         INTEGER NOT NULL REFERENCES ballot_style (id),
                base          BLOB NOT NULL CHECK (length(base) = 32),
                packet        BLOB NOT NULL CHECK (length(packet) = 32),
                batch         INTEGER NOT NULL REFERENCES batch (id),
                status        TEXT NOT NULL CHECK (status IN ('issued', 'sent', 'undeliverable', 'claimed', 'delivered', 'received',
                                                              'held', 'accepted', 'rejected', 'replaced', 'cancelled')),
                status_at     INTEGER NOT NULL,
                issued_at     INTEGER NOT NULL,
                return_index  BLOB NOT NULL UNIQUE CHECK (length(return_index) = 16),
                tracking      BLOB NOT NULL UNIQUE CHECK (length(tracking) = 32),
                key_id        TEXT NOT NULL,
                sealed        BLOB NOT NULL,
                UNIQUE (election, voter, sequence)
            ) STRICT;
            CREATE INDEX ballot_voter ON ballot (voter);
            CREATE UNIQUE INDEX ballot_standing ON ballot (election, voter) WHERE status NOT IN ('replaced', 'cancelled');
            -- What was issued to whom never changes; only its status moves (invariants 4 and 9).
            CREATE TRIGGER ballot_frozen BEFORE UPDATE OF id, election, voter, sequence, supersedes, style, base, packet, batch, issued_at,
                return_index, tracking ON ballot
                BEGIN SELECT RAISE(ABORT, 'a ballot never changes after it is issued'); END;
            CREATE TRIGGER ballot_kept BEFORE DELETE ON ballot
                BEGIN SELECT RAISE(ABORT, 'a ballot is never deleted'); END;

            CREATE TABLE link (
                id       BLOB PRIMARY KEY CHECK (length(id) = 16),
                ballot   BLOB NOT NULL REFERENCES ballot (id),
                key_id   TEXT NOT NULL,
                made_at  INTEGER NOT NULL,
                ended_at INTEGER
            ) STRICT;
            CREATE INDEX link_ballot ON link (ballot);
            CREATE UNIQUE INDEX link_standing ON link (ballot) WHERE ended_at IS NULL;
            CREATE TRIGGER link_kept BEFORE DELETE ON link
                BEGIN SELECT RAISE(ABORT, 'a link is ended, never deleted'); END;

            -- The outbox. A row is committed before its letter is sent; a lease says who is sending it.
            CREATE TABLE letter (
                id          INTEGER PRIMARY KEY,
                election    INTEGER NOT NULL REFERENCES election (id),
                voter       INTEGER NOT NULL REFERENCES voter (id),
                ballot      BLOB NOT NULL REFERENCES ballot (id),
                link        BLOB NOT NULL REFERENCES link (id),
                kind        TEXT NOT NULL,
                state       TEXT NOT NULL CHECK (state IN ('queued', 'sending', 'deferred', 'sent', 'refused', 'withdrawn')),
                attempts    INTEGER NOT NULL DEFAULT 0,
                queued_at   INTEGER NOT NULL,
                due_at      INTEGER NOT NULL,
                lease_until INTEGER,
                leased_by   TEXT,
                ended_at    INTEGER,
                reply       TEXT,
                UNIQUE (link, kind)
            ) STRICT;
            CREATE INDEX letter_ballot ON letter (ballot);
            CREATE INDEX letter_due ON letter (due_at, id) WHERE state IN ('queued', 'sending', 'deferred');

            -- Every envelope that came in is a piece; which piece counts is decided, at most one for a voter and an election.
            CREATE TABLE return_piece (
                id          INTEGER PRIMARY KEY,
                election    INTEGER NOT NULL REFERENCES election (id),
                voter       INTEGER NOT NULL REFERENCES voter (id),
                ballot      BLOB REFERENCES ballot (id),
                kind        TEXT NOT NULL CHECK (kind IN ('ballot', 'fwab')),
                received_at INTEGER NOT NULL,
                recorded_at INTEGER NOT NULL,
                decision    TEXT CHECK (decision IN ('accepted', 'rejected', 'held')),
                reason      TEXT,
                decided_at  INTEGER,
                CHECK ((decision IS NULL) = (decided_at IS NULL)),
                CHECK ((decision = 'rejected') = (reason IS NOT NULL) OR decision IS NULL)
            ) STRICT;
            CREATE UNIQUE INDEX return_piece_ballot ON return_piece (ballot) WHERE ballot IS NOT NULL;
            CREATE UNIQUE INDEX return_piece_counted ON return_piece (election, voter) WHERE decision = 'accepted';
            CREATE INDEX return_piece_voter ON return_piece (election, voter);
            CREATE TRIGGER return_piece_kept BEFORE DELETE ON return_piece
                BEGIN SELECT RAISE(ABORT, 'an envelope that came stays in the books'); END;

            -- Everything that happened, chained: hash = SHA-256(hash of the row before ‖ canonical). Rows are numbered without gaps.
            CREATE TABLE journal (
                seq       INTEGER PRIMARY KEY CHECK (seq >= 1),
                at        INTEGER NOT NULL,
                kind      TEXT NOT NULL,
                election  INTEGER,
                voter     INTEGER,
                ballot    BLOB,
                canonical BLOB NOT NULL,
                hash      BLOB NOT NULL CHECK (length(hash) = 32)
            ) STRICT;
            CREATE INDEX journal_ballot ON journal (ballot) WHERE ballot IS NOT NULL;
            -- What `issue` goes by: election, styles and roll as they came in, and who was released
            -- or has a ballot.
            CREATE INDEX journal_basis ON journal (election, seq)
                WHERE kind IN ('election_imported', 'style_imported', 'style_withdrawn', 'roll_imported');
            CREATE INDEX journal_voter ON journal (voter, at) WHERE kind IN ('issued', 'released');
            CREATE TRIGGER journal_kept BEFORE DELETE ON journal
                BEGIN SELECT RAISE(ABORT, 'the journal only grows'); END;
            CREATE TRIGGER journal_frozen BEFORE UPDATE ON journal
                BEGIN SELECT RAISE(ABORT, 'the journal only grows'); END;
            """),
        Migration(
            "0002 inserts",
            """
            -- The office's own PDFs, by path: {sha256, length, pages, repaired}. Frozen by the first ballot, as `texts` are.
            ALTER TABLE election ADD COLUMN inserts TEXT NOT NULL DEFAULT '{}';

            -- A style's voters in a language and on a paper receive one base for each set of instructions. `instructions` is the SHA-256 of the
            -- office's file in hexadecimal, empty for none. SQLite cannot change what must be unique: the table is made anew.
            CREATE TABLE base_by_set (
                id         INTEGER PRIMARY KEY,
                hash       BLOB NOT NULL CHECK (length(hash) = 32),
                style      INTEGER NOT NULL REFERENCES ballot_style (id),
                language   TEXT NOT NULL,
                paper      TEXT NOT NULL CHECK (paper IN ('letter', 'a4')),
                instructions TEXT NOT NULL CHECK (length(instructions) IN (0, 64)),
                length     INTEGER NOT NULL,
                plan       TEXT NOT NULL,
                first_ballot_page INTEGER NOT NULL,
                last_ballot_page  INTEGER NOT NULL,
                made_at    INTEGER NOT NULL,
                retired_at INTEGER,
                UNIQUE (style, language, paper, instructions, hash)
            ) STRICT;
            INSERT INTO base_by_set (id, hash, style, language, paper, instructions, length, plan, first_ballot_page, last_ballot_page,
                    made_at, retired_at)
                SELECT id, hash, style, language, paper, '', length, plan, first_ballot_page, last_ballot_page, made_at, retired_at FROM base;
            DROP TABLE base;
            ALTER TABLE base_by_set RENAME TO base;
            CREATE UNIQUE INDEX base_current ON base (style, language, paper, instructions) WHERE retired_at IS NULL;
            CREATE TRIGGER base_frozen BEFORE UPDATE OF id, hash, style, language, paper, instructions, length, plan, first_ballot_page,
                last_ballot_page, made_at ON base
                BEGIN SELECT RAISE(ABORT, 'a base never changes'); END;
            CREATE TRIGGER base_kept BEFORE DELETE ON base
                BEGIN SELECT RAISE(ABORT, 'a base is never deleted'); END;
            """),
        Migration(
            "0003 mail serials",
            """
            -- Where the office has a Mailer ID: the number of the voter's envelope, counted on over all elections. Its last digits, as many as
            -- the Mailer ID leaves, are the serial number in the Intelligent Mail barcode.
            ALTER TABLE ballot ADD COLUMN mail_serial INTEGER;
            CREATE UNIQUE INDEX ballot_mail_serial ON ballot (mail_serial) WHERE mail_serial IS NOT NULL;
            CREATE TRIGGER ballot_mail_serial_frozen BEFORE UPDATE OF mail_serial ON ballot
                BEGIN SELECT RAISE(ABORT, 'a ballot never changes after it is issued'); END;
            """),
        Migration(
            "0004 mailroom",
            """
            -- Letters of every kind: some carry no link to the ballot. `sealed` is what only this letter knows: whom it goes to, where that is
            -- not the address on the roll, and why a ballot was rejected. SQLite cannot drop NOT NULL: the table is made anew.
            CREATE TABLE letter_of_any_kind (
                id          INTEGER PRIMARY KEY,
                election    INTEGER NOT NULL REFERENCES election (id),
                voter       INTEGER NOT NULL REFERENCES voter (id),
                ballot      BLOB NOT NULL REFERENCES ballot (id),
                link        BLOB REFERENCES link (id),
                kind        TEXT NOT NULL,
                state       TEXT NOT NULL,
                attempts    INTEGER NOT NULL DEFAULT 0,
                queued_at   INTEGER NOT NULL,
                due_at      INTEGER NOT NULL,
                lease_until INTEGER,
                leased_by   TEXT,
                ended_at    INTEGER,
                reply       TEXT,
                -- By which kind of fault the relay refused it: a word of RefusalClass, or `expired` where it was tried for days.
                refusal     TEXT,
                -- What came back for it, the gravest so far.
                bounce      TEXT,
                bounced_at  INTEGER,
                key_id      TEXT,
                sealed      BLOB,
                UNIQUE (link, kind),
                -- With OR: SQLite makes a table of its own for each IN, every time that a row is written.
                CHECK ((state = 'queued' OR state = 'sending' OR state = 'deferred') = (ended_at IS NULL)),
                CHECK (ended_at IS NULL OR state = 'sent' OR state = 'refused' OR state = 'withdrawn'),
                CHECK ((kind = 'ballot_ready' OR kind = 'new_link' OR kind = 'reminder' OR kind = 'reminder_post') = (link IS NOT NULL)),
                CHECK (bounce IS NULL OR bounce = 'hard' OR bounce = 'soft' OR bounce = 'auto_reply' OR bounce = 'complaint'),
                CHECK ((bounce IS NULL) = (bounced_at IS NULL)),
                CHECK ((sealed IS NULL) = (key_id IS NULL))
            ) STRICT;
            INSERT INTO letter_of_any_kind (id, election, voter, ballot, link, kind, state, attempts, queued_at, due_at, lease_until, leased_by,
                    ended_at, reply)
                SELECT id, election, voter, ballot, link, kind, state, attempts, queued_at, due_at, lease_until, leased_by, ended_at, reply
                FROM letter;
            DROP TABLE letter;
            ALTER TABLE letter_of_any_kind RENAME TO letter;
            CREATE INDEX letter_ballot ON letter (ballot);
            CREATE INDEX letter_due ON letter (due_at, id) WHERE ended_at IS NULL;
            CREATE TRIGGER letter_kept BEFORE DELETE ON letter
                BEGIN SELECT RAISE(ABORT, 'a letter is never deleted'); END;

            -- Since when nothing is sent (`letters pause`); NULL: letters go out.
            ALTER TABLE office ADD COLUMN mail_paused_at INTEGER;
            """),
        Migration(
            "0005 wishes",
            """
            -- How far the counter's wishes for new links are known here; moved when one is granted, refused or put on the list.
            ALTER TABLE office ADD COLUMN wishes_known INTEGER NOT NULL DEFAULT 0;
            """)
    ]
}
