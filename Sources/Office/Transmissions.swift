package import Elections
import Foundation
import Keys
import Storage

/// Ballots that went to voters outside of this program: posted, faxed, handed over. So it is known for everybody on the roll when the first
/// ballot was sent, and whether that was in time (52 USC 20302(a)(8)).
package struct Transmissions: Sendable {
    private let office: Office

    /// Opens the list in an office.
    package init(_ office: Office) { self.office = office }

    /// How a ballot went out; the words are ESB's BallotTransmissionMethod.
    package enum Method: String, Sendable, CaseIterable {
        case mail, fax, email, online
        case inPerson = "in-person"
        case other
    }

    /// A line of the file.
    package struct Line: Sendable, Equatable {
        let voterID: VoterID
        let date: CivilDate
        let method: Method
        /// As the office counts its paper ballots; may be empty.
        let ballotNumber: String
        let line: Int
    }

    /// What a file brought.
    package struct Summary: Sendable, Equatable {
        /// Written down now.
        package var new = 0
        /// Written down before, word for word.
        package var known = 0

        /// As `uocava transmitted --format json` prints it.
        package var json: JSONValue { ["new": .number(new), "known": .number(known)] }
    }

    private static let mostOfNumber = 40

    /// Reads the list: `voter_id,date,method` and, where there is one, `ballot_number`.
    ///
    /// - Throws: ``OfficeError`` `badInput` with every problem and its line.
    package static func lines(csv bytes: [UInt8], file: String) throws -> [Line] {
        let table: CSVTable
        let columns: CSVColumns
        do throws(Problems) {
            table = try CSV.parse(bytes, file: file)
            columns = try table.columns(required: ["voter_id", "date", "method"], optional: ["ballot_number"])
        } catch { throw OfficeError(error, in: file) }
        var problems = table.refused.map(\.problem)
        var lines: [Line] = []
        for row in table.rows {
            func problem(_ column: String, _ what: String, _ hint: String) {
                problems.append(Problem(file: file, line: row.line, column: column, what: what, hint: hint))
            }
            let (number, date, method) = (columns.cell("voter_id", in: row), columns.cell("date", in: row), columns.cell("method", in: row))
            let paper = columns.cell("ballot_number", in: row)
            if number.isEmpty {
                problem("voter_id", "the voter's number is missing", "Every line is about one voter.")
            } else if let fault = VoterID.fault(in: number) {
                problem("voter_id", "\(Printable.quote(number)) \(fault.what)", fault.hint)
            }
            let day = CivilDate(date)
            if day == nil { problem("date", "\(Printable.quote(date)) is not a date", "Write it as 2028-09-20.") }
            let way = Method(rawValue: method.lowercased())
            if way == nil {
                problem(
                    "method", "\(Printable.quote(method)) is not a way to send a ballot",
                    "Known are \(Method.allCases.map(\.rawValue).joined(separator: ", ")).")
            }
            if paper.count > mostOfNumber || paper.unicodeScalars.contains(where: Printable.isUnsafe) {
                problem("ballot_number", "the number is longer than \(mostOfNumber) characters, or cannot be printed", "Look at the cell.")
            }
            if let day, let way {
                lines.append(Line(voterID: VoterID(number), date: day, method: way, ballotNumber: paper, line: row.line))
            }
        }
        if table.rows.isEmpty, problems.isEmpty {
            problems.append(Problem(file: file, what: "there is no voter in the file, only the header", hint: "Was it exported whole?"))
        }
        guard problems.isEmpty else { throw OfficeError(Problems(problems.sorted { ($0.line ?? 0) < ($1.line ?? 0) }), in: file) }
        return lines
    }

    /// Writes them down, all or none. Lines that are there already change nothing, so the same file may come again and grow.
    ///
    /// - Throws: ``OfficeError`` `badInput` where a voter is not on the roll or a day lies ahead; `notFound` for the election.
    package func record(_ lines: [Line], file: String, election id: ElectionID, dryRun: Bool = false) throws -> Summary {
        let now = office.clock.now()
        let election = try office.books.read { try ElectionBook.find(id, in: $0) }
        let today = now.civilDate(in: election.definition.timeZone)
        struct DryRun: Error {}
        var summary = Summary()
        do {
            try office.books.write { transaction in
                summary = try record(lines, file: file, in: election, today: today, at: now, transaction)
                if dryRun { throw DryRun() }
            }
        } catch is DryRun {}
        return summary
    }

    private func record(
        _ lines: [Line], file: String, in election: KeptElection, today: CivilDate, at now: Instant, _ transaction: Transaction
    ) throws -> Summary {
        var summary = Summary()
        var problems: [Problem] = []
        var entries: [JournalEntry] = []
        for line in lines {
            if line.date > today {
                problems.append(
                    Problem(
                        file: file, line: line.line, column: "date", what: "\(line.date) lies ahead; today is \(today)",
                        hint: "Write down what has gone out."))
            }
            let voter = try transaction.first(
                """
                SELECT r.voter FROM voter v JOIN request r ON r.voter = v.id AND r.election = $1
                WHERE v.jurisdiction = $2 AND v.number_index = $3
                """, .integer(election.id), .text(election.definition.jurisdiction.id.text),
                .blob(office.rollKeys.index("voter number", line.voterID.text)), decode: { try $0.integer("voter") })
            guard let voter else {
                problems.append(
                    Problem(
                        file: file, line: line.line, column: "voter_id",
                        what: "\(Printable.quote(line.voterID.text)) is not on the roll of \(election.definition.id)",
                        hint: "Import the voter's request first."))
                continue
            }
            let added = try transaction.execute(
                """
                INSERT INTO transmission (election, voter, date, method, ballot_number, recorded_at) VALUES ($1, $2, $3, $4, $5, $6)
                ON CONFLICT (election, voter, date, method, ballot_number) DO NOTHING
                """, .integer(election.id), .integer(voter), .text(line.date.description), .text(line.method.rawValue),
                .text(line.ballotNumber), .integer(now.milliseconds))
            guard added == 1 else {
                summary.known += 1
                continue
            }
            summary.new += 1
            entries.append(
                JournalEntry(
                    .transmitted, election: election.id, voter: voter,
                    facts: [
                        "date": .string(line.date.description), "method": .string(line.method.rawValue),
                        "ballot_number": .string(line.ballotNumber)
                    ]))
        }
        guard problems.isEmpty else { throw OfficeError(Problems(problems), in: file) }
        try Journal.append(entries, at: now, in: transaction)
        return summary
    }
}

