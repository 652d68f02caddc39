import Foundation
import GRDB

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

    var argument: (any DatabaseValueConvertible)? {
        switch self {
        case .null: nil
        case .integer(let number): number
        case .text(let text): text
        case .blob(let bytes): Data(bytes)
        }
    }
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
        guard case .int64(let number)? = storage(column) else { throw wrong(column) }
        return number
    }

    /// A cell that must hold text.
    package func text(_ column: String) throws -> String {
        guard case .string(let text)? = storage(column) else { throw wrong(column) }
        return text
    }

    /// A cell that must hold bytes.
    package func blob(_ column: String) throws -> [UInt8] {
        guard case .blob(let data)? = storage(column) else { throw wrong(column) }
        return [UInt8](data)
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
        switch storage(column) {
        case .null?: .null
        case .int64(let number)?: .integer(number)
        case .string(let text)?: .text(text)
        case .blob(let data)?: .blob([UInt8](data))
        case .double?, nil: throw wrong(column)
        }
    }

    private func isNull(_ column: String) throws -> Bool {
        guard let storage = storage(column) else { throw wrong(column) }
        if case .null = storage { return true }
        return false
    }

    private func storage(_ column: String) -> DatabaseValue.Storage? {
        // Not through GRDB's `Row`: its subscripts are generic over the type asked for, which is resolved anew for every cell.
        guard let index = columns.firstIndex(of: column) else { return nil }
        return DatabaseValue(sqliteStatement: statement.sqliteStatement, index: CInt(index)).storage
    }

    private func wrong(_ column: String) -> StorageError {
        StorageError(.result, "the column \(column) is missing or holds another kind of value than the program expects")
    }
}
