import Foundation
import Packet
import Testing

@Suite("Reading a packet back")
struct WritingFileTests {
    private static func packet() throws -> (bytes: [UInt8], base: Base) {
        let base = try WritingSamples.base(ballot: WritingSamples.ballot(pages: 1))
        return (try WritingSamples.packet(WritingSamples.voter(), base: base), base)
    }

    @Test("A packet gives back its signature, manifest, ranges and base")
    func parse() throws {
        let (bytes, base) = try Self.packet()
        let parsed = try PacketFile.parse(bytes)
        #expect(parsed.baseLength == base.bytes.count)
        #expect(parsed.manifest == WritingSamples.manifest)
        #expect(parsed.cms == WritingSamples.notSigned([], []))
        #expect(parsed.signatureCoversWholeFile)
        let range = parsed.byteRange
        #expect(range.0 == 0 && range.2 + range.3 == bytes.count)
        #expect(bytes[range.1] == UInt8(ascii: "<") && bytes[range.2 - 1] == UInt8(ascii: ">"))
    }

    @Test("Bytes behind the signed ones show")
    func appended() throws {
        let (bytes, _) = try Self.packet()
        #expect(try !PacketFile.parse(bytes + Array("\n% more\n".utf8)).signatureCoversWholeFile)
    }

    @Test("Any byte changed inside /Contents changes the CMS or is refused")
    func contents() throws {
        let (bytes, _) = try Self.packet()
        let parsed = try PacketFile.parse(bytes)
        for index in parsed.byteRange.1..<parsed.byteRange.2 {
            for value in [UInt8(ascii: "A"), UInt8(ascii: "b"), UInt8(ascii: "1"), UInt8(ascii: " "), 0] where value != bytes[index] {
                var tampered = bytes
                tampered[index] = value
                guard let read = try? PacketFile.parse(tampered) else { continue }
                #expect(read.cms != parsed.cms, "offset \(index)")
            }
        }
    }

    @Test("Upper case, odd digits, padding and long forms of the length are refused")
    func strictDER() throws {
        let base = try WritingSamples.base(ballot: WritingSamples.ballot(pages: 1))
        let composer = try TailComposer(base: base.plan, baseLength: base.bytes.count, cmsCapacity: 300)
        func read(_ cms: [UInt8]) throws -> ParsedPacket {
            let tail = try composer.compose(WritingSamples.voter(), manifest: [], signedAt: 0, signerName: "x") { _, _ in cms }
            return try PacketFile.parse(base.bytes + tail.bytes)
        }
        #expect(try read([0x30, 3, 1, 2, 3]).cms == [0x30, 3, 1, 2, 3])
        #expect(try read([0x30, 0x81, 200] + [UInt8](repeating: 1, count: 200)).cms.count == 203)
        for cms in [[0x30, 0x81, 3, 1, 2, 3], [0x30, 0x80, 1, 0, 0], [0x31, 1, 1], [0x30, 3, 1, 2, 3, 4], [0x30, 0x82, 0x7F, 0xFF], []]
            as [[UInt8]]
        {
            #expect(throws: PacketError.self) { try read(cms) }
        }
    }

    @Test("Cut anywhere, a packet is refused")
    func truncated() throws {
        let (bytes, base) = try Self.packet()
        for length in Array(stride(from: 0, to: bytes.count, by: 997)) + Array(base.bytes.count..<bytes.count) {
            #expect(throws: PacketError.self) { try PacketFile.parse(Array(bytes[..<length])) }
        }
    }

    @Test("Bytes changed at random in the voter's part never crash the reader")
    func mutated() throws {
        let (bytes, base) = try Self.packet()
        var generator = SystemRandomNumberGenerator()
        let seed = generator.next()
        var state = seed | 1
        func random(_ bound: Int) -> Int {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return Int(state >> 1) % bound
        }
        for _ in 0..<3000 {
            var tampered = bytes
            for _ in 0...random(4) {
                let index = base.bytes.count - 400 + random(bytes.count - base.bytes.count + 400)
                tampered[index] = UInt8(truncatingIfNeeded: [random(256), 48 + random(10), 0x20, 0x0A][random(4)])
            }
            if random(3) == 0 { tampered.removeSubrange(base.bytes.count + random(500)..<base.bytes.count + 500 + random(1000)) }
            _ = try? PacketFile.parse(tampered)
        }
    }

