package import Elections
import Foundation
import Keys
import Storage

/// What the books say, for people: where each ballot stands, whether the books agree, who needs attention, which styles there are.
///
/// Reports change nothing but the journal's copy of what the counter did since the last look.
package struct Reports: Sendable {
    let office: Office

    /// Opens the desk in an office.
    package init(_ office: Office) { self.office = office }

    /// How many voters or ballots are in memory at once.
    static let chunk = 512

    /// The election, with the counter's news in the books.
    func election(_ id: ElectionID) throws -> KeptElection {
        try office.catchUp()
        return try office.books.read { try ElectionBook.find(id, in: $0) }
    }

    // MARK: Exceptions

    /// The open lines of the exception list, oldest first.
    ///
    /// - Throws: ``OfficeError`` `notFound` for the election.
    package func exceptions(election id: ElectionID) throws -> [ExceptionLine] {
        let election = try election(id)
        return try office.books.read { transaction in
            try transaction.all(
                """
                SELECT e.voter, e.held_row, e.kind, e.detail, e.since, h.key_id, h.sealed
                FROM exception e LEFT JOIN held_row h ON h.id = e.held_row
                WHERE e.election = $1 AND e.cleared_at IS NULL ORDER BY e.since, e.id
                """, .integer(election.id)
            ) { try office.exceptionLine($0, election: election.id, in: transaction) }
        }
    }
}

/// One open line of the exception list.
package struct ExceptionLine: Sendable, Equatable {
    /// The voter's number; nil where the row of the roll that is held back has none that can be read.
    package let voterID: VoterID?
    /// A word of ``ExceptionList/Kind``.
    package let kind: String
    /// What a clerk should know, in a sentence.
    package let detail: String
    /// When the line was opened.
    package let since: Instant

    /// `{voter_id, kind, detail, since}`.
    package var json: JSONValue {
        [
            "voter_id": .optional(voterID?.text), "kind": .string(kind), "detail": .string(detail), "since": .string(since.rfc3339)
        ]
    }
}

extension [ExceptionLine] {
    /// One object a line.
    package var json: JSONValue { .array(map(\.json)) }

    /// For the terminal or a spreadsheet.
    package var table: ReportTable {
        ReportTable(
            columns: ["voter_id", "kind", "detail", "since"],
            rows: map { [.optional($0.voterID?.text), .string($0.kind), .string($0.detail), .string($0.since.rfc3339)] })
    }
}

extension Office {
    /// A line of the exception list; the row has the columns that ``Reports/exceptions(election:)`` selects.
    func exceptionLine(_ row: ResultRow, election: Int64, in transaction: Transaction) throws -> ExceptionLine {
        var number: VoterID?
        if let voter = try row.optionalInteger("voter") {
            number = try voterNumber(voter, election: election, in: transaction)
        } else if let held = try row.optionalInteger("held_row"), let sealed = try row.optionalBlob("sealed") {
            number = heldNumber(sealed, row: held, keyID: try row.text("key_id"))
        }
        return ExceptionLine(
            voterID: number, kind: try row.text("kind"), detail: try row.text("detail"),
            since: Instant(milliseconds: try row.integer("since")))
    }

    /// The number of a voter's row, from the sealed request for the election or, where that is gone, for another; nil where there is none
    /// or it does not open.
    func voterNumber(_ voter: Int64, election: Int64, in transaction: Transaction) throws -> VoterID? {
        try transaction.first(
            """
            SELECT id AS request, key_id, sealed FROM request WHERE voter = $1
            ORDER BY CASE WHEN election = $2 THEN 0 ELSE 1 END, id LIMIT 1
            """, .integer(voter), .integer(election), decode: { try? self.voter($0).voterID }
        ).flatMap { $0 }
    }

    /// The number in a row of the roll that is held back; nil where it has none.
    func heldNumber(_ sealed: [UInt8], row: Int64, keyID: String) -> VoterID? {
        guard let plain = try? rollKeys.open(sealed, table: "held_row", id: RowID.bytes(row), keyID: keyID),
            let number = try? JSONValue.parse(plain)["voter_id"]?.stringValue
        else { return nil }
        return VoterID(number)
    }
}