/// When a voter's first ballot was sent, and whether that was in time.
package struct TransmittedLine: Sendable, Equatable {
    /// In time or not, under 52 USC 20302(a)(8)(A).
    package enum Timing: String, Sendable, CaseIterable {
        /// Asked 45 days before or earlier, and sent 45 days before or earlier.
        case inTime = "in_time"
        /// Asked in time, and sent too late.
        case late
        /// Asked in time, and not sent yet; the day has not passed.
        case due
        /// Asked in time, and not sent, though the day has passed.
        case missed
        /// Asked later than 45 days before: State law says when.
        case askedLater = "asked_later"
        /// The request is not accepted.
        case notAccepted = "not_accepted"
    }

    /// The voter's number.
    package let voterID: VoterID
    /// The day on the office's wall; nil: nothing was sent.
    package let date: CivilDate?
    /// How; `email` or `online` of a link, as the election says; nil: nothing was sent.
    package let method: String?
    /// When the office received the request.
    package let requestDate: CivilDate
    /// Whether that was in time.
    package let timing: Timing

    /// One object with the keys of the columns.
    package var json: JSONValue {
        [
            "voter_id": .string(voterID.text), "transmitted_on": .optional(date?.description), "method": .optional(method),
            "request_date": .string(requestDate.description), "timing": .string(timing.rawValue)
        ]
    }
}

extension [TransmittedLine] {
    /// One object a voter.
    package var json: JSONValue { .array(map(\.json)) }

    /// For the terminal or a spreadsheet.
    package var table: ReportTable {
        ReportTable(
            columns: ["voter_id", "transmitted_on", "method", "request_date", "timing"],
            rows: map {
                [
                    .string($0.voterID.text), .optional($0.date?.description), .optional($0.method), .string($0.requestDate.description),
                    .string($0.timing.rawValue)
                ]
            })
    }
}

extension Reports {
    /// When each voter's first ballot was sent: the first acceptance of a letter by the relay, or the first day that `uocava transmitted`
    /// brought. In the order of the roll.
    ///
    /// - Throws: ``OfficeError`` `notFound` for the election.
    package func transmitted(election id: ElectionID) throws -> [TransmittedLine] {
        let election = try election(id)
        let definition = election.definition
        let today = office.clock.now().civilDate(in: definition.timeZone)
        return try office.books.read { transaction in
            var lines: [TransmittedLine] = []
            try transaction.forEach(
                """
                SELECT r.id AS request, r.key_id, r.sealed, r.request_date, r.status,
                    (SELECT min(l.ended_at) FROM ballot b JOIN letter l ON l.ballot = b.id WHERE b.election = r.election AND b.voter = r.voter
                        AND l.state = 'sent' AND l.kind IN ('ballot_ready', 'new_link')) AS mailed_at,
                    (SELECT t.date || ' ' || t.method FROM transmission t WHERE t.election = r.election AND t.voter = r.voter
                        ORDER BY t.date, t.id LIMIT 1) AS elsewhere
                FROM request r WHERE r.election = $1 ORDER BY r.id
                """, .integer(election.id)
            ) { row in
                var first: (date: CivilDate, method: String)?
                if let at = try row.optionalInteger("mailed_at") {
                    first = (Instant(milliseconds: at).civilDate(in: definition.timeZone), definition.reportedMode.rawValue)
                }
                let elsewhere = try row.optionalText("elsewhere")?.split(separator: " ").map(String.init) ?? []
                if let date = elsewhere.first.flatMap({ CivilDate($0) }), let method = elsewhere.last,
                    first.map({ date < $0.date }) != false
                {
                    first = (date, method)
                }
                let asked = CivilDate(try row.text("request_date")) ?? today
                let isAccepted = try row.text("status") == RequestStatus.accepted.rawValue
                lines.append(
                    TransmittedLine(
                        voterID: try office.voter(row).voterID, date: first?.date, method: first?.method, requestDate: asked,
                        timing: Self.timing(first?.date, asked: asked, isAccepted: isAccepted, by: definition.transmitBy, today: today)))
            }
            return lines
        }
    }

    private static func timing(
        _ sent: CivilDate?, asked: CivilDate, isAccepted: Bool, by latest: CivilDate, today: CivilDate
    ) -> TransmittedLine.Timing {
        guard isAccepted else { return .notAccepted }
        guard asked <= latest else { return .askedLater }
        guard let sent else { return today <= latest ? .due : .missed }
        return sent <= latest ? .inTime : .late
    }
}
