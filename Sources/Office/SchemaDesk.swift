import Storage

extension Schema {
    /// `office.sqlite`: the people who work at the desk.
    static let desk: [Migration] = [
        Migration(
            "0006 staff",
            """
            -- Who may sign in. `sealed` is the password's scrypt and the secret of the one-time codes, under the roll key: a thief of the file
            -- cannot even try passwords. Nobody is ever deleted, since the journal names them.
            CREATE TABLE staff (
                id           INTEGER PRIMARY KEY,
                login        TEXT NOT NULL UNIQUE CHECK (login = lower(login) AND length(login) BETWEEN 1 AND 40),
                role         TEXT NOT NULL CHECK (role = 'clerk' OR role = 'supervisor' OR role = 'auditor'),
                -- Whether every jurisdiction of the office is theirs, those of the future too.
                everywhere   INTEGER NOT NULL CHECK (everywhere IN (0, 1)),
                key_id       TEXT NOT NULL,
                sealed       BLOB NOT NULL,
                added_at     INTEGER NOT NULL,
                -- Until when the password that the office gave them opens the door for the first time.
                invited_until INTEGER NOT NULL,
                -- When they chose a password of their own and showed a first code; NULL: not yet.
                enrolled_at  INTEGER,
                -- The half minute of the last code that was used (RFC 6238, 5.2).
                code_step    INTEGER NOT NULL DEFAULT 0,
                -- Wrong sign-ins since the last right one, and until when the account rests.
                failures     INTEGER NOT NULL DEFAULT 0,
                rests_until  INTEGER NOT NULL DEFAULT 0,
                disabled_at  INTEGER
            ) STRICT;
            CREATE TRIGGER staff_frozen BEFORE UPDATE OF id, login, added_at ON staff
                BEGIN SELECT RAISE(ABORT, 'an account keeps its name'); END;
            CREATE TRIGGER staff_kept BEFORE DELETE ON staff
                BEGIN SELECT RAISE(ABORT, 'an account is disabled, never deleted'); END;

            CREATE TABLE staff_jurisdiction (
                staff        INTEGER NOT NULL REFERENCES staff (id),
                jurisdiction TEXT NOT NULL REFERENCES jurisdiction (id),
                PRIMARY KEY (staff, jurisdiction)
            ) STRICT;

            -- Codes on paper for who lost the telephone, by keyed index; each works once.
            CREATE TABLE staff_recovery (
                staff   INTEGER NOT NULL REFERENCES staff (id),
                code    BLOB NOT NULL CHECK (length(code) = 16),
                used_at INTEGER,
                PRIMARY KEY (staff, code)
            ) STRICT;

            -- Open and ended sessions, by the SHA-256 of the cookie.
            CREATE TABLE staff_session (
                id        BLOB PRIMARY KEY CHECK (length(id) = 32),
                staff     INTEGER NOT NULL REFERENCES staff (id),
                opened_at INTEGER NOT NULL,
                seen_at   INTEGER NOT NULL,
                ended_at  INTEGER
            ) STRICT;
            CREATE INDEX staff_session_open ON staff_session (staff) WHERE ended_at IS NULL;
            """),
        Migration(
            "0007 totals",
            """
            -- The sums of an election, kept by the triggers below: nobody has to count a million rows to show them, and what cannot be true the
            -- database refuses. `returned`: ballots of ours that came back; `pieces`: envelopes, write-in ballots (FWAB) too.
            CREATE TABLE election_total (
                election INTEGER PRIMARY KEY REFERENCES election (id),
                roll     INTEGER NOT NULL DEFAULT 0 CHECK (roll >= 0),
                issued   INTEGER NOT NULL DEFAULT 0 CHECK (issued >= 0),
                returned INTEGER NOT NULL DEFAULT 0 CHECK (returned >= 0),
                pieces   INTEGER NOT NULL DEFAULT 0 CHECK (pieces >= returned),
                counted  INTEGER NOT NULL DEFAULT 0 CHECK (counted >= 0),
                rejected INTEGER NOT NULL DEFAULT 0 CHECK (rejected >= 0),
                CHECK (returned <= issued),
                CHECK (counted + rejected <= pieces),
                CHECK (counted <= roll)
            ) STRICT;
            CREATE TABLE status_total (
                election INTEGER NOT NULL REFERENCES election (id),
                status   TEXT NOT NULL,
                n        INTEGER NOT NULL CHECK (n >= 0),
                PRIMARY KEY (election, status)
            ) STRICT, WITHOUT ROWID;
            -- By half hours since 1970 in UTC, which every zone's days are made of.
            CREATE TABLE half_hour_total (
                election  INTEGER NOT NULL REFERENCES election (id),
                half_hour INTEGER NOT NULL,
                issued    INTEGER NOT NULL DEFAULT 0,
                pieces    INTEGER NOT NULL DEFAULT 0,
                PRIMARY KEY (election, half_hour)
            ) STRICT, WITHOUT ROWID;

            INSERT INTO election_total (election, roll, issued, returned, pieces, counted, rejected)
                SELECT e.id, (SELECT count(*) FROM request r WHERE r.election = e.id), (SELECT count(*) FROM ballot b WHERE b.election = e.id),
                    (SELECT count(*) FROM return_piece p WHERE p.election = e.id AND p.ballot IS NOT NULL),
                    (SELECT count(*) FROM return_piece p WHERE p.election = e.id),
                    (SELECT count(*) FROM return_piece p WHERE p.election = e.id AND p.decision = 'accepted'),
                    (SELECT count(*) FROM return_piece p WHERE p.election = e.id AND p.decision = 'rejected')
                FROM election e;
            INSERT INTO status_total (election, status, n) SELECT election, status, count(*) FROM ballot GROUP BY election, status;
            INSERT INTO half_hour_total (election, half_hour, issued)
                SELECT election, issued_at / 1800000, count(*) FROM ballot GROUP BY 1, 2;
            INSERT INTO half_hour_total (election, half_hour, pieces)
                SELECT election, received_at / 1800000, count(*) FROM return_piece WHERE true GROUP BY 1, 2
                ON CONFLICT (election, half_hour) DO UPDATE SET pieces = excluded.pieces;

            CREATE TRIGGER election_counted AFTER INSERT ON election
                BEGIN INSERT INTO election_total (election) VALUES (new.id); END;
            CREATE TRIGGER request_counted AFTER INSERT ON request
                BEGIN UPDATE election_total SET roll = roll + 1 WHERE election = new.election; END;
            CREATE TRIGGER ballot_counted AFTER INSERT ON ballot BEGIN
                UPDATE election_total SET issued = issued + 1 WHERE election = new.election;
                INSERT INTO status_total (election, status, n) VALUES (new.election, new.status, 1)
                    ON CONFLICT (election, status) DO UPDATE SET n = n + 1;
                INSERT INTO half_hour_total (election, half_hour, issued) VALUES (new.election, new.issued_at / 1800000, 1)
                    ON CONFLICT (election, half_hour) DO UPDATE SET issued = issued + 1;
            END;
            CREATE TRIGGER ballot_status_counted AFTER UPDATE OF status ON ballot WHEN old.status <> new.status BEGIN
                UPDATE status_total SET n = n - 1 WHERE election = new.election AND status = old.status;
                INSERT INTO status_total (election, status, n) VALUES (new.election, new.status, 1)
                    ON CONFLICT (election, status) DO UPDATE SET n = n + 1;
            END;
            CREATE TRIGGER return_piece_counting AFTER INSERT ON return_piece BEGIN
                UPDATE election_total SET pieces = pieces + 1, returned = returned + (new.ballot IS NOT NULL),
                    counted = counted + (new.decision IS 'accepted'), rejected = rejected + (new.decision IS 'rejected')
                    WHERE election = new.election;
                INSERT INTO half_hour_total (election, half_hour, pieces) VALUES (new.election, new.received_at / 1800000, 1)
                    ON CONFLICT (election, half_hour) DO UPDATE SET pieces = pieces + 1;
            END;
            CREATE TRIGGER return_piece_decided AFTER UPDATE OF decision ON return_piece BEGIN
                UPDATE election_total SET counted = counted + (new.decision IS 'accepted') - (old.decision IS 'accepted'),
                    rejected = rejected + (new.decision IS 'rejected') - (old.decision IS 'rejected')
                    WHERE election = new.election;
            END;
            -- Which voter, ballot and election an envelope belongs to, and when it came, stays as it was written down.
            CREATE TRIGGER return_piece_frozen BEFORE UPDATE OF id, election, voter, ballot, kind, received_at, recorded_at ON return_piece
                BEGIN SELECT RAISE(ABORT, 'an envelope that came stays as it was written down'); END;
            """),
        Migration(
            "0008 envelopes",
            """
            -- An envelope without a code is written down once for a voter and a kind: who looks the voter up twice means the same.
            CREATE UNIQUE INDEX return_piece_without_code ON return_piece (election, voter, kind) WHERE ballot IS NULL;
            -- What waits for a decision, in the order in which it came.
            CREATE INDEX return_piece_waiting ON return_piece (election, id) WHERE decision IS NULL OR decision = 'held';
            -- What happened to a voter and not to a ballot, for the voter's page.
            CREATE INDEX journal_of_voter ON journal (voter, election) WHERE kind IN ('noted', 'transmitted', 'piece_received', 'piece_held',
                'piece_accepted', 'piece_rejected', 'piece_reversed');
            """),
        Migration(
            "0009 approvals",
            """
            -- What waits for a second person. Nobody says yes to what they asked for themselves.
            CREATE TABLE approval (
                id         INTEGER PRIMARY KEY,
                election   INTEGER NOT NULL REFERENCES election (id),
                voter      INTEGER NOT NULL REFERENCES voter (id),
                piece      INTEGER REFERENCES return_piece (id),
                kind       TEXT NOT NULL CHECK (kind = 'new_link' OR kind = 'reversal'),
                key_id     TEXT NOT NULL,
                sealed     BLOB NOT NULL,
                asked_by   TEXT NOT NULL,
                asked_at   INTEGER NOT NULL,
                outcome    TEXT CHECK (outcome = 'approved' OR outcome = 'refused' OR outcome = 'withdrawn'),
                decided_by TEXT,
                decided_at INTEGER,
                CHECK ((outcome IS NULL) = (decided_by IS NULL) AND (outcome IS NULL) = (decided_at IS NULL)),
                CHECK (outcome IS NOT 'approved' OR decided_by <> asked_by),
                CHECK ((kind = 'reversal') = (piece IS NOT NULL))
            ) STRICT;
            -- When a roll brought another e-mail address; NULL: it is the first that came.
            ALTER TABLE request ADD COLUMN email_changed_at INTEGER;
            CREATE UNIQUE INDEX approval_waiting ON approval (election, voter, kind, ifnull(piece, 0)) WHERE outcome IS NULL;
            CREATE TRIGGER approval_frozen BEFORE UPDATE OF id, election, voter, piece, kind, key_id, sealed, asked_by, asked_at ON approval
                BEGIN SELECT RAISE(ABORT, 'what was asked for stays as it was asked'); END;
            CREATE TRIGGER approval_decided_once BEFORE UPDATE ON approval WHEN old.outcome IS NOT NULL
                BEGIN SELECT RAISE(ABORT, 'it is decided'); END;
            CREATE TRIGGER approval_kept BEFORE DELETE ON approval
                BEGIN SELECT RAISE(ABORT, 'what was asked for is never deleted'); END;
            """),
        Migration(
            "0010 transmissions",
            """
            -- Lists of the rarer standings; what every ballot passes through on its way is not worth an index.
            CREATE INDEX ballot_rare ON ballot (election, status, voter) WHERE status IN ('undeliverable', 'received', 'held', 'accepted',
                'rejected', 'replaced', 'cancelled');

            -- Ballots that were posted, faxed or handed over outside of the program: civil days on the office's wall.
            CREATE TABLE transmission (
                id            INTEGER PRIMARY KEY,
                election      INTEGER NOT NULL REFERENCES election (id),
                voter         INTEGER NOT NULL REFERENCES voter (id),
                date          TEXT NOT NULL CHECK (length(date) = 10),
                method        TEXT NOT NULL,
                ballot_number TEXT NOT NULL,
                recorded_at   INTEGER NOT NULL,
                UNIQUE (election, voter, date, method, ballot_number)
            ) STRICT;
            CREATE TRIGGER transmission_frozen BEFORE UPDATE ON transmission
                BEGIN SELECT RAISE(ABORT, 'what was sent stays as it was written down'); END;
            CREATE TRIGGER transmission_kept BEFORE DELETE ON transmission
                BEGIN SELECT RAISE(ABORT, 'what was sent stays in the books'); END;
            """)
    ]
}