    @Test("Numbers that point anywhere are refused", arguments: ["9999999999", "0000000000", "0000000001", "2147483648"])
    func wildNumbers(number: String) throws {
        let (bytes, base) = try Self.packet()
        let text = Array(bytes[base.bytes.count...])
        let pattern = Array("/ByteRange [0 ".utf8)
        guard let place = text.indices.first(where: { text[$0...].starts(with: pattern) }) else {
            Issue.record("no ByteRange")
            return
        }
        for slot in 0..<3 {
            var tampered = bytes
            let start = base.bytes.count + place + pattern.count + slot * 11
            tampered.replaceSubrange(start..<start + 10, with: Array(number.utf8))
            #expect(throws: PacketError.self) { try PacketFile.parse(tampered) }
        }
        let start = Array("startxref\n".utf8)
        guard let last = bytes.indices.last(where: { bytes[$0...].starts(with: start) }) else { return }
        var tampered = bytes
        tampered.replaceSubrange(last + start.count..<bytes.count - 7, with: Array(number.utf8))
        #expect(throws: PacketError.self) { try PacketFile.parse(tampered) }
    }

    @Test("Other files are refused with a hint")
    func otherFiles() {
        for bytes in [[], Array("%PDF-1.7".utf8), WritingSamples.ballot(), [UInt8](repeating: 0x3C, count: 4096)] as [[UInt8]] {
            let error = #expect(throws: PacketError.self) { try PacketFile.parse(bytes) }
            #expect(error?.code == .malformedPacket && error?.hint.isEmpty == false)
        }
    }
}

@Suite("The ZIP of a packet")
struct WritingZipTests {
    static func join(_ segments: [ZipSegment], base: [UInt8]) -> [UInt8] {
        segments.flatMap { segment in
            switch segment {
            case .bytes(let bytes): bytes
            case .base: base
            }
        }
    }

    @Test("zipfile and unzip read it: packet.pdf first, stored, dated, with the right sums")
    func read() throws {
        let base = [UInt8](repeating: 0x61, count: 100_000)
        let tail = Array("tail".utf8)
        let segments = try PacketZip.segments(
            base: (base.count, CRC32.of(base)), tail: tail, p7s: [1, 2, 3], manifest: Array("{}".utf8), verifyText: "read me",
            modified: 1_795_000_002,
            pdfName: "2028-general-P22.pdf")
        let bytes = Self.join(segments, base: base)
        #expect(PacketZip.length(of: segments, baseLength: base.count) == bytes.count)
        #expect(segments.filter { $0 == .base }.count == 1)
        let folder = try WritingFolder()
        try folder.write(bytes, to: "z.zip")
        let script = """
            import zipfile
            z = zipfile.ZipFile("z.zip")
            assert z.testzip() is None
            for i in z.infolist():
                print(i.filename, i.compress_type, i.file_size, "%d-%02d-%02d %02d:%02d:%02d" % i.date_time, oct(i.external_attr >> 16), i.create_system)
            """
        let list = try folder.run("python3", ["-c", script])
        #expect(
            list == """
                2028-general-P22.pdf 0 100004 2026-11-18 11:06:42 0o100644 3
                packet.p7s 0 3 2026-11-18 11:06:42 0o100644 3
                manifest.json 0 2 2026-11-18 11:06:42 0o100644 3
                VERIFY.txt 0 7 2026-11-18 11:06:42 0o100644 3

                """)
    }

    @Test("Sums combine as if the bytes had been summed in one go")
    func sums() {
        #expect(CRC32.of(Array("123456789".utf8)) == 0xCBF4_3926)
        let bytes = (0..<10_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        for cut in [0, 1, 4095, 9999, 10_000] {
            let (first, second) = (Array(bytes[..<cut]), Array(bytes[cut...]))
            #expect(CRC32.combine(CRC32.of(first), CRC32.of(second), secondLength: second.count) == CRC32.of(bytes))
        }
    }

    @Test("Dates before 1980 and on leap days are written as ZIP can")
    func dates() throws {
        func date(_ seconds: Int64) throws -> String {
            let segments = try PacketZip.segments(base: (0, 0), tail: [], p7s: [], manifest: [], verifyText: "", modified: seconds)
            let folder = try WritingFolder()
            try folder.write(Self.join(segments, base: []), to: "z.zip")
            return try folder.run("python3", ["-c", "import zipfile; print(*zipfile.ZipFile('z.zip').infolist()[0].date_time)"])
        }
        #expect(try date(1_835_438_461) == "2028 2 29 12 1 0\n")
        #expect(try date(0).hasPrefix("1980 1 1"))
        #expect(try date(4_107_542_399) == "2100 2 28 23 59 58\n")
        #expect(try date(4_107_542_400) == "2100 3 1 0 0 0\n")
    }
}
