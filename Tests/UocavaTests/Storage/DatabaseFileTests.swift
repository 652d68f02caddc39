import Foundation
import Storage
import Testing

@Suite("Database files")
struct DatabaseFileTests {
    @Test("Values are bound by their numbers, in whatever order the text uses them")
    func binding() throws {
        let folder = try StorageFolder()
        let database = try folder.open()
        let row = try database.read { transaction in
            try transaction.first("SELECT $2 AS b, $1 AS a, $3 AS c, $1 AS again", "one", "two", .integer(3)) {
                [try $0.text("a"), try $0.text("b"), String(try $0.integer("c")), try $0.text("again")]
            }
        }
        #expect(row == ["one", "two", "3", "one"])
        try database.write { transaction in
            try transaction.execute("INSERT INTO item (name, size) VALUES ($2, $1)", .integer(7), "seven")
            try transaction.execute("UPDATE item SET size = $2 WHERE name = $1", "seven", .integer(8))
            let twelve = (1...12).map { SQLValue.integer($0) }
            var seen: Int64 = 0
            try transaction.forEach("SELECT $12 AS last, $1 AS first, $2 + $3 AS sum", values: twelve) { row in
                seen = try row.integer("last") * 10_000 + row.integer("first") * 100 + row.integer("sum")
            }
            #expect(seen == 120_105)
        }
        #expect(try database.read { try $0.count("SELECT size FROM item WHERE name = $1", "seven") } == 8)
    }

