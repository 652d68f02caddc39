import Elections
import Foundation
import Keys
import Office
import Storage
import Testing

/// What whoever controls the internet-facing process can do: he writes into `counter.sqlite` whatever he likes, and has no key and not the
/// books.
enum HostileCounter {
    /// Runs a script on the counter's file from outside, with no constraint, foreign key or guard in its way.
    ///
    /// `BALLOT(V1)`, `LINK(V1)` stand for the ids of a voter's ballot and standing link.
    static func run(_ script: String, on test: TestOffice, without guards: [String] = []) throws {
        let dropped = guards.map { "DROP TRIGGER \($0);" }.joined()
        try ReportsOffice.python(python, test.office.counter.path, dropped + (try filled(script, test)))
    }

    private static let python = """
        import sqlite3, sys
        base = sqlite3.connect(sys.argv[1], timeout=20)
        base.execute("PRAGMA ignore_check_constraints = ON")
        base.executescript(sys.argv[2])
        base.commit()
        base.close()
        """

    /// Makes a tree of a table's pages whose branches all lead to one leaf: a walk through it would give 2,000,000,000,000 times its rows.
    static func knot(_ table: String, in file: String) throws {
        try ReportsOffice.python(
            """
            import sqlite3, struct, sys
            path, table = sys.argv[1:]
            base = sqlite3.connect(path)
            root, = base.execute("SELECT rootpage FROM sqlite_master WHERE name = ? AND type = 'table'", (table,)).fetchone()
            base.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            base.close()
            size = 4096
            pages = bytearray(open(path, 'rb').read())
            start = lambda page: (page - 1) * size
            leaf = root
            while pages[start(leaf)] == 5:
                leaf = struct.unpack('>I', pages[start(leaf) + 8:start(leaf) + 12])[0]
            if leaf == root:
                pages += pages[start(root):start(root) + size]
                leaf = len(pages) // size
            def number(value):
                digits = [value & 127]
                while value := value >> 7:
                    digits.append(value & 127 | 128)
                return bytes(reversed(digits))
            def branches(child, count=300):
                page, end, places = bytearray(size), size, []
                for index in range(count):
                    cell = struct.pack('>I', child) + number(2 ** 40 + index)
                    end -= len(cell)
                    page[end:end + len(cell)] = cell
                    places.append(end)
                page[0:12] = struct.pack('>BHHHB', 5, 0, count, end, 0) + struct.pack('>I', child)
                for index, place in enumerate(places):
                    page[12 + 2 * index:14 + 2 * index] = struct.pack('>H', place)
                return page
            child = leaf
            for _ in range(4):
                pages += branches(child)
                child = len(pages) // size
            pages[start(root):start(root) + size] = branches(child)
            pages[28:32] = struct.pack('>I', len(pages) // size)
            pages[92:96] = pages[24:28]
            open(path, 'wb').write(pages)
            """, file, table)
    }

    private static func filled(_ script: String, _ test: TestOffice) throws -> String {
        var text = script
        for number in 1...9 where text.contains("(V\(number))") {
            let ballot = try test.ballot("V\(number)")
            text = text.replacingOccurrences(of: "BALLOT(V\(number))", with: "x'\(ReportsOffice.hex(ballot))'")
            guard text.contains("LINK(V\(number))") else { continue }
            text = text.replacingOccurrences(of: "LINK(V\(number))", with: "x'\(ReportsOffice.hex(try link(of: "V\(number)", test)))'")
        }
        return text
    }

