import Elections
import Foundation
import Office
import Storage

/// A small office whose ballots are issued, and the relay that it writes to.
final class MailOffice: Sendable {
    let test: TestOffice
    let office: Office
    let relay: CommandRelay

    /// - Parameters:
    ///   - settings: lines under `smtp:`, e.g. `messages_per_minute: 60`.
    ///   - more: so many voters beside those of the small office: W1, W2, …
    ///   - other: the address of another relay than its own.
    init(_ settings: [String] = [], more: Int = 0, other: String? = nil) throws {
        test = try TestOffice()
        if more > 0 {
            let rows = (1...more).map { number in
                TestOffice.row(1).replacingOccurrences(of: "V1,", with: "W\(number),").replacingOccurrences(of: "v1@", with: "w\(number)@")
            }
            _ = try VoterRoll(test.office).importRoll(TestOffice.roll(rows), file: "more.csv", election: TestOffice.election)
        }
        try test.issue()
        relay = try CommandRelay()
        let file = test.folder.appendingPathComponent("uocava.yaml")
        var text = try String(contentsOf: file, encoding: .utf8)
        text = text.replacingOccurrences(of: "smtp://127.0.0.1:2525", with: other ?? relay.url)
        text = text.replacingOccurrences(of: "smtp:\n", with: "smtp:\n" + settings.map { "  \($0)\n" }.joined())
        try Data(text.utf8).write(to: file)
        office = try Office(OfficeFolder(test.folder), clock: test.office.clock)
    }

    deinit { relay.stop() }

    /// Who got a letter, each as often as one came.
    var recipients: [String] {
        get throws { try relay.envelopes.compactMap { $0.to.split(separator: "@").first.map(String.init) }.sorted() }
    }

    func send() throws -> Mailroom.Summary { try Mailroom(office).sendDue(waits: false) }

    func states() throws -> [String: Int] {
        try office.books.read { books in
            var states: [String: Int] = [:]
            try books.forEach("SELECT state, count(*) AS n FROM letter GROUP BY state") {
                states[try $0.text("state")] = Int(try $0.integer("n"))
            }
            return states
        }
    }

    /// The letters of a kind, by voter.
    func letters(_ kind: String) throws -> [String] {
        var filter = Mailroom.Filter()
        filter.kind = kind
        return try Mailroom(office).list(filter).map { "\($0.voterID.text) \($0.state)" }.sorted()
    }

    /// A roll with these rows instead of the small one's.
    func change(_ rows: [Int: String]) throws {
        _ = try VoterRoll(office).importRoll(
            TestOffice.roll((1...12).map { rows[$0] ?? TestOffice.row($0) }), file: "voters.csv", election: TestOffice.election)
    }

    /// The return code of a voter's ballot.
    func returnCode(_ number: String) throws -> String {
        try Reports(office).status(election: TestOffice.election, of: number).first?.returnCode?.text ?? ""
    }

    /// The open exceptions, as `V1 letter_bounced`.
    func exceptions() throws -> [String] {
        try Reports(office).exceptions(election: TestOffice.election).map { "\($0.voterID?.text ?? "") \($0.kind)" }.sorted()
    }
}
