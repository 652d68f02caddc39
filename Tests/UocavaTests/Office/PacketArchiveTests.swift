import Elections
import Foundation
import Keys
import Office
import Packet
import Testing

@Suite("Verifying the ZIP of a packet", .enabled(if: TestOffice.present, "the program is not built"))
struct PacketArchiveTests {
    /// Two voters' archives of one style as they download them, and the certificate to check them with.
    private struct Samples {
        let zip: [UInt8]
        let other: [UInt8]
        let verifier: PacketVerifier
        let authority: [UInt8]

        var planted: PlantedZip { PlantedZip(zip) }
        var pdf: [UInt8] { planted.entries[0].content }

        /// The first check that failed; nil where the archive is genuine.
        func refusal(_ zip: [UInt8]) throws -> PacketVerifier.Check? { try verifier.verify(zip).checks.first { !$0.ok } }

        /// What is said of an archive that was tampered with. Whoever reads it is told in words, once, and never that the packet is genuine.
        func refusal(
            of change: (inout PlantedZip) -> Void, sourceLocation: SourceLocation = #_sourceLocation
        ) throws -> PacketVerifier.Check {
            var zip = planted
            change(&zip)
            let check = try #require(try refusal(zip.bytes), "the archive passes", sourceLocation: sourceLocation)
            #expect(check.detail.hasSuffix("."), sourceLocation: sourceLocation)
            return check
        }
    }

    private static let made = Task { () throws -> Samples in
        let test = try TestOffice()
        try test.issue()
        let counter = try test.counter()
        var zips: [[UInt8]] = []
        // Both live in the south.
        for index in [4, 6] {
            let voter = TestOffice.voters[index]
            guard case .opened(let cookie) = try await counter.claim(token: try test.token(voter.number), answer: voter.birthday) else {
                throw WritingFolder.Failure(text: "the claim of \(voter.number) was refused")
            }
            let visit = try #require(try await counter.visit(cookie: cookie))
            let base = try await counter.base(visit.baseHash)
            let archive = try PacketArchive(
                visit: visit, baseCRC: PacketArchive.checksum(ofBase: base), officeName: "Board of Elections",
                publicURL: "http://127.0.0.1:8080")
            zips.append(
                archive.segments.flatMap { segment in
                    switch segment {
                    case .base: base
                    case .bytes(let bytes): bytes
                    }
                })
        }
        await counter.stop()
        return Samples(
            zip: zips[0], other: zips[1], verifier: PacketVerifier(trust: try test.office.cabinet.authority(), at: test.now),
            authority: [UInt8](try Data(contentsOf: test.folder.appendingPathComponent("keys/ca.pem"))))
    }

    private func samples() async throws -> Samples { try await Self.made.value }

    // MARK: Untouched

    @Test("An archive as it was downloaded is genuine, and zipfile and unzip find it whole")
    func untouched() async throws {
        let samples = try await samples()
        for zip in [samples.zip, samples.other] {
            let report = try samples.verifier.verify(zip)
            #expect(report.valid, "\(report.checks)")
            #expect(
                report.checks.map(\.check) == [
                    "form", "coverage", "signature", "signer", "time", "manifest", "base", "packet.p7s", "manifest.json", "archive"
                ])
        }
        #expect(samples.planted.bytes == samples.zip, "what the tests below change is, unchanged, what the program writes")

