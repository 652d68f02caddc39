import GRDB
import GRDBSQLite

/// A statement that one transaction runs many times with other values, such as the insert of a batch: prepared and looked up once.
///
/// It belongs to its transaction and must not leave the closure.
package struct PreparedStatement {
    private let statement: Statement
    private let database: Database
    private let row: ResultRow

    init(_ statement: Statement, in database: Database) {
        self.statement = statement
        self.database = database
        row = ResultRow(statement)
    }

    /// Runs it with these values for `$1`, `$2`, … and reads no result.
    ///
    /// - Returns: the number of rows that it changed.
    /// - Throws: what ``Transaction/execute(_:_:)`` throws; the caller's transaction is then rolled back as ever.
    @discardableResult
    package func execute(_ values: SQLValue...) throws -> Int {
        try statement.bind(values)
        while try step() {}
        return database.changesCount
    }

    /// Runs it with these values for `$1`, `$2`, … and hands the first row of its result, if there is one, to `decode`.
    package func first<Result>(_ values: SQLValue..., decode: (ResultRow) throws -> Result) throws -> Result? {
        try statement.bind(values)
        // Else it would hold its locks and its copies of the values until it is run again.
        defer { sqlite3_reset(statement.sqliteStatement) }
        return try step() ? try decode(row) : nil
    }

    /// Whether there is another row; at the end, and at an error, the statement lets go of what it holds.
    private func step() throws -> Bool {
        let code = sqlite3_step(statement.sqliteStatement)
        if code == SQLITE_ROW { return true }
        defer { sqlite3_reset(statement.sqliteStatement) }
        guard code == SQLITE_DONE else {
            throw DatabaseError(
                resultCode: ResultCode(rawValue: code), message: database.sqliteConnection.map { String(cString: sqlite3_errmsg($0)) },
                sql: statement.sql)
        }
        return false
    }
}

extension Statement {
    /// Takes in values in order, in place of all values before.
    ///
    /// Straight to SQLite: GRDB's arguments are boxed one by one, which costs more than inserting a row.
    func bind(_ values: [SQLValue]) throws {
        // A statement that still stands on a row takes no values; what its last run came to was told then.
        sqlite3_reset(sqliteStatement)
        sqlite3_clear_bindings(sqliteStatement)
        for (index, value) in values.enumerated() {
            let place = CInt(index + 1)
            let code =
                switch value {
                case .null: sqlite3_bind_null(sqliteStatement, place)
                case .integer(let number): sqlite3_bind_int64(sqliteStatement, place, number)
                case .text(let text): Self.bind(text, at: place, to: sqliteStatement)
                // An empty array has no address, and that would be NULL.
                case .blob(let bytes) where bytes.isEmpty: sqlite3_bind_zeroblob(sqliteStatement, place, 0)
                case .blob(let bytes): sqlite3_bind_blob64(sqliteStatement, place, bytes, UInt64(bytes.count), Self.copied)
                }
            guard code == SQLITE_OK else {
                throw DatabaseError(resultCode: ResultCode(rawValue: code), message: "value \(place) cannot be bound", sql: sql)
            }
        }
    }

    private static func bind(_ text: String, at place: CInt, to statement: SQLiteStatement) -> CInt {
        var text = text
        return text.withUTF8 { bytes in
            bytes.withMemoryRebound(to: CChar.self) { characters in
                sqlite3_bind_text64(
                    // As above: an empty text may have no address.
                    statement, place, characters.baseAddress ?? UnsafePointer(bitPattern: 1), UInt64(characters.count), copied,
                    UInt8(SQLITE_UTF8))
            }
        }
    }

    /// `SQLITE_TRANSIENT`, a macro that Swift does not see: SQLite copies the value before the call returns.
    private static var copied: sqlite3_destructor_type { unsafeBitCast(-1, to: sqlite3_destructor_type.self) }
}
