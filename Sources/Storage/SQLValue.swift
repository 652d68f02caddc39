import GRDB
import GRDBSQLite

/// What a parameter of a statement and a cell of a result can hold: the four kinds that SQLite and PostgreSQL share.
package enum SQLValue: Sendable, Equatable {
    case null
    case integer(Int64)
    case text(String)
    case blob([UInt8])

    /// A value that may be missing: `nil` becomes NULL.
    package static func text(orNull text: String?) -> SQLValue { text.map(SQLValue.text) ?? .null }

    /// A value that may be missing: `nil` becomes NULL.
    package static func integer(orNull number: Int64?) -> SQLValue { number.map(SQLValue.integer) ?? .null }

    /// A value that may be missing: `nil` becomes NULL.
    package static func blob(orNull bytes: [UInt8]?) -> SQLValue { bytes.map(SQLValue.blob) ?? .null }

    /// Truth as SQLite and our `CHECK`s keep it: 0 or 1.
    package static func flag(_ flag: Bool) -> SQLValue { .integer(flag ? 1 : 0) }
}

extension SQLValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral {
    package init(stringLiteral value: String) { self = .text(value) }
    package init(integerLiteral value: Int64) { self = .integer(value) }
}

/// One row of a result, valid only inside the closure that it is handed to. Cells are asked for by column name; a name that the statement
/// does not select, or a cell of another kind than asked for, throws ``StorageError`` with code `result`: a mistake in our SQL, never input.
package struct ResultRow {
    private let statement: Statement
    private let columns: [String]

    /// The row that the statement stands on.
    init(_ statement: Statement) {
        self.statement = statement
        columns = statement.columnNames
    }

    /// A cell that must hold a whole number.
    package func integer(_ column: String) throws -> Int64 {
        let (cell, kind) = try find(column)
        guard kind == SQLITE_INTEGER else { throw wrong(column) }
        return integer(cell)
    }

    /// A cell that must hold text.
    package func text(_ column: String) throws -> String {
        let (cell, kind) = try find(column)
        guard kind == SQLITE_TEXT else { throw wrong(column) }
        return text(cell)
    }

    /// A cell that must hold bytes.
    package func blob(_ column: String) throws -> [UInt8] {
        let (cell, kind) = try find(column)
        guard kind == SQLITE_BLOB else { throw wrong(column) }
        return blob(cell)
    }

    /// A cell that holds 0 or 1.
    package func flag(_ column: String) throws -> Bool { try integer(column) != 0 }

    /// A whole number, or nil for NULL.
    package func optionalInteger(_ column: String) throws -> Int64? { try isNull(column) ? nil : integer(column) }

    /// Text, or nil for NULL.
    package func optionalText(_ column: String) throws -> String? { try isNull(column) ? nil : text(column) }

    /// Bytes, or nil for NULL.
    package func optionalBlob(_ column: String) throws -> [UInt8]? { try isNull(column) ? nil : blob(column) }

    /// A cell of any of the four kinds.
    package func value(_ column: String) throws -> SQLValue {
        let (cell, kind) = try find(column)
        return switch kind {
        case SQLITE_NULL: .null
        case SQLITE_INTEGER: .integer(integer(cell))
        case SQLITE_TEXT: .text(text(cell))
        case SQLITE_BLOB: .blob(blob(cell))
        default: throw wrong(column)
        }
    }

    private func isNull(_ column: String) throws -> Bool { try find(column).kind == SQLITE_NULL }

    // Cells are read here and not through GRDB's `Row`, whose subscripts are generic over the type asked for, which is resolved anew for
    // every cell, nor through its values, which copy bytes twice.

    private func find(_ column: String) throws -> (cell: CInt, kind: CInt) {
        guard let index = columns.firstIndex(of: column) else { throw wrong(column) }
        return (CInt(index), sqlite3_column_type(statement.sqliteStatement, CInt(index)))
    }

    private func integer(_ cell: CInt) -> Int64 { sqlite3_column_int64(statement.sqliteStatement, cell) }

    private func text(_ cell: CInt) -> String {
        // The address first: asking for it may change the count (sqlite3_column_text in SQLite's manual).
        let start = sqlite3_column_text(statement.sqliteStatement, cell)
        let count = Int(sqlite3_column_bytes(statement.sqliteStatement, cell))
        return String(decoding: UnsafeBufferPointer(start: start, count: start == nil ? 0 : count), as: UTF8.self)
    }

    private func blob(_ cell: CInt) -> [UInt8] {
        // An empty blob has no address.
        let start = sqlite3_column_blob(statement.sqliteStatement, cell)
        let count = Int(sqlite3_column_bytes(statement.sqliteStatement, cell))
        return [UInt8](UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : count))
    }

    private func wrong(_ column: String) -> StorageError {
        StorageError(.result, "the column \(column) is missing or holds another kind of value than the program expects")
    }
}