        let folder = try WritingFolder()
        try folder.write(samples.zip, to: "packet.zip")
        let script = """
            import zipfile
            zip = zipfile.ZipFile("packet.zip")
            assert zip.testzip() is None
            print(*zip.namelist())
            zip.extractall("out")
            """
        #expect(try folder.run("python3", ["-c", script]) == "packet.pdf packet.p7s manifest.json VERIFY.txt\n")
        #expect(try folder.read("out/packet.pdf") == samples.pdf)
        #expect(try samples.verifier.verify(try folder.read("out/packet.pdf")).valid)
        if WritingFolder.has("unzip", ["-v"]) {
            #expect(try folder.run("unzip", ["-t", "packet.zip"]).contains("No errors detected in compressed data of packet.zip."))
        }
    }

    @Test("The command says which of two archives is genuine, with 0 and 1")
    func command() async throws {
        let samples = try await samples()
        let folder = try WritingFolder()
        var planted = samples.planted
        planted.entries.append(.init("packet.pdf", SmallBallot.pdf("Vote twice"), stamp: planted.stamp))
        try folder.write(samples.zip, to: "good.zip")
        try folder.write(planted.bytes, to: "bad.zip")
        try folder.write(samples.authority, to: "office-ca.pem")
        let program = try #require(TestProgram.path)
        func verify(_ name: String) throws -> String {
            try folder.run("sh", ["-c", "\"$0\" verify \"$1\" --trust office-ca.pem; echo status $?", program, name])
        }
        let good = try verify("good.zip")
        #expect(good.contains("good.zip is genuine and unchanged.") && good.hasSuffix("status 0\n"), "\(good)")
        let bad = try verify("bad.zip")
        #expect(bad.contains("two files of one name"), "\(bad)")
        #expect(bad.contains("bad.zip is NOT genuine: do not use it.") && bad.hasSuffix("status 1\n"), "\(bad)")
    }

    // MARK: Another file in the voter's hands

    @Test("A second packet.pdf, which is the one that programs unpack, is found wherever it is put")
    func secondPDF() async throws {
        let samples = try await samples()
        let evil = SmallBallot.pdf("Vote twice")
        // Behind the others; in the place of VERIFY.txt, so that there are four again; and first in the directory, the true one unlisted.
        let ways: [(inout PlantedZip) -> Void] = [
            { $0.entries.append(.init("packet.pdf", evil, stamp: $0.stamp)) },
            { $0.entries[3] = .init("packet.pdf", evil, stamp: $0.stamp) },
            { zip in
                zip.entries[0].isListed = false
                zip.entries.insert(.init("packet.pdf", evil, stamp: zip.stamp), at: 1)
            },
            { zip in
                zip.entries[0].listed.name = "packet.pdf~"
                zip.entries.append(.init("packet.pdf", evil, stamp: zip.stamp))
            }
        ]
        let folder = try WritingFolder()
        for (index, way) in ways.enumerated() {
            var zip = samples.planted
            way(&zip)
            try folder.write(zip.bytes, to: "\(index).zip")
            let check = try samples.refusal(of: way)
            #expect(check.check == "archive", "\(index): \(check)")
            // The harm is real: this is what a voter's program would have given.
            try folder.run(
                "python3", ["-c", "import sys, zipfile; zipfile.ZipFile(sys.argv[1]).extract('packet.pdf', 'out')", "\(index).zip"])
            #expect(try folder.read("out/packet.pdf") == evil, "\(index)")
        }
        #expect(try samples.refusal(of: ways[0]).detail.contains("two files of one name"))
        #expect(try samples.refusal(of: ways[1]).detail.contains("two files of one name"))
        #expect(try samples.refusal(of: ways[2]).detail.contains("belong to none of its files"))
        #expect(try samples.refusal(of: ways[3]).detail.contains("a file that no packet has"))
    }

    @Test("Where the two headers of a file disagree, nothing is checked but that")
    func disagreement() async throws {
        let samples = try await samples()
        let changes: [(inout PlantedZip.Header) -> Void] = [
            { $0.name = "packet.PDF" }, { $0.method = 8 }, { $0.flags = 1 }, { $0.flags = 8 }, { $0.checksum ^= 1 }, { $0.length -= 1 },
            { $0.packed -= 1 }, { $0.extra = [1, 2, 0, 0] }, { $0.stamp[0] ^= 1 }
        ]
        for (index, change) in changes.enumerated() {
            for file in 0..<4 {
                let local = try samples.refusal { change(&$0.entries[file].local) }
                #expect(local.check == "archive" && local.detail.contains("says two things"), "\(index), \(file): \(local)")
                let listed = try samples.refusal { change(&$0.entries[file].listed) }
                #expect(listed.check == "archive", "\(index), \(file): \(listed)")
            }
        }
        // Not where it is said to be.
        let elsewhere = try samples.refusal { $0.entries[1].listed.offset = 0 }
        #expect(elsewhere.detail.contains("belong to none of its files"))
        #expect(try samples.refusal { $0.entries[3].listed.offset = 0xFFFF_FFFF }.check == "archive")
    }

    @Test("A file that is packed, encrypted, a link, or dated otherwise is not as the office writes it")
    func otherwise() async throws {
        let samples = try await samples()
        for file in 0..<4 {
            for (method, flags) in [(8, 0), (12, 0), (0, 1), (0, 8), (0, 2048)] {
                let check = try samples.refusal { zip in
                    zip.change(file) { header in (header.method, header.flags) = (method, flags) }
                }
                #expect(check.check == "archive" && check.detail.contains("packed in another way"), "\(check)")
            }
            #expect(try samples.refusal { $0.change(file) { $0.extra = [1, 2, 0, 0] } }.detail.contains("packed in another way"))
            // A symbolic link, and an executable file.
            for attributes in [0o120777 << 16, 0o100755 << 16] {
                let check = try samples.refusal { $0.entries[file].listed.attributes = attributes }
                #expect(check.check == "archive" && check.detail.contains("dates or permissions"), "\(check)")
            }
            #expect(try samples.refusal { $0.change(file) { $0.stamp[2] ^= 1 } }.detail.contains("dates or permissions"))
        }
        // Unpacked and packed again by an honest program, it is another archive; the PDF in it is still good.
        let folder = try WritingFolder()
        try folder.write(samples.zip, to: "packet.zip")
        try folder.run(
            "python3",
            [
                "-c",
                """
                import zipfile
                with zipfile.ZipFile("packet.zip") as old, zipfile.ZipFile("again.zip", "w", zipfile.ZIP_DEFLATED) as new:
                    for name in old.namelist():
                        new.writestr(name, old.read(name))
                """
            ])
        let again = try #require(try samples.refusal(try folder.read("again.zip")))
        #expect(again.check == "archive" && again.detail.hasSuffix("check its packet.pdf by itself."), "\(again)")
    }

    // MARK: Bytes too many and too few

    @Test("Bytes in front of, between and behind the files are found")
    func strayBytes() async throws {
        let samples = try await samples()
        let stray = Array("#!/bin/sh\necho hello\n".utf8)
        let none = "belong to none of its files"
        for knows in [true, false] {
            for prefix in [stray, [UInt8](repeating: 32, count: 5000)] {
                let check = try samples.refusal { zip in
                    zip.prefix = prefix
                    zip.offsetsKnowPrefix = knows
                }
                #expect(check.check == "archive" && check.detail.contains(none), "\(check)")
            }
        }
        for file in 1..<4 { #expect(try samples.refusal { $0.entries[file].before = stray }.detail.contains(none)) }
        // A file that only one of the two lists knows.
        #expect(
            try samples.refusal { zip in
                zip.entries.append(.init("extra.txt", stray, stamp: zip.stamp))
                zip.entries[4].isListed = false
            }.detail.contains(none))
        #expect(try samples.refusal { $0.entries[2].hasContent = false }.check == "archive")
        #expect(try samples.refusal { $0.comment = stray }.detail.contains("behind the archive's end"))
        let behind = try #require(try samples.refusal(samples.zip + stray))
        #expect(behind.detail.contains("behind the archive's end"))
        let twice = try #require(try samples.refusal(samples.zip + samples.zip))
        #expect(twice.check == "archive")
        // A PDF to one program and a ZIP to another.
        let both = try #require(try samples.refusal(samples.pdf + samples.zip))
        #expect(["form", "coverage"].contains(both.check), "\(both)")
    }

    @Test("A file too many, too few, under another name or in another order is found")
    func otherFiles() async throws {
        let samples = try await samples()
        let unknown = "a file that no packet has"
        for name in ["READ ME FIRST.txt", "../packet.pdf", "/etc/passwd", "packet.pdf\u{0}", "", "PACKET.PDF", "\u{202E}fdp.exe"] {
            #expect(try samples.refusal { $0.entries.append(.init(name, [1, 2, 3], stamp: $0.stamp)) }.detail.contains(unknown))
            #expect(try samples.refusal { zip in zip.change(3) { $0.name = name } }.detail.contains(unknown))
        }
        for (index, name) in ["packet.pdf", "packet.p7s", "manifest.json", "VERIFY.txt"].enumerated() {
            let check = try samples.refusal { $0.entries.remove(at: index) }
            #expect(check.detail == "The archive lacks \(name).", "\(check)")
        }
        #expect(try samples.refusal { $0.entries.swapAt(0, 2) }.detail.contains("not in order"))
        for count in [0, 3, 5, 65535] { #expect(try samples.refusal { $0.count = count }.detail.contains("not in order")) }
        // As a tool adds a file to an archive that is there.
        let folder = try WritingFolder()
        try folder.write(samples.zip, to: "packet.zip")
        try folder.run("python3", ["-c", "import zipfile; zipfile.ZipFile('packet.zip', 'a').writestr('note.txt', 'Call this number.')"])
        let added = try #require(try samples.refusal(try folder.read("packet.zip")))
        #expect(added.check == "archive" && added.detail.contains(unknown), "\(added)")
    }

    @Test("An archive that breaks off anywhere is no packet")
    func cut() async throws {
        let samples = try await samples()
        let zip = samples.zip
        for length in [40, 1000, 30_000, zip.count / 2, zip.count - 4000, zip.count - 100] + Array((zip.count - 24)..<zip.count) {
            let check = try #require(try samples.refusal(Array(zip[..<length])))
            #expect(check.check == "archive" && check.detail.contains("Download it again"), "\(length): \(check)")
        }
        // Of so little nobody can say what it was.
        for length in 0..<40 { #expect(throws: OfficeError.self) { try samples.verifier.verify(Array(zip[..<length])) } }
    }

    // MARK: Other content

    @Test("Wrong checksums are found, in every file")
    func checksums() async throws {
        let samples = try await samples()
        for (file, name) in ["packet.pdf", "packet.p7s", "manifest.json", "VERIFY.txt"].enumerated() {
            let wrong = try samples.refusal { $0.change(file) { $0.checksum ^= 0x100 } }
            #expect(wrong.check == "archive" && wrong.detail.hasPrefix("\(name) does not have its checksum"), "\(wrong)")
            let changed = try samples.refusal { $0.entries[file].content[20] ^= 1 }
            #expect(changed.check == "archive" && changed.detail.hasPrefix("\(name) does not have its checksum"), "\(changed)")
        }
    }

    @Test("The signature file of another packet, of other bytes, or none, is not this packet's")
    func signatureFile() async throws {
        let samples = try await samples()
        let own = samples.planted.entries[1].content
        let others = PlantedZip(samples.other).entries[1].content
        #expect(own != others)
        for signature in [others, own + [0], Array(own.dropLast()), [], Array("none".utf8)] {
            let check = try samples.refusal { $0.replace(1, with: signature) }
            #expect(check.check == "packet.p7s" && check.detail.contains("another signature than the one inside the PDF"), "\(check)")
        }
    }

    @Test("A manifest that says other things than the signed one is found")
    func manifestFile() async throws {
        let samples = try await samples()
        let own = String(decoding: samples.planted.entries[2].content, as: UTF8.self)
        let others = [
            own.replacingOccurrences(of: "\"south\"", with: "\"north\""), own + "\n", "{}", "",
            String(decoding: PlantedZip(samples.other).entries[2].content, as: UTF8.self)
        ]
        for manifest in others {
            #expect(manifest != own)
            let check = try samples.refusal { $0.replace(2, with: Array(manifest.utf8)) }
            #expect(check.check == "manifest.json" && check.detail.contains("which is the one that was signed"), "\(check)")
        }
    }

    @Test("A changed PDF in a faultless archive is judged as the PDF alone is, and so is the whole packet of somebody else")
    func pdf() async throws {
        let samples = try await samples()
        var changed = samples.pdf
        changed[changed.count / 2] ^= 1
        #expect(try samples.refusal { $0.replace(0, with: changed) }.check == "signature")
        #expect(try samples.refusal { $0.replace(0, with: samples.pdf + [10]) }.check == "coverage")
        #expect(try samples.refusal { $0.replace(0, with: SmallBallot.pdf("Vote twice")) }.check == "form")
        #expect(try samples.refusal { $0.replace(0, with: PlantedZip(samples.other).entries[0].content) }.check == "packet.p7s")
    }

    @Test("Any one byte of the archive changed is found")
    func anyByte() async throws {
        let samples = try await samples()
        let pdf = samples.pdf.count
        let ends = Array(0..<64) + Array((40 + pdf)..<samples.zip.count)
        for place in ends + Array(stride(from: 64, to: 40 + pdf, by: 4999)) {
            var zip = samples.zip
            zip[place] ^= 1 << UInt8.random(in: 0...7)
            // No ZIP any more, and no PDF: that is refused as something else.
            guard let report = try? samples.verifier.verify(zip) else { continue }
            #expect(!report.valid, "offset \(place)")
        }
    }

    @Test("Archives changed at random never pass, and never stop the program")
    func atRandom() async throws {
        let samples = try await samples()
        // A small PDF, so that the structure is most of it.
        var small = samples.planted
        small.replace(0, with: SmallBallot.pdf("Ballot"))
        for zip in [small.bytes, samples.zip] {
            let rounds = zip == samples.zip ? 200 : 4000
            let pdf = PlantedZip(zip).entries[0].content.count
            for _ in 0..<rounds {
                var bytes = zip
                for _ in 0...Int.random(in: 0...3) {
                    let place = Bool.random() ? Int.random(in: 0..<40) : Int.random(in: (40 + pdf)..<bytes.count)
                    bytes[place] = [UInt8.random(in: 0...255), 0, 255, 0x50][Int.random(in: 0..<4)]
                }
                if Int.random(in: 0..<4) == 0 {
                    let start = Int.random(in: 0..<bytes.count)
                    bytes.removeSubrange(start..<min(bytes.count, start + Int.random(in: 1...60)))
                }
                guard bytes != zip, let report = try? samples.verifier.verify(bytes) else { continue }
                #expect(!report.valid)
            }
        }
    }

    @Test("Some other ZIP is told from a packet's")
    func otherZip() async throws {
        let samples = try await samples()
        let folder = try WritingFolder()
        try folder.run(
            "python3", ["-c", "import zipfile; zipfile.ZipFile('a.zip', 'w').writestr('a.txt', 'a'); zipfile.ZipFile('b.zip', 'w').close()"]
        )
        for name in ["a.zip", "b.zip"] {
            let error = #expect(throws: OfficeError.self) { try samples.verifier.verify(try folder.read(name)) }
            #expect(error?.code == .badInput && error?.message == "This ZIP holds no packet.pdf.")
        }
    }
}
