import GRDB

/// The only way to a database inside ``DatabaseFile/read(_:)`` and ``DatabaseFile/write(_:)``; it must not leave the closure.
///
/// SQL is written in what SQLite and PostgreSQL share, with the parameters `$1`, `$2`, …; the values are given in that order, whatever the
/// order in which the text uses them.
package struct Transaction {
    let database: Database

    /// Runs a statement and returns the number of rows that it changed.
    @discardableResult
    package func execute(_ sql: String, _ values: SQLValue...) throws -> Int {
        try prepared(sql, values).execute()
        return database.changesCount
    }

    /// Runs several statements without parameters, separated by `;`.
    package func executeScript(_ sql: String) throws { try database.execute(sql: sql) }

    /// A statement to be run many times in this transaction.
    package func prepare(_ sql: String) throws -> PreparedStatement {
        PreparedStatement(try database.cachedStatement(sql: sqlite(sql)), in: database)
    }

    /// The first row of a result, through `decode`; nil if there is none. Also for `INSERT` and `UPDATE … RETURNING`.
    package func first<Result>(_ sql: String, _ values: SQLValue..., decode: (ResultRow) throws -> Result) throws -> Result? {
        try first(sql, values: values, decode: decode)
    }

    func first<Result>(_ sql: String, values: [SQLValue], decode: (ResultRow) throws -> Result) throws -> Result? {
        let statement = try prepared(sql, values)
        let cursor = try Row.fetchCursor(statement)
        var result: Result?
        // SQLite runs a RETURNING statement to its end at the first step, but resets it only when it is stepped past the last row.
        while try cursor.next() != nil {
            if result == nil { result = try decode(ResultRow(statement)) }
        }
        return result
    }

    /// Every row of a result, through `decode`.
    package func all<Result>(_ sql: String, _ values: SQLValue..., decode: (ResultRow) throws -> Result) throws -> [Result] {
        let statement = try prepared(sql, values)
        let cursor = try Row.fetchCursor(statement)
        let row = ResultRow(statement)
        var results: [Result] = []
        while try cursor.next() != nil { try results.append(decode(row)) }
        return results
    }

    /// Hands each row to `body` as it is read: memory does not grow with the result. `body` may run other statements.
    package func forEach(_ sql: String, _ values: SQLValue..., body: (ResultRow) throws -> Void) throws {
        try forEach(sql, values: values, body: body)
    }

    /// The same for a statement whose number of values is known only when it is written, e.g. behind `IN`: at most some ten thousand.
    package func forEach(_ sql: String, values: [SQLValue], body: (ResultRow) throws -> Void) throws {
        // Its own statement: a cached one would be reset if the body ran the same SQL.
        let statement = try database.makeStatement(sql: sqlite(sql))
        try take(values, into: statement)
        let cursor = try Row.fetchCursor(statement)
        let row = ResultRow(statement)
        while try cursor.next() != nil { try body(row) }
    }

    /// A count or a sum: the first cell of the first row, 0 if NULL or none.
    package func count(_ sql: String, _ values: SQLValue...) throws -> Int {
        try Int.fetchOne(prepared(sql, values)) ?? 0
    }

    private func prepared(_ sql: String, _ values: [SQLValue]) throws -> Statement {
        let statement = try database.cachedStatement(sql: sqlite(sql))
        try take(values, into: statement)
        return statement
    }

    private func take(_ values: [SQLValue], into statement: Statement) throws {
        // GRDB then asks for no arguments of its own, and leaves those that are bound.
        statement.setUncheckedArguments(StatementArguments())
        try statement.bind(values)
    }

    /// `$2` in our text becomes `?2`. SQLite takes `$2` as a *name* and numbers it by first appearance, so that values in order would bind
    /// wrongly and silently; `?2` is the second value wherever it stands. No text or identifier of ours contains a `$`.
    private func sqlite(_ sql: String) -> String {
        var sql = sql
        return sql.withUTF8 { text in
            String(unsafeUninitializedCapacity: text.count) { copy in
                for (index, byte) in text.enumerated() { copy[index] = byte == UInt8(ascii: "$") ? UInt8(ascii: "?") : byte }
                return text.count
            }
        }
    }
}
