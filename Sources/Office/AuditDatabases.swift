import Elections
import Storage

/// The tables, indexes, triggers and views that a schema makes, as SQLite keeps their text.
struct SchemaObjects: Sendable {
    static let office = SchemaObjects(Schema.office)
    static let counter = SchemaObjects(Schema.counter)

    /// By `table link`; empty text for what SQLite makes by itself.
    private let made: Result<[String: String], any Error>

    private init(_ migrations: [Migration]) { made = Result { try Migration.objects(madeBy: migrations) } }

    /// Something in a database that this program did not make, or not so.
    struct Foreign {
        /// `trigger more`
        let name: String
        /// Whether something of this kind and name belongs there, with another text.
        let isChanged: Bool

        var sentence: String { "The \(name) \(isChanged ? "is another than the one that it was made with." : "was added to it.")" }
    }

    /// What is in a database and this program did not make. What is missing is not told here.
    func foreign(in transaction: Transaction) throws -> [Foreign] {
        let texts = try made.get()
        // Somebody who can write the schema can make its rows anything.
        let rows = try transaction.all(
            """
            SELECT substr(CAST(type AS TEXT), 1, 20) AS type, substr(CAST(name AS TEXT), 1, 100) AS name,
                ifnull(substr(CAST(sql AS TEXT), 1, 20000), '') AS text FROM sqlite_master LIMIT 1000
            """
        ) { row in (type: try row.text("type"), name: try row.text("name"), text: try row.text("text")) }
        return rows.compactMap { row in
            let name = "\(row.type) \(row.name)"
            let known = texts[name]
            return known == row.text ? nil : Foreign(name: name, isChanged: known != nil)
        }
    }

    /// Tables that a database was made with and that are gone.
    func missingTables(in transaction: Transaction) throws -> [String] {
        let present = Set(try transaction.all("SELECT name FROM sqlite_master WHERE type = 'table'") { try $0.text("name") })
        return try made.get().keys.compactMap { key in
            let name = key.hasPrefix("table ") ? String(key.dropFirst(6)) : nil
            return name.flatMap { present.contains($0) ? nil : $0 }
        }.sorted()
    }
}

extension Audit {
    /// Which of the two databases is meant.
    enum Database: String {
        case office = "office.sqlite"
        case counter = "counter.sqlite"
    }

    /// Names every table, index, trigger and view that was added to a database or made anew, and every table that is gone.
    ///
    /// - Parameter guards: triggers and indexes on which rules rest; they are called so.
    /// - Throws: where the schema cannot be read at all.
    func checkObjects(of database: Database, guards: [String], in transaction: Transaction, _ notes: Notes) throws {
        let objects = database == .office ? SchemaObjects.office : SchemaObjects.counter
        for object in try objects.foreign(in: transaction) {
            let word = guards.first { object.isChanged && (object.name == "trigger \($0)" || object.name == "index \($0)") }
            notes.add(
                .growth, database.rawValue,
                word.map { "The guard \($0) is another than the one that the database was made with." } ?? Printable.escape(object.sentence)
            )
        }
        for name in try objects.missingTables(in: transaction) {
            notes.add(.growth, database.rawValue, "The table \(name) was removed from it.")
        }
    }
}
