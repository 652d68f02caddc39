import Elections
import Foundation
import Keys
import Office
import Packet
import Testing

/// "Any one byte changed": outside `/Contents` everybody must say so, inside it `uocava verify` must.
@Suite(
    "One changed byte", .enabled(if: TestOffice.present, "the program is not built"),
    .enabled(if: WritingFolder.hasPyHanko, "pyHanko is not installed"))
struct ChangedByteTests {
    private static let isLong = ProcessInfo.processInfo.environment["UOCAVA_LONG_TESTS"] != nil

    @Test("Outside /Contents verify, pdfsig and pyHanko all say so, wherever it is", .timeLimit(.minutes(5)))
    func outside() async throws {
        let samples = try SignedSamples()
        let packet = try samples.packet()
        let judges = ChangedByteJudges(authority: samples.authority, moment: keysNow)
        var dice = SignedSamples.Dice(seed: UInt64.random(in: 0...UInt64.max))
        let changes = try judges.changes(outsideContentsOf: packet, count: 40, with: &dice)
        #expect(try judges.unnoticed(changes, of: packet) == [])
    }

    @Test("Inside /Contents verify says so: every byte of one packet", .timeLimit(.minutes(60)))
    func inside() throws {
        let samples = try SignedSamples()
        let packet = try samples.packet()
        let range = try PacketFile.parse(packet).byteRange
        #expect(try samples.report(on: packet).valid)
        let verifier = PacketVerifier(trust: samples.authority, at: Instant(seconds: keysNow))
        // Short: every place near the ends, where digits turn into padding, and some hundred others.
        let end = range.1 + 1 + 2 * (try PacketFile.parse(packet).cms.count)
        for place in range.1..<range.2 {
            guard Self.isLong || place % 23 == 0 || abs(place - end) < 12 || place < range.1 + 8 || place > range.2 - 5 else { continue }
            // Another digit, the same digit in upper case where it has one, what readers skip, and what ends the string.
            for value in [packet[place] ^ 1, packet[place] ^ 0x20, UInt8(ascii: " "), UInt8(ascii: "0"), UInt8(ascii: ">"), 0]
            where value != packet[place] {
                var changed = packet
                changed[place] = value
                #expect(try !verifier.verify(changed).valid, "byte \(place) of \(range.1)..<\(range.2) became \(value)")
            }
        }
    }

    @Test(
        "Five hundred places of a packet of every ballot style of the District: everybody says so",
        .enabled(if: Fixtures.present, "…/shared/fixtures is not there"), .enabled(if: isLong, "takes minutes; set UOCAVA_LONG_TESTS"),
        .timeLimit(.minutes(60)))
    func everyStyle() async throws {
        let (test, _) = try DistrictOffice.copy()
        let due = try DistrictOffice.due()
        let styles = try DistrictOffice.styles()
        var chosen: [String: DistrictOffice.Row] = [:]
        for row in due {
            guard let style = styles[row["precinct", default: ""]]?.style else { continue }
            // By style and paper: whose mail goes to the United States has the one, all others the other.
            chosen["\(style) \(row["mailing_country", default: ""].isEmpty || row["mailing_country"] == "United States of America")"] = row
        }
        let packets = try await DownloadedPacket.openAll(chosen.keys.sorted().compactMap { chosen[$0] }, test)
        #expect(Set(packets.map(\.visit.packet.card.style)).count == Set(styles.values.map(\.style)).count)
        try everyPlace(of: packets, test)
    }

    @Test(
        "Five hundred places of a packet of every ballot style of San Francisco: everybody says so",
        .enabled(if: Fixtures.present, "…/shared/fixtures is not there"), .enabled(if: isLong, "takes five minutes; set UOCAVA_LONG_TESTS"),
        .timeLimit(.minutes(120)))
    func everyCityStyle() async throws {
        let types = Array(1...23)
        let city = try SanFranciscoOffice(types: types)
        let roll = city.roll(400, seed: 2020)
        let test = try await mailOnOwnThread { try SanFranciscoTests.open(city, roll, "smtp://127.0.0.1:2525") }
        _ = try await mailOnOwnThread { try test.issue() }
        var chosen: [String: SanFranciscoOffice.Row] = [:]
        for row in roll where city.bucket(of: row) == .issued { chosen[try city.due(row).style] = row }
        #expect(Set(chosen.keys) == Set(types.map(SanFranciscoOffice.style)))
        try everyPlace(of: try await DownloadedPacket.openAll(chosen.keys.sorted().compactMap { chosen[$0] }, test), test)
    }

    private func everyPlace(of packets: [DownloadedPacket], _ test: TestOffice) throws {
        let judges = ChangedByteJudges(authority: try test.office.cabinet.authority(), moment: test.now.seconds)
        let seed = UInt64.random(in: 0...UInt64.max)
        for (index, packet) in packets.enumerated() {
            let started = ContinuousClock.now
            var dice = SignedSamples.Dice(seed: seed &+ UInt64(index))
            let changes = try judges.changes(outsideContentsOf: packet.pdf, count: 500, with: &dice)
            let missed = try judges.unnoticed(changes, of: packet.pdf)
            #expect(missed == [], "\(packet.visit.packet.card.style), seed \(seed &+ UInt64(index))")
            let line = "changed bytes: \(packet.visit.packet.card.style), \(packet.pdf.count) bytes, \(changes.count) places, "
            FileHandle.standardOutput.write(Data((line + "\(ContinuousClock.now - started)\n").utf8))
        }
    }
}

