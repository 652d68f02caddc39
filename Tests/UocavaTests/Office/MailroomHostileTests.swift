import Elections
import Foundation
import Office
import Storage
import Testing

@Suite("The mailroom and a relay that misbehaves", .enabled(if: TestOffice.present, "the program is not built"), .serialized)
struct MailroomHostileTests {
    /// What the journal tells of letters whose fate nobody knew, by number.
    private static func doubts(_ office: Office) throws -> [Int64: Int] {
        try office.books.read { books in
            var doubts: [Int64: Int] = [:]
            try books.forEach("SELECT canonical FROM journal WHERE kind = 'letter_deferred'") { row in
                let facts = try JSONValue.parse(try row.blob("canonical"))
                guard let letter = facts["letter"]?.integerValue, facts["reply"]?.stringValue?.contains("unknown whether") == true else {
                    return
                }
                doubts[letter, default: 0] += 1
            }
            return doubts
        }
    }

    @Test(
        "Whatever the relay answers, hangs up on or is silent to, every letter ends sent or explained, and comes twice only where nobody knew",
        arguments: [11, 12, 13])
    func hostile(_ seed: Int) async throws { try await mailOnOwnThread { try Self.send(seed) } }

    private static func send(_ seed: Int) throws {
        let folder = try mailTestFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        var server = MailHostileServer()
        server.rate = 0.05
        server.seed = seed
        server.longest = 0.5
        let running = try server.start(in: folder)
        defer { running.stop() }
        let post = try MailOffice(["timeout_seconds: 2"], more: 60, other: "smtp://127.0.0.1:\(running.port)")
        var rounds = 0
        repeat {
            rounds += 1
            // Longer than the longest wait between two tries.
            if try post.send().left > 0 { post.test.advance(seconds: 8700) }
        } while try post.states().keys.contains(where: { ["queued", "sending", "deferred"].contains($0) }) && rounds < 80

        #expect(running.deeds > 10, "the relay did nothing")
        let lines = try Mailroom(post.office).list(Mailroom.Filter())
        #expect(lines.count == TestOffice.due + 60)
        var came: [Int64: Int] = [:]
        for line in running.accepted + running.lost.filter(\.isTaken) {
            let number = try #require(Int64(line.messageID.drop { !$0.isNumber }.prefix { $0.isNumber }))
            came[number, default: 0] += 1
        }
        let unknown = try doubts(post.office)
        for line in lines {
            let times = came[line.id] ?? 0
            switch line.state {
            case "sent": #expect(times >= 1, "letter \(line.id) is sent, and the relay does not have it")
            case "refused": #expect(line.reply?.isEmpty == false && line.refusal != nil, "letter \(line.id) is refused without a word")
            default: Issue.record("letter \(line.id) is \(line.state) after \(rounds) rounds: \(line.reply ?? "")")
            }
            #expect(times <= 1 + (unknown[line.id] ?? 0), "letter \(line.id) came \(times) times")
        }
        let refused = lines.filter { $0.state == "refused" }.map(\.voterID.text)
        #expect(try Set(post.exceptions().filter { $0.hasSuffix(" letter_refused") }) == Set(refused.map { "\($0) letter_refused" }))
        try post.test.verify()
    }
}
