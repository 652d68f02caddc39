import Storage

extension Schema {
    /// `office.sqlite`: ballots in place of others, and what needs a second person besides links and reversals.
    static let replacements: [Migration] = [
        Migration(
            "0011 replacements",
            """
            -- Ballots that `issue` makes in place of others: it alone has the signing key. One waits for a voter at most. `outcome`: `issued`,
            -- `withdrawn`, or `overtaken` where the envelope of the old one came first.
            CREATE TABLE replacement (
                id         INTEGER PRIMARY KEY,
                election   INTEGER NOT NULL REFERENCES election (id),
                voter      INTEGER NOT NULL REFERENCES voter (id),
                ballot     BLOB NOT NULL REFERENCES ballot (id),
                key_id     TEXT NOT NULL,
                sealed     BLOB NOT NULL,
                queued_by  TEXT NOT NULL,
                queued_at  INTEGER NOT NULL,
                outcome    TEXT CHECK (outcome = 'issued' OR outcome = 'withdrawn' OR outcome = 'overtaken'),
                made       BLOB REFERENCES ballot (id),
                ended_at   INTEGER,
                CHECK ((outcome IS NULL) = (ended_at IS NULL)),
                CHECK ((outcome IS 'issued') = (made IS NOT NULL))
            ) STRICT;
            CREATE UNIQUE INDEX replacement_waiting ON replacement (election, voter) WHERE outcome IS NULL;
            CREATE TRIGGER replacement_frozen BEFORE UPDATE OF id, election, voter, ballot, key_id, sealed, queued_by, queued_at ON replacement
                BEGIN SELECT RAISE(ABORT, 'a replacement stays as it was asked for'); END;
            CREATE TRIGGER replacement_ended_once BEFORE UPDATE ON replacement WHEN old.outcome IS NOT NULL
                BEGIN SELECT RAISE(ABORT, 'this replacement is over'); END;
            CREATE TRIGGER replacement_kept BEFORE DELETE ON replacement
                BEGIN SELECT RAISE(ABORT, 'a replacement is never deleted'); END;
            -- Whoever writes a row into that table by hand gets no ballot: `issue` goes by the journal.
            CREATE INDEX journal_replacement ON journal (voter, at) WHERE kind = 'replacement_queued';

            -- What is still to be done at the counter for a change that stands here: to end a ballot's links, or to sweep a packet that is not
            -- wanted any more. Written in the change's transaction, gone when it is done there.
            CREATE TABLE counter_task (
                ballot BLOB PRIMARY KEY CHECK (length(ballot) = 16),
                task   TEXT NOT NULL CHECK (task = 'end_links' OR task = 'sweep')
            ) STRICT, WITHOUT ROWID;

            -- Approvals of replacements (of a `ballot` that was opened) and of batches (of a `basis`: the roll and styles that were looked at).
            -- SQLite cannot change a CHECK: the table is made anew.
            CREATE TABLE approval_of_any_kind (
                id         INTEGER PRIMARY KEY,
                election   INTEGER NOT NULL REFERENCES election (id),
                voter      INTEGER REFERENCES voter (id),
                piece      INTEGER REFERENCES return_piece (id),
                ballot     BLOB REFERENCES ballot (id),
                basis      TEXT,
                kind       TEXT NOT NULL CHECK (kind = 'new_link' OR kind = 'reversal' OR kind = 'replacement' OR kind = 'batch'),
                key_id     TEXT NOT NULL,
                sealed     BLOB NOT NULL,
                asked_by   TEXT NOT NULL,
                asked_at   INTEGER NOT NULL,
                outcome    TEXT CHECK (outcome = 'approved' OR outcome = 'refused' OR outcome = 'withdrawn'),
                decided_by TEXT,
                decided_at INTEGER,
                CHECK ((outcome IS NULL) = (decided_by IS NULL) AND (outcome IS NULL) = (decided_at IS NULL)),
                CHECK (outcome IS NOT 'approved' OR decided_by <> asked_by),
                CHECK ((kind = 'reversal') = (piece IS NOT NULL)),
                CHECK ((kind = 'replacement') = (ballot IS NOT NULL)),
                CHECK ((kind = 'batch') = (basis IS NOT NULL)),
                CHECK ((kind = 'batch') = (voter IS NULL))
            ) STRICT;
            INSERT INTO approval_of_any_kind (id, election, voter, piece, kind, key_id, sealed, asked_by, asked_at, outcome, decided_by, decided_at)
                SELECT id, election, voter, piece, kind, key_id, sealed, asked_by, asked_at, outcome, decided_by, decided_at FROM approval;
            DROP TABLE approval;
            ALTER TABLE approval_of_any_kind RENAME TO approval;
            CREATE UNIQUE INDEX approval_waiting ON approval (election, ifnull(voter, 0), kind, ifnull(piece, 0)) WHERE outcome IS NULL;
            CREATE TRIGGER approval_frozen BEFORE UPDATE OF id, election, voter, piece, ballot, basis, kind, key_id, sealed, asked_by, asked_at
                ON approval
                BEGIN SELECT RAISE(ABORT, 'what was asked for stays as it was asked'); END;
            CREATE TRIGGER approval_decided_once BEFORE UPDATE ON approval WHEN old.outcome IS NOT NULL
                BEGIN SELECT RAISE(ABORT, 'it is decided'); END;
            CREATE TRIGGER approval_kept BEFORE DELETE ON approval
                BEGIN SELECT RAISE(ABORT, 'what was asked for is never deleted'); END;
            -- The approval that a batch was begun with; one is good until a batch has ended with it.
            ALTER TABLE batch ADD COLUMN approval INTEGER REFERENCES approval (id);
            CREATE INDEX batch_approval ON batch (approval) WHERE approval IS NOT NULL;
            CREATE INDEX journal_approval ON journal (election, seq) WHERE kind IN ('approval_asked', 'approval_decided');

            -- `issue` counts a chunk's ballots at once, in the chunk's transaction: three rows written anew for every ballot were a twelfth of
            -- its time. The sums' CHECKs stand, and the audit counts again.
            DROP TRIGGER ballot_counted;
            """)
    ]
}