/// Who must notice a changed byte: our own verifier, poppler's pdfsig and pyHanko.
struct ChangedByteJudges {
    let authority: Certificate
    /// When the packet is looked at, unix time.
    let moment: Int64

    /// A byte that becomes another.
    struct Change: Sendable, Equatable {
        let place: Int
        let value: UInt8
    }

    /// Places at random outside `/Contents`: half of them anywhere, half in the voter's part, where the file's structure is, and the ends.
    func changes(outsideContentsOf packet: [UInt8], count: Int, with dice: inout SignedSamples.Dice) throws -> [Change] {
        let parsed = try PacketFile.parse(packet)
        let gap = parsed.byteRange.1..<parsed.byteRange.2
        var changes: [Change] = []
        var seen: Set<Int> = []
        for place in [0, 7, parsed.baseLength - 1, parsed.baseLength, gap.lowerBound - 1, gap.upperBound, packet.count - 1] {
            seen.insert(place)
            changes.append(Change(place: place, value: packet[place] ^ UInt8(1 << Int.random(in: 0..<8, using: &dice))))
        }
        while changes.count < count {
            let first = changes.count.isMultiple(of: 2) ? 0 : parsed.baseLength
            let place = Int.random(in: first..<packet.count, using: &dice)
            guard !gap.contains(place), seen.insert(place).inserted else { continue }
            // One bit, or any other byte.
            let bit = packet[place] ^ UInt8(1 << Int.random(in: 0..<8, using: &dice))
            let any = packet[place] &+ UInt8.random(in: 1...255, using: &dice)
            changes.append(Change(place: place, value: Bool.random(using: &dice) ? bit : any))
        }
        return changes
    }

    /// Which changes somebody did not notice, and who; and whether they all take the packet as it is, without which they prove nothing.
    func unnoticed(_ changes: [Change], of packet: [UInt8]) throws -> [String] {
        let folder = try WritingFolder()
        let verifier = PacketVerifier(trust: authority, at: Instant(seconds: moment))
        try folder.write(packet, to: "packet.pdf")
        try folder.write(authority.pem, to: "ca.pem")
        guard try verifier.verify(packet).valid else { return ["verify does not take the packet as it is"] }

        let list = changes.map { "\($0.place) \($0.value)" }.joined(separator: "\n")
        try folder.write(Array((list + "\n").utf8), to: "changes")
        try folder.write(Array(Self.script.utf8), to: "judge.py")
        let said = try folder.run("python3", ["judge.py", "\(moment + 60)"]).split(separator: "\n").map(String.init)
        guard said.first == "unchanged True True", said.count == changes.count + 1 else {
            return ["the judges do not take the packet as it is, or did not come to their end: \(said.suffix(3))"]
        }
        var missed: [String] = []
        for (change, line) in zip(changes, said.dropFirst()) {
            var changed = packet
            changed[change.place] = change.value
            // Where the file no longer looks like a packet at all, verify throws: that is noticed too.
            if (try? verifier.verify(changed))?.valid == true { missed.append("verify: \(change)") }
            if line != "\(change.place) False False" { missed.append("pdfsig and pyHanko: \(change): \(line)") }
        }
        return missed
    }

    /// For the packet as it is and for each change of it: whether pdfsig, and then whether pyHanko, find it signed as a whole and unchanged.
    private static let script = """
        import datetime, io, logging, subprocess, sys
        from pyhanko.pdf_utils.reader import PdfFileReader
        from pyhanko.sign.validation import validate_pdf_signature
        from pyhanko.keys import load_cert_from_pemder
        from pyhanko_certvalidator import ValidationContext
        logging.disable(logging.CRITICAL)
        packet = open("packet.pdf", "rb").read()
        moment = datetime.datetime.fromtimestamp(int(sys.argv[1]), datetime.timezone.utc)
        root = load_cert_from_pemder("ca.pem")

        def pdfsig(name):
            said = subprocess.run(["pdfsig", "-nocert", name], capture_output=True).stdout
            return b"Signature is Valid." in said and b"Total document signed" in said

        def pyhanko(data):
            try:
                signatures = PdfFileReader(io.BytesIO(data)).embedded_signatures
                context = ValidationContext(trust_roots=[root], moment=moment, allow_fetching=False)
                status = validate_pdf_signature(signatures[0], context)
                return len(signatures) == 1 and status.bottom_line and status.coverage.name == "ENTIRE_FILE"
            except Exception:
                return False

        def judge(number, line):
            place, value = line
            data = packet if place is None else packet[:place] + bytes([value]) + packet[place + 1:]
            name = f"changed-{number % 8}.pdf"
            with open(name, "wb") as file: file.write(data)
            print("unchanged" if place is None else place, pdfsig(name), pyhanko(data), flush=True)

        changes = [(None, None)] + [tuple(map(int, line.split())) for line in open("changes")]
        for number, change in enumerate(changes): judge(number, change)
        """
}
