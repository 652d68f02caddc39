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
        // Somebody who can write the schema can make its rows anything, and as many as he likes: ours are few, each once.
        let most = 200 + texts.count
        let rows = try transaction.all(
            """
            SELECT substr(CAST(type AS TEXT), 1, 20) AS type, substr(CAST(name AS TEXT), 1, 100) AS name,
                ifnull(substr(CAST(sql AS TEXT), 1, 20000), '') AS text FROM sqlite_master LIMIT \(most + 1)
            """
        ) { row in (type: try row.text("type"), name: try row.text("name"), text: try row.text("text")) }
        if rows.count > most { return [Foreign(name: "set of more than \(most) objects", isChanged: false)] }
        var seen: Set<String> = []
        return rows.compactMap { row in
            let name = "\(row.type) \(row.name)"
            let known = texts[name]
            return known == row.text && seen.insert(name).inserted ? nil : Foreign(name: name, isChanged: known != nil)
        }
    }

    /// The names of what a database was made with and that is gone, as `trigger ballot_kept`.
    func missing(in transaction: Transaction) throws -> [String] {
        let present = Set(
            try transaction.all("SELECT type, name FROM sqlite_master") { "\(try $0.text("type")) \(try $0.text("name"))" })
        return try made.get().filter { !present.contains($0.key) && !$0.key.hasPrefix("index sqlite_") }.keys.sorted()
    }

    /// Whether rules rest on an object: a trigger, or an index that allows nothing twice. By its name as above.
    func isGuard(_ name: String) throws -> Bool {
        try name.hasPrefix("trigger ") || made.get()[name]?.hasPrefix("CREATE UNIQUE INDEX") == true
    }
}

extension Audit {
    /// Which of the two databases is meant.
    enum Database: String {
        case office = "office.sqlite"
        case counter = "counter.sqlite"
    }

    /// Names every table, index, trigger and view that was added to a database, made anew, or removed from it.
    ///
    /// - Returns: whether nothing was added or made anew.
    /// - Throws: where the schema cannot be read at all.
    func checkObjects(of database: Database, in transaction: Transaction, _ notes: Notes) throws -> Bool {
        let objects = database == .office ? SchemaObjects.office : SchemaObjects.counter
        func bare(_ name: String) -> String { String(name.drop { $0 != " " }.dropFirst()) }
        let foreign = try objects.foreign(in: transaction)
        for object in foreign {
            let sentence =
                try object.isChanged && objects.isGuard(object.name)
                ? "The guard \(bare(object.name)) is another than the one that the database was made with." : object.sentence
            notes.add(.growth, database.rawValue, Printable.escape(sentence))
        }
        for name in try objects.missing(in: transaction) {
            notes.add(
                .growth, database.rawValue,
                try objects.isGuard(name) ? "The guard \(bare(name)) was removed from the database." : "The \(name) was removed from it.")
        }
        return foreign.isEmpty
    }
}
