package import Elections
import Foundation
package import Storage

/// An election as the office keeps it.
package struct KeptElection: Sendable {
    /// The row's number: what other tables and the journal refer to.
    package let id: Int64
    package let definition: ElectionDefinition
    /// The office's texts: the affirmation that the voter signs under its language, as Markdown, and captions under `captions.LANGUAGE`, as JSON.
    package let texts: [String: String]
    /// The office's own PDFs.
    let inserts: KeptInserts
}

/// Looks elections and their styles up.
package enum ElectionBook {
    /// The election of this id.
    ///
    /// - Throws: ``OfficeError`` `notFound`, with the elections that there are.
    package static func find(_ id: ElectionID, in transaction: Transaction) throws -> KeptElection {
        if let found = try transaction.first(
            "SELECT id, definition, texts, inserts FROM election WHERE code = $1", .text(id.text), decode: kept)
        {
            return found
        }
        let known = try transaction.all("SELECT code FROM election ORDER BY code") { try $0.text("code") }
        throw OfficeError(
            .notFound, "There is no election \"\(Printable.escape(id.text))\" in this office.",
            hint: known.isEmpty ? "Bring one in with `uocava election import DIR`." : "There is: \(known.joined(separator: ", ")).")
    }

    /// The election of a row; nil: there is none.
    static func kept(_ id: Int64, in transaction: Transaction) throws -> KeptElection? {
        try transaction.first("SELECT id, definition, texts, inserts FROM election WHERE id = $1", .integer(id), decode: kept)
    }

    /// Every election, in the order in which they came in.
    package static func all(in transaction: Transaction) throws -> [KeptElection] {
        try transaction.all("SELECT id, definition, texts, inserts FROM election ORDER BY id", decode: kept)
    }

    private static func kept(_ row: ResultRow) throws -> KeptElection {
        let texts = try JSONValue.parse(Array(try row.text("texts").utf8))
        return KeptElection(
            id: try row.integer("id"),
            definition: try ElectionDefinition(json: try JSONValue.parse(Array(try row.text("definition").utf8))),
            texts: texts.objectValue?.compactMapValues(\.stringValue) ?? [:],
            inserts: KeptInserts(json: (try? JSONValue.parse(Array(try row.text("inserts").utf8))) ?? .null))
    }

    /// A current ballot style and its row.
    package struct KeptStyle: Sendable {
        /// The row in `ballot_style`.
        package let id: Int64
        /// From 1; each correction is one more.
        package let revision: Int64
        /// Its precincts, party, scope and languages.
        package let style: BallotStyle
    }

    /// The styles of an election that are current, by id of the style. Their `files` name only the languages.
    package static func styles(of election: Int64, in transaction: Transaction) throws -> [StyleID: KeptStyle] {
        var precincts: [Int64: [String]] = [:]
        try transaction.forEach(
            """
            SELECT p.style, p.precinct FROM style_precinct p JOIN ballot_style s ON s.id = p.style
            WHERE s.election = $1 AND s.superseded_at IS NULL ORDER BY p.style, p.precinct
            """, .integer(election)
        ) { precincts[try $0.integer("style"), default: []].append(try $0.text("precinct")) }
        var languages: [Int64: [String: String]] = [:]
        try transaction.forEach(
            """
            SELECT f.style, f.language FROM style_file f JOIN ballot_style s ON s.id = f.style
            WHERE s.election = $1 AND s.superseded_at IS NULL
            """, .integer(election)
        ) { languages[try $0.integer("style"), default: [:]][try $0.text("language")] = "" }
        var styles: [StyleID: KeptStyle] = [:]
        try transaction.forEach(
            "SELECT id, code, revision, name, party, scope FROM ballot_style WHERE election = $1 AND superseded_at IS NULL",
            .integer(election)
        ) { row in
            let id = try row.integer("id")
            let code = StyleID(try row.text("code"))
            guard let scope = Scope(rawValue: try row.text("scope")) else { return }
            styles[code] = KeptStyle(
                id: id, revision: try row.integer("revision"),
                style: BallotStyle(
                    id: code, name: try row.text("name"), precincts: precincts[id] ?? [], party: try row.text("party"), scope: scope,
                    files: languages[id] ?? [:]))
        }
        return styles
    }
}
