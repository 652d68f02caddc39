import Foundation
import Mail
import Testing

@Suite("Mails that real servers sent back", .enabled(if: Fixtures.present, "../shared/fixtures is not there"))
struct BounceFixtureTests {
    /// What `labels.json` says of one recipient in a mail.
    private struct Label: Decodable {
        let hardbounce: Bool
        let reason: String

        var rank: Int { hardbounce ? 3 : ["feedback", "delivered", "vacation"].contains(reason) ? 1 : 2 }
    }

    private static func files() -> [URL] {
        let folder = Fixtures.folder("dsn")
        let all = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)?.compactMap { $0 as? URL } ?? []
        return all.filter { ["eml", "json"].contains($0.pathExtension) && $0.lastPathComponent != "labels.json" }.sorted {
            $0.path < $1.path
        }
    }

    private static func labels() throws -> [String: [Label]] {
        try JSONDecoder().decode([String: [Label]].self, from: Data(contentsOf: Fixtures.folder("dsn/labels.json")))
    }

    private static func mails() throws -> [(name: String, bytes: [UInt8])] {
        try files().map { ($0.lastPathComponent, [UInt8](try Data(contentsOf: $0))) }
    }

    private static func rank(_ kind: Bounce.Kind) -> Int {
        switch kind {
        case .hard: 3
        case .soft: 2
        default: 1
        }
    }

    @Test("Hard, soft or no bounce is told right of 97 in 100 labelled mails")
    func labelled() throws {
        let labels = try Self.labels()
        let folder = Fixtures.folder("dsn/sisimai-set-of-emails/maildir/bsd")
        var wrong: [String] = []
        for (name, entries) in labels.sorted(by: { $0.key < $1.key }) {
            let bounce = Bounce.read([UInt8](try Data(contentsOf: folder.appendingPathComponent(name))))
            let wanted = entries.map(\.rank).max() ?? 1
            if Self.rank(bounce.kind) != wanted {
                wrong.append("\(name) (\(entries.map(\.reason).joined(separator: ", "))): \(bounce.kind.rawValue)")
            }
        }
        if !wrong.isEmpty {
            print("bounces told otherwise than labelled, \(wrong.count) of \(labels.count): \(wrong.joined(separator: "; "))")
        }
        #expect(labels.count >= 145)
        #expect(wrong.count * 100 <= labels.count * 3, "\(wrong)")
    }

    @Test("Notices of SES and SNS are told from a subscription's confirmation")
    func amazon() throws {
        let found = try Self.mails().filter { $0.name.hasSuffix("body.json") }.map { "\($0.name): \(Bounce.read($0.bytes).kind.rawValue)" }
        #expect(
            found == [
                "hard_bounce_sns_body.json: hard", "single_recipient_email_sns_body.json: other",
                "subscription_confirmation_invalid_sns_body.json: other"
            ])
    }

    @Test("Every mail is read, whole and cut off anywhere, and keeps the promises")
    func truncated() throws {
        let mails = try Self.mails()
        #expect(mails.count > 180)
        for (name, bytes) in mails {
            for length in stride(from: 0, through: bytes.count, by: max(1, bytes.count / 30)) {
                let bounce = Bounce.read(Array(bytes.prefix(length)))
                if let broken = Self.brokenPromise(of: bounce) { Issue.record("\(name), \(length) bytes: \(broken)") }
            }
            for mail in BounceFile.mails(in: bytes) { _ = Bounce.read(mail) }
        }
    }

    @Test("Mails with bytes changed, lost and repeated are read and keep the promises")
    func mutated() throws {
        var generator = BounceTestGenerator(state: 20_281_107)
        let mails = try Self.mails()
        for (name, bytes) in mails where bytes.count < 12000 {
            for _ in 0..<12 {
                var changed = bytes
                for _ in 0..<Int.random(in: 1...20, using: &generator) {
                    let place = Int.random(in: 0..<changed.count, using: &generator)
                    let end = min(changed.count, place + Int.random(in: 1...200, using: &generator))
                    switch Int.random(in: 0..<4, using: &generator) {
                    case 0: changed[place] = UInt8.random(in: 0...255, using: &generator)
                    case 1: changed[place] = [0x0A, 0x0D, 0x3C, 0x3A, 0x2D, 0x40, 0x22, 0x3D].randomElement(using: &generator) ?? 0
                    case 2 where end - place < changed.count: changed.removeSubrange(place..<end)
                    default: changed.insert(contentsOf: changed[place..<end], at: Int.random(in: 0...changed.count, using: &generator))
                    }
                }
                if let broken = Self.brokenPromise(of: Bounce.read(changed)) { Issue.record("\(name): \(broken)") }
            }
        }
    }

    /// What of the promises of ``Bounce`` does not hold.
    private static func brokenPromise(of bounce: Bounce) -> String? {
        if bounce.addresses.count > 16 || bounce.messageIDs.count > 16 { return "more than 16 names" }
        if bounce.addresses.contains(where: { $0 != $0.lowercased() || $0.utf8.count > 254 || !$0.contains("@") || $0.contains("<") }) {
            return "an address"
        }
        if bounce.messageIDs.contains(where: { $0.contains("<") || $0.contains(">") || $0.contains(" ") }) { return "a Message-ID" }
        if bounce.text.count > 200 || bounce.text.contains("@") || bounce.text.unicodeScalars.contains(where: { $0.value < 0x20 }) {
            return "its text"
        }
        return nil
    }
}

/// A small generator with a seed, so that a failure can be repeated.
private struct BounceTestGenerator: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