    @Test("Every kind of value comes back as it was written")
    func values() throws {
        let folder = try StorageFolder()
        let database = try folder.open()
        let bytes = (0...255).map { UInt8($0) }
        let same = try database.read { transaction in
            try transaction.first(
                "SELECT $1 AS i, $2 AS t, $3 AS b, $4 AS n, $5 AS e", .integer(.min), "né\0 🗳", .blob(bytes), .null, .blob([])
            ) {
                try $0.integer("i") == .min && $0.blob("b") == bytes && $0.optionalText("n") == nil && $0.blob("e") == []
            }
        }
        #expect(same == true)
        try database.read { transaction in
            for wrong in ["missing", "name"] {
                #expect(throws: StorageError.self) {
                    _ = try transaction.first("SELECT 'x' AS name") { try $0.integer(wrong) }
                }
            }
            do {
                _ = try transaction.first("SELECT NULL AS name") { try $0.text("name") }
                Issue.record("NULL was taken for text")
            } catch let error as StorageError {
                #expect(error.code == .result)
            }
        }
    }

    @Test("A row's body may run the statement that it stands in, and a list of any length is taken")
    func nesting() throws {
        let folder = try StorageFolder()
        let database = try folder.open()
        try database.write { transaction in
            for size in 1...600 {
                try transaction.execute("INSERT INTO item (name, size) VALUES ($1, $2)", .text("n\(size)"), .integer(Int64(size)))
            }
        }
        try database.read { transaction in
            var pairs = 0
            try transaction.forEach("SELECT size FROM item WHERE size <= 3") { _ in
                try transaction.forEach("SELECT size FROM item WHERE size <= 3") { _ in pairs += 1 }
            }
            #expect(pairs == 9)
            let names = (1...600).map { SQLValue.text("n\($0)") }
            var sum: Int64 = 0
            try transaction.forEach(
                "SELECT size FROM item WHERE name IN (\((1...600).map { "$\($0)" }.joined(separator: ", ")))", values: names
            ) { sum += try $0.integer("size") }
            #expect(sum == 600 * 601 / 2)
        }
    }

    @Test("Every commit is durable: FULL stands after opening, after migrating and after writing")
    func durable() throws {
        let folder = try StorageFolder()
        let first = try folder.open()
        #expect(try first.pragma("synchronous") == "2")
        #expect(try first.pragma("journal_mode") == "wal")
        try first.close()
        let later = try folder.open(StorageFolder.migrations + [Migration("0002 more", "CREATE TABLE more (id INTEGER PRIMARY KEY)")])
        #expect(try later.pragma("synchronous") == "2")
        try later.write { try $0.execute("INSERT INTO more (id) VALUES (1)") }
        try later.checkpoint()
        #expect(try later.pragma("synchronous") == "2")
        #expect(try later.pragma("foreign_keys") == "1")
        #expect(try later.pragma("secure_delete") == "1")
    }

    @Test("A migration runs once, and one that fails leaves nothing")
    func migrations() throws {
        let folder = try StorageFolder()
        let first = try folder.open()
        try first.write { try $0.execute("INSERT INTO item (name, size) VALUES ('kept', 1)") }
        try first.close()
        #expect(throws: StorageError.self) {
            try folder.open(
                StorageFolder.migrations + [Migration("0002 broken", "CREATE TABLE half (id INTEGER); CREATE TABLE item (id INTEGER)")])
        }
        let again = try folder.open()
        #expect(try again.read { try $0.count("SELECT count(*) FROM item") } == 1)
        #expect(try again.read { try $0.count("SELECT count(*) FROM sqlite_master WHERE name = 'half'") } == 0)
    }

    @Test("A file of a newer version is refused, untouched, with what to do")
    func newer() throws {
        let folder = try StorageFolder()
        try folder.open(StorageFolder.migrations + [Migration("0002 later", "CREATE TABLE later (id INTEGER)")]).close()
        do {
            _ = try folder.open()
            Issue.record("a newer file was opened")
        } catch let error as StorageError {
            #expect(error.code == .newer)
            #expect(error.message.contains(folder.path))
            #expect(!error.hint.isEmpty)
        }
    }

    @Test("What is missing is not made unless asked, and what is no database is said to be damaged")
    func opening() throws {
        let folder = try StorageFolder()
        func code(_ body: () throws -> DatabaseFile) -> StorageError.Code? {
            do {
                _ = try body()
                return nil
            } catch { return (error as? StorageError)?.code }
        }
        #expect(code { try DatabaseFile(path: folder.path, migrations: []) } == .cannotOpen)
        #expect(!FileManager.default.fileExists(atPath: folder.path))
        try Data(repeating: 0x41, count: 8192).write(to: URL(fileURLWithPath: folder.path))
        #expect(code { try DatabaseFile(path: folder.path, migrations: []) } == .damaged)
        #expect(code { try DatabaseFile(path: folder.path + "/no/such/folder", migrations: [], create: true) } == .cannotWrite)
    }

    @Test("Nobody else may read the file, its log or its index")
    func permissions() throws {
        let folder = try StorageFolder()
        let database = try folder.open()
        try database.write { try $0.execute("INSERT INTO item (name, size) VALUES ('x', 1)") }
        for end in ["", "-wal", "-shm"] {
            let attributes = try FileManager.default.attributesOfItem(atPath: folder.path + end)
            #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600, "\(end)")
        }
        try database.close()
    }

    @Test("What is read in one closure belongs to one moment")
    func snapshot() throws {
        let folder = try StorageFolder()
        let reader = try folder.open()
        let writer = try folder.open()
        try reader.read { transaction in
            #expect(try transaction.count("SELECT count(*) FROM item") == 0)
            try writer.write { try $0.execute("INSERT INTO item (name, size) VALUES ('x', 1)") }
            #expect(try transaction.count("SELECT count(*) FROM item") == 0)
        }
        #expect(try reader.read { try $0.count("SELECT count(*) FROM item") } == 1)
    }

    @Test("A transaction that throws leaves nothing")
    func rollback() throws {
        let folder = try StorageFolder()
        let database = try folder.open()
        #expect(throws: StorageFailure.self) {
            try database.write { transaction in
                try transaction.execute("INSERT INTO item (name, size) VALUES ('x', 1)")
                throw StorageFailure()
            }
        }
        #expect(try database.read { try $0.count("SELECT count(*) FROM item") } == 0)
    }

    @Test("A refused change, a lock and a full disk have codes, and no message tells a value")
    func codes() throws {
        let folder = try StorageFolder()
        let database = try folder.open()
        func failure<Result>(_ body: () throws -> Result) -> StorageError? {
            do {
                _ = try body()
                return nil
            } catch { return error as? StorageError }
        }
        for statement in [
            "INSERT INTO item (name, size) VALUES ($1, 0)", "INSERT INTO item (name) VALUES ($1)",
            "INSERT INTO part (item) VALUES ($1)", "INSERT INTO item (name, size) VALUES ($1, 1), ($1, 2)"
        ] {
            let refused = failure { try database.write { try $0.execute(statement, "Jane Doe") } }
            #expect(refused?.code == .constraint, "\(statement)")
            #expect(refused?.description.contains("Jane Doe") == false)
        }

        let other = try folder.open()
        try other.write { try $0.executeScript("PRAGMA busy_timeout = 20") }
        try database.write { _ in
            let busy = failure { try other.write { try $0.execute("INSERT INTO item (name, size) VALUES ('x', 1)") } }
            #expect(busy?.code == .busy)
            #expect(busy?.hint.isEmpty == false)
        }

        try database.write { try $0.executeScript("PRAGMA max_page_count = 40") }
        let full = failure { try database.write { try $0.execute("INSERT INTO item (name, size) VALUES (hex(zeroblob(500000)), 1)") } }
        #expect(full?.code == .cannotWrite)
        #expect(full?.hint.isEmpty == false)
        #expect(try database.read { try $0.count("SELECT count(*) FROM item") } == 0)
        try database.write { try $0.execute("INSERT INTO item (name, size) VALUES ('small', 1)") }
        #expect(failure { try database.write { try $0.execute("NONSENSE") } }?.code == .result)
    }
}
