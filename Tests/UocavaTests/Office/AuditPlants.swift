import Elections
import Foundation
import Keys
import Office
import Storage
import Testing

/// One thing that somebody with the file and a grudge may do, guards or none, and how the audit must name it.
struct AuditPlant: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let change: @Sendable (TestOffice) throws -> Void
    /// How findings begin: `invariant: subject`.
    let expected: @Sendable (TestOffice) throws -> [String]

    private init(
        _ name: String, finds expected: String..., change: @escaping @Sendable (TestOffice) throws -> Void
    ) {
        testDescription = name
        self.change = change
        self.expected = { test in try expected.map { try Self.filled($0, test) } }
    }

    /// `BALLOT(V1)` is the id as SQL, `ID(V1)` as the audit prints it, `VOTER(V1)` the voter's row.
    private static func filled(_ text: String, _ test: TestOffice) throws -> String {
        var text = text
        for number in 1...9 where text.contains("(V\(number))") {
            // Where the ballot itself is gone its letters' journal still names it.
            let voter = try test.voter("V\(number)")
            let id = try test.office.books.read { books in
                try books.first(
                    "SELECT ballot FROM journal WHERE voter = $1 AND ballot IS NOT NULL ORDER BY seq LIMIT 1", .integer(voter),
                    decode: { ReportsOffice.hex(try $0.blob("ballot")) })
            }
            let known = try #require(id)
            text = text.replacingOccurrences(of: "BALLOT(V\(number))", with: "x'\(known)'")
            text = text.replacingOccurrences(of: "ID(V\(number))", with: known)
            text = text.replacingOccurrences(of: "VOTER(V\(number))", with: "\(voter)")
        }
        return text
    }

    static func text(of name: String, in database: DatabaseFile) throws -> String {
        try #require(
            try database.read { try $0.first("SELECT sql FROM sqlite_master WHERE name = $1", .text(name)) { try $0.text("sql") } })
    }

    private static func run(_ script: String, in database: DatabaseFile, _ test: TestOffice) throws {
        try test.plant(try filled(script, test), in: database)
    }

    private static func books(_ name: String, finds expected: String, _ more: String..., script: String) -> AuditPlant {
        AuditPlant(name, finds: expected) { try run(script, in: $0.office.books, $0) }.finding(more)
    }

    private static func counter(_ name: String, finds expected: String, _ more: String..., script: String) -> AuditPlant {
        AuditPlant(name, finds: expected) { try run(script, in: $0.office.unguardedCounter, $0) }.finding(more)
    }

    private func finding(_ more: [String]) -> AuditPlant {
        let (first, rest) = (expected, more)
        return AuditPlant(testDescription, change) { test in try first(test) + rest.map { try Self.filled($0, test) } }
    }

    private init(
        _ name: String, _ change: @escaping @Sendable (TestOffice) throws -> Void,
        _ expected: @escaping @Sendable (TestOffice) throws -> [String]
    ) {
        testDescription = name
        self.change = change
        self.expected = expected
    }

    /// Dates a row of the journal back, in its column and in its text, and computes every hash from there to the end anew.
    private static func rechain(_ number: String, _ kind: String, back milliseconds: Int64, _ test: TestOffice) throws {
        let ballot = try test.ballot(number)
        let guarding = try text(of: "journal_frozen", in: test.office.books)
        try test.office.books.write { books in
            try books.executeScript("DROP TRIGGER journal_frozen")
            var previous = [UInt8](repeating: 0, count: 32)
            let rows = try books.all("SELECT seq, at, kind, ballot, canonical FROM journal ORDER BY seq") { row in
                (
                    seq: try row.integer("seq"), at: Instant(milliseconds: try row.integer("at")), kind: try row.text("kind"),
                    ballot: try row.optionalBlob("ballot"), canonical: try row.blob("canonical")
                )
            }
            for row in rows {
                var (at, canonical) = (row.at, row.canonical)
                if row.kind == kind, row.ballot == ballot {
                    at = Instant(milliseconds: at.milliseconds - milliseconds)
                    let text = String(decoding: canonical, as: UTF8.self)
                    canonical = Array(text.replacingOccurrences(of: "\"at\":\"\(row.at.rfc3339)\"", with: "\"at\":\"\(at.rfc3339)\"").utf8)
                    #expect(canonical != row.canonical)
                }
                previous = SHA256.hash(previous, canonical)
                try books.execute(
                    "UPDATE journal SET at = $2, canonical = $3, hash = $4 WHERE seq = $1", .integer(row.seq), .integer(at.milliseconds),
                    .blob(canonical), .blob(previous))
            }
            try books.executeScript(guarding)
        }
    }

    private static let exchange = """
        CREATE TEMP TABLE kept AS SELECT * FROM packet WHERE ballot IN (BALLOT(V5), BALLOT(V6));
        UPDATE packet SET tracking = randomblob(32) WHERE ballot IN (BALLOT(V5), BALLOT(V6));
        UPDATE packet SET (base, sha256, length, tracking, sealed) =
            (SELECT k.base, k.sha256, k.length, k.tracking, k.sealed FROM kept k WHERE k.ballot <> packet.ballot)
            WHERE ballot IN (BALLOT(V5), BALLOT(V6));
        DROP TABLE kept;
        """

    private static func link(_ state: String) -> String {
        """
        INSERT INTO link (id, lookup, ballot, answer, wrap, closes_at, made_at, state)
        SELECT randomblob(16), randomblob(16), ballot, answer, wrap, closes_at, made_at, '\(state)' FROM link WHERE ballot = BALLOT(V6);
        """
    }

    static let all: [AuditPlant] = [
        books(
            "a journal row's time is back-dated in its column", finds: "2 journal: journal row",
            script: "UPDATE journal SET at = at - 3600000 WHERE ballot = BALLOT(V4) AND kind = 'received'"),
        books(
            "a journal row's voter is changed in its column", finds: "2 journal: journal row",
            script: "UPDATE journal SET voter = VOTER(V6) WHERE ballot = BALLOT(V5) AND kind = 'letter_queued'"),
        books(
            "a journal row's text is changed", finds: "2 journal: journal row",
            script: """
                UPDATE journal SET canonical = CAST(replace(CAST(canonical AS TEXT), 'ballot_ready', 'ballot_xeady') AS BLOB)
                WHERE ballot = BALLOT(V1) AND kind = 'letter_queued'
                """),
        books(
            "a journal row's text is no longer JSON", finds: "2 journal: journal row",

            "9 frozen: ballot ID(V5)", script: "UPDATE journal SET canonical = x'7b22' WHERE ballot = BALLOT(V5) AND kind = 'issued'"),
        books(
            "a journal row is deleted", finds: "7 growth: journal row",
            script: "DELETE FROM journal WHERE ballot = BALLOT(V2) AND kind = 'letter_queued'"),
        books(
            "the journal row of an issue is deleted", finds: "7 growth: journal row", "2 journal: ballot ID(V2)",
            script: "DELETE FROM journal WHERE ballot = BALLOT(V2) AND kind = 'issued'"),
        books(
            // The last but one is the decision; a letter tells of it.
            "the last journal rows are deleted", finds: "7 growth: journal row", "1 status: ballot ID(V4)",
            script: "DELETE FROM journal WHERE seq >= (SELECT max(seq) FROM journal) - 1"),
        books(
            "the journal is cut off where no status shows it", finds: "7 growth: journal row",
            script: """
                INSERT INTO journal (seq, at, kind, canonical, hash) SELECT seq + 1, at, kind, canonical, hash FROM journal ORDER BY seq DESC LIMIT 1;
                UPDATE office SET steps_known = (SELECT max(seq) FROM journal);
                DELETE FROM journal WHERE seq = (SELECT max(seq) FROM journal)
                """),
        AuditPlant("a decision is back-dated and the chain made anew", finds: "2 journal: journal row", "2 journal: ballot ID(V4)") {
            try rechain("V4", "accepted", back: 3_600_000, $0)
        },
        AuditPlant("an issue is back-dated by minutes and the chain made anew", finds: "2 journal: ballot ID(V5)") {
            try rechain("V5", "issued", back: 300_000, $0)
        },
        AuditPlant("an issue is back-dated everywhere that an office can write", finds: "2 journal: V5") {
            try rechain("V5", "issued", back: 300_000, $0)
            try run(
                "UPDATE ballot SET issued_at = issued_at - 300000, status_at = status_at - 300000 WHERE id = BALLOT(V5)",
                in: $0.office.books,
                $0)
        },
        books(
            "a ballot's status is changed", finds: "1 status: ballot ID(V5)",
            script: "UPDATE ballot SET status = 'sent' WHERE id = BALLOT(V5)"),
        books(
            "a ballot's time of issue is changed", finds: "2 journal: ballot ID(V5)",
            script: "UPDATE ballot SET issued_at = issued_at - 1 WHERE id = BALLOT(V5)"),
        books(
            "the time of a ballot's status is changed", finds: "2 journal: ballot ID(V4)",
            script: "UPDATE ballot SET status_at = status_at - 1 WHERE id = BALLOT(V4)"),
        books(
            "a ballot is given to another style", finds: "9 frozen: ballot ID(V5)", "4 packet: V5",
            script: "UPDATE ballot SET style = (SELECT style FROM ballot WHERE id = BALLOT(V6)) WHERE id = BALLOT(V5)"),
        books(
            "a ballot is deleted with all that hangs on it", finds: "7 growth: ballot ID(V6)", "5 links: link",
            script:
                "DELETE FROM letter WHERE ballot = BALLOT(V6); DELETE FROM link WHERE ballot = BALLOT(V6); DELETE FROM ballot WHERE id = BALLOT(V6)"
        ),
        books(
            "the time of an envelope is changed", finds: "2 journal: ballot ID(V4)",
            script: "UPDATE return_piece SET received_at = received_at - 86400000 WHERE ballot = BALLOT(V4)"),
        books(
            "a decision is changed", finds: "1 status: ballot ID(V4)",
            script: "UPDATE return_piece SET decision = 'rejected', reason = 'late' WHERE ballot = BALLOT(V4)"),
        counter(
            "two voters' packets are exchanged", finds: "4 packet: V5", "4 packet: V6", script: exchange),
        counter(
            "the bytes of a base are changed", finds: "4 packet: style",
            script: "UPDATE base SET bytes = zeroblob(length) WHERE hash = (SELECT base FROM packet WHERE ballot = BALLOT(V5))"),
        books(
            "a vendor's file is exchanged", finds: "9 frozen: style south revision 1",
            script: "UPDATE style_file SET sha256 = randomblob(32) WHERE style = (SELECT id FROM ballot_style WHERE code = 'south')"),
        books(
            "a precinct is given to another style", finds: "9 frozen: style north revision 1", "9 frozen: style south revision 1",
            script: """
                UPDATE style_precinct SET style = (SELECT id FROM ballot_style WHERE code = 'north')
                WHERE style = (SELECT id FROM ballot_style WHERE code = 'south')
                """),
        books(
            "a style's scope is changed", finds: "9 frozen: style south revision 1",
            script: "UPDATE ballot_style SET scope = 'federal' WHERE code = 'south'"),
        books(
            "a style's name is changed", finds: "9 frozen: style south revision 1",
            script: "UPDATE ballot_style SET name = 'Elsewhere' WHERE code = 'south'"),
        books(
            "a style is set aside by hand", finds: "9 frozen: style south revision 1",
            script: "UPDATE ballot_style SET superseded_at = 5 WHERE code = 'south'"),
        books(
            "a style is added by hand", finds: "9 frozen: style west revision 1",
            script: """
                INSERT INTO ballot_style (election, code, revision, name, party, scope, imported_at)
                SELECT election, 'west', 1, name, party, scope, imported_at FROM ballot_style WHERE code = 'south'
                """),
        books(
            "where a base is filled in is changed", finds: "9 frozen: style south revision 1",
            script: """
                UPDATE base SET plan = replace(plan, '"x":', '"x":1') WHERE style = (SELECT id FROM ballot_style WHERE code = 'south')
                """),
        books(
            "a base is taken out of use", finds: "9 frozen: style south revision 1",
            script: "UPDATE base SET retired_at = 5 WHERE style = (SELECT id FROM ballot_style WHERE code = 'south') AND paper = 'a4'"),
        books(
            "a base is put with other instructions", finds: "9 frozen: style south revision 1",
            script: """
                UPDATE base SET instructions = printf('%064d', 1) WHERE style = (SELECT id FROM ballot_style WHERE code = 'south')
                    AND paper = 'a4'
                """),
        books(
            "an election is given instructions by hand", finds: "9 frozen: election",
            script: "UPDATE election SET inserts = '{\"instructions/all.en.pdf\":{}}'"),
        books(
            "an election's deadline is moved", finds: "9 frozen: election",
            script: "UPDATE election SET definition = replace(definition, '2028-11-07T20:00', '2028-11-08T20:00')"),
        books(
            "the declaration is changed", finds: "9 frozen: election",
            script: "UPDATE election SET texts = replace(texts, 'a', 'b')"),
        books(
            "the jurisdiction is given another name", finds: "9 frozen: election", script: "UPDATE jurisdiction SET name = 'Elsewhere'"),
        books(
            "a voter is filed under another number", finds: "3 sealed: request", "9 frozen: election",
            script: "UPDATE voter SET number_index = randomblob(16) WHERE id = VOTER(V7)"),
        books(
            "a request's status is changed in clear", finds: "3 sealed: request",
            script: "UPDATE request SET status = 'cancelled' WHERE voter = VOTER(V7)"),
        books(
            "a request's address is looked up under another value", finds: "3 sealed: request",
            script: "UPDATE request SET email_index = randomblob(16) WHERE voter = VOTER(V7)"),
        books(
            "a request's fingerprint is changed", finds: "3 sealed: request", "9 frozen: election",
            script: "UPDATE request SET fingerprint = randomblob(16) WHERE voter = VOTER(V7)"),
        books(
            "a request's date of change is changed", finds: "2 journal: request",
            script: "UPDATE request SET changed_at = changed_at - 1 WHERE voter = VOTER(V7)"),
        books(
            "a protected voter is released by hand", finds: "2 journal: request",
            script: "UPDATE request SET released_at = changed_at WHERE protected = 1"),
        books(
            "the time when an envelope was written down is changed", finds: "2 journal: ballot ID(V4)",
            script: "UPDATE return_piece SET recorded_at = recorded_at - 1 WHERE ballot = BALLOT(V4)"),
        books(
            "the time of a decision is changed", finds: "2 journal: ballot ID(V4)",
            script: "UPDATE return_piece SET decided_at = decided_at - 1 WHERE ballot = BALLOT(V4)"),
        books(
            "an envelope is deleted", finds: "7 growth: ballot ID(V4)", script: "DELETE FROM return_piece WHERE ballot = BALLOT(V4)"),
        books(
            "an envelope is made up", finds: "2 journal: envelope",
            script: """
                INSERT INTO return_piece (election, voter, ballot, kind, received_at, recorded_at)
                SELECT election, voter, id, 'ballot', issued_at, issued_at FROM ballot WHERE id = BALLOT(V6)
                """),
        books(
            "an envelope without a ballot is made up", finds: "2 journal: envelope",
            script: """
                INSERT INTO return_piece (election, voter, kind, received_at, recorded_at)
                SELECT election, voter, 'fwab', issued_at, issued_at FROM ballot WHERE id = BALLOT(V6)
                """),
        books(
            "a letter is dated back", finds: "2 journal: letter",
            script: "UPDATE letter SET queued_at = queued_at - 1 WHERE ballot = BALLOT(V6)"),
        books(
            "a letter is said to be sent", finds: "2 journal: letter",
            script: "UPDATE letter SET state = 'sent', ended_at = queued_at + 1 WHERE ballot = BALLOT(V6)"),
        books(
            "a notice says another thing than it was written for", finds: "2 journal: letter",
            script: "UPDATE letter SET kind = 'received' WHERE kind = 'accepted'"),
        books(
            "a notice is withdrawn by hand", finds: "2 journal: letter",
            script: "UPDATE letter SET state = 'withdrawn', ended_at = queued_at WHERE kind = 'accepted'"),
        books(
            "a letter with a link is withdrawn by hand", finds: "2 journal: letter",
            script: "UPDATE letter SET state = 'withdrawn', ended_at = queued_at WHERE ballot = BALLOT(V6)"),
        books(
            "a letter of the books is made up", finds: "2 journal: letter",
            script: """
                INSERT INTO letter (election, voter, ballot, kind, state, queued_at, due_at)
                SELECT election, voter, id, 'accepted', 'queued', status_at, status_at FROM ballot WHERE id = BALLOT(V6)
                """),
        books(
            "a letter of the books is deleted", finds: "7 growth: letter", script: "DELETE FROM letter WHERE ballot = BALLOT(V6)"),
        books(
            "a letter has been tried more often by hand", finds: "2 journal: letter",
            script: "UPDATE letter SET attempts = 8 WHERE ballot = BALLOT(V6)"),
        books(
            "a complaint is made up", finds: "2 journal: letter",
            script: "UPDATE letter SET bounce = 'complaint', bounced_at = queued_at WHERE ballot = BALLOT(V6)"),
        books(
            "a link of the books is dated back", finds: "2 journal: link",
            script: "UPDATE link SET made_at = made_at - 1 WHERE ballot = BALLOT(V6)"),
        books(
            "a link of the books is ended by hand", finds: "2 journal: link",
            script: "UPDATE link SET ended_at = made_at + 1 WHERE ballot = BALLOT(V6)"),
        books(
            "two letters exchange their voters", finds: "5 links: letter",
            script: """
                UPDATE letter SET voter = CASE ballot WHEN BALLOT(V6) THEN VOTER(V7) ELSE VOTER(V6) END
                WHERE ballot IN (BALLOT(V6), BALLOT(V7))
                """),
        books(
            "a letter is never due", finds: "5 links: letter",
            script: "UPDATE letter SET due_at = due_at + 400000000000 WHERE ballot = BALLOT(V6)"),
        books(
            "a letter is in somebody's hand for ever", finds: "5 links: letter",
            script: """
                UPDATE letter SET state = 'sending', leased_by = 'x', lease_until = queued_at + 400000000000 WHERE ballot = BALLOT(V6)
                """),
        books(
            "a ballot is cancelled by hand", finds: "1 status: ballot ID(V5)",
            script: "UPDATE ballot SET status = 'cancelled' WHERE id = BALLOT(V5)"),
        books(
            "what is sealed with a held row is changed", finds: "3 sealed: held row",
            script: """
                INSERT INTO held_row (election, line, key_id, sealed, since) SELECT 1, 5, key_id, sealed, 5 FROM request LIMIT 1
                """),
        counter(
            "a base's length is changed", finds: "4 packet: style",
            script: "UPDATE base SET length = length - 1 WHERE hash = (SELECT base FROM packet WHERE ballot = BALLOT(V5))"),
        counter(
            "the numbers of events are used up", finds: "7 growth: counter.sqlite",
            script: "UPDATE sqlite_sequence SET seq = 9223372036854775807 WHERE name = 'counter_event'"),
        books("a batch is dated back", finds: "2 journal: batch 1", script: "UPDATE batch SET started_at = started_at - 1"),
        books("a batch's end is dated back", finds: "2 journal: batch 1", script: "UPDATE batch SET finished_at = finished_at - 1"),
        books("a batch says that it issued more", finds: "6 buckets: batch 1", script: "UPDATE batch SET issued = issued + 1"),
        books(
            "an exception is cleared by hand", finds: "7 growth: voter",
            script: "UPDATE exception SET cleared_at = since WHERE kind = 'protected'"
        ),
        books(
            "an exception is deleted", finds: "7 growth: voter", "7 growth: exceptions",
            script: "DELETE FROM exception WHERE kind = 'protected'"),
        books(
            "an exception is made up", finds: "2 journal: exception",
            script: "INSERT INTO exception (election, voter, kind, detail, since) VALUES (1, VOTER(V6), 'no_email', '', 5)"),
        books(
            "an exception is dated back", finds: "2 journal: exception", script: "UPDATE exception SET since = since - 1"),
        counter(
            "a counter event is deleted", finds: "7 growth: counter event",
            script: "DELETE FROM counter_event WHERE seq = 1"),
        counter(
            "the last counter event is deleted", finds: "7 growth: counter events",
            script: "DELETE FROM counter_event WHERE seq = (SELECT max(seq) FROM counter_event)"),
        counter(
            "a counter event is back-dated", finds: "7 growth: counter event 1",
            script: "UPDATE counter_event SET at = at - 1 WHERE seq = 1"),
        counter(
            "a packet is marked as delivered by hand", finds: "8 delivery: ballot ID(V5)",
            script: "UPDATE packet SET delivered_at = 1 WHERE ballot = BALLOT(V5)"),
        counter(
            "what was served of a delivered packet is cut short", finds: "8 delivery: ballot ID(V1)",
            script: "UPDATE served SET ranges = '0-10' WHERE link = (SELECT id FROM link WHERE ballot = BALLOT(V1))"),
        counter(
            "a ballot has two live links", finds: "5 links: ballot ID(V6)", "7 growth: counter.sqlite",
            script: "DROP INDEX link_live;" + link("live")),
        counter("the counter has a link that the office did not make", finds: "5 links: link", script: link("retired")),
        counter(
            "a link that the office did not make has an old number", finds: "5 links: link",
            script: link("retired") + "UPDATE link SET seq = -1 WHERE state = 'retired'"),
        counter("a link is gone", finds: "5 links: link", script: "DELETE FROM link WHERE ballot = BALLOT(V6)"),
        counter(
            "a link is claimed without a visit", finds: "5 links: link",
            script: "UPDATE link SET state = 'claimed', claimed_at = 5 WHERE ballot = BALLOT(V6)"),
        books(
            "a real office is turned into a test office", finds: "10 test office: office",
            "10 test office: signing certificate", script: "UPDATE office SET test = 1"),
        books(
            "a voter's sealed record is moved to another row", finds: "3 sealed: request", "6 buckets:",
            script: "UPDATE request SET sealed = (SELECT o.sealed FROM request o WHERE o.voter = VOTER(V8)) WHERE voter = VOTER(V7)"),
        books(
            "what is sealed with a ballot is moved to another", finds: "3 sealed: ballot ID(V7)",
            script: "UPDATE ballot SET sealed = (SELECT o.sealed FROM ballot o WHERE o.id = BALLOT(V8)) WHERE id = BALLOT(V7)"),
        books(
            "a voter is taken off the roll", finds: "6 buckets: ID(V9)",
            script: "DELETE FROM request WHERE voter = VOTER(V9)")
    ]
}