    /// The link of a voter that stands in the books.
    static func link(of number: String, _ test: TestOffice) throws -> [UInt8] {
        let ballot = try test.ballot(number)
        return try #require(
            try test.office.books.read { books in
                try books.first("SELECT id FROM link WHERE ballot = $1 AND ended_at IS NULL", .blob(ballot)) { try $0.blob("id") }
            })
    }

    /// The office as a crash leaves it that comes after the counter was written and before the books were: `work` is done, and then the books
    /// are what they were before.
    static func interrupted(_ test: TestOffice, _ work: (TestOffice) throws -> Void) throws -> TestOffice {
        let files = FileManager.default
        try test.office.books.checkpoint()
        let books = try Data(contentsOf: URL(fileURLWithPath: test.office.books.path))
        try work(test)
        try test.office.books.checkpoint()
        try test.office.unguardedCounter.checkpoint()
        let folder = files.temporaryDirectory.appendingPathComponent("uocava-interrupted-\(UUID().uuidString)")
        try files.copyItem(at: test.folder, to: folder)
        for end in ["-wal", "-shm"] { try? files.removeItem(at: folder.appendingPathComponent("office.sqlite\(end)")) }
        try books.write(to: folder.appendingPathComponent("office.sqlite"))
        return try TestOffice(at: folder, clock: TestOffice.ClockBox(test.now))
    }

    /// The facts of the journal's rows of a kind, oldest first.
    static func journal(_ kind: String, _ test: TestOffice) throws -> [JSONValue] {
        try test.office.books.read { books in
            try books.all("SELECT canonical FROM journal WHERE kind = $1 ORDER BY seq", .text(kind)) {
                try JSONValue.parse(try $0.blob("canonical"))
            }
        }
    }

    static func count(_ sql: String, _ test: TestOffice) throws -> Int { try test.office.books.read { try $0.count(sql) } }

    /// Everything that would reach a voter or change a voter's link.
    static func voters(_ test: TestOffice) throws -> [[String]] {
        try test.office.books.read { books in
            [
                try books.all("SELECT id || ' ' || hex(link) || ' ' || state AS line FROM letter ORDER BY id") { try $0.text("line") },
                try books.all("SELECT hex(id) || hex(ballot) || ifnull(ended_at, '-') AS line FROM link ORDER BY id") {
                    try $0.text("line")
                },
                try books.all("SELECT hex(id) || status || status_at AS line FROM ballot ORDER BY id") { try $0.text("line") }
            ]
        }
    }

    /// What the audit finds, a line each.
    static func findings(_ test: TestOffice) throws -> [String] {
        try Audit(test.office).run().findings.map { "\($0.invariant): \($0.subject): \($0.detail)" }
    }

    /// A voter opens the link, and where `whole` downloads everything.
    static func claim(_ number: String, _ test: TestOffice, whole: Bool = false) async throws {
        let birthday = try #require(TestOffice.voters.first { $0.number == number }?.birthday)
        let counter = Counter(database: test.office.unguardedCounter, clock: test.office.clock)
        guard case .opened(let cookie) = try await counter.claim(token: try test.token(number), answer: birthday),
            let visit = try await counter.visit(cookie: cookie)
        else { throw ReportsFailure("the claim of \(number) was refused") }
        if whole {
            try await counter.writeDown(0..<visit.length, of: .pdf, length: visit.length, link: visit.link, ballot: visit.ballot)
        }
        await counter.stop()
    }

    /// A link to a voter's ballot that the office did not make.
    static func forgedLink(_ number: String, state: String = "replaced", seq: String = "NULL") -> String {
        """
        INSERT INTO link (seq, id, lookup, ballot, answer, wrap, closes_at, made_at, state)
        SELECT \(seq), randomblob(16), randomblob(16), ballot, answer, wrap, closes_at, made_at, '\(state)' FROM link
        WHERE ballot = BALLOT(\(number)) LIMIT 1;
        """
    }

    /// A packet of a ballot that the office did not issue.
    static func forgedPacket(_ ballot: String, election: String = "election") -> String {
        """
        INSERT INTO packet (ballot, election, base, sha256, length, tracking, issued_at, sealed)
        SELECT \(ballot), \(election), base, randomblob(32), length, randomblob(32), issued_at, sealed FROM packet LIMIT 1;
        """
    }
}
