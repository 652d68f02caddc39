import Elections
import Foundation
import Office
import Packet
import Storage
import Synchronization
import Testing

/// What ``WholeOfficeTests`` asks of one packet of each kind, asked of all of them. Takes minutes on two cores, and up to 1 GB in the temporary folder.
@Suite(
    "Every packet of a whole office", .enabled(if: Fixtures.present, "…/shared/fixtures is not there"),
    .enabled(if: TestOffice.present, "the program is not built"),
    .enabled(if: WritingFolder.hasPyHanko, "pyHanko is not installed"),
    .enabled(if: ProcessInfo.processInfo.environment["UOCAVA_LONG_TESTS"] != nil, "takes minutes; set UOCAVA_LONG_TESTS"))
struct EveryPacketTests {
    @Test(
        "All packets are what the vendor delivered, and qpdf, pdfsig, OpenSSL and pyHanko find each of them genuine",
        .timeLimit(.minutes(60)))
    func everyPacket() async throws {
        let started = ContinuousClock.now
        @Sendable func report(_ text: String) {
            let seconds = (ContinuousClock.now - started).components.seconds
            // Unbuffered, to be seen while it goes on.
            FileHandle.standardOutput.write(Data("every packet: \(text) (\(seconds) s)\n".utf8))
        }
        let (test, result) = try DistrictOffice.copy()
        let due = try DistrictOffice.due()
        #expect(due.count > 1800)
        #expect(due.count == result.buckets[.issued])
        let packets = try await DownloadedPacket.openAll(due, test)
        #expect(try test.office.books.read { try $0.count("SELECT count(*) FROM ballot") } == packets.count)
        #expect(Set(packets.map(\.visit.sha256)).count == packets.count, "no two voters have the same file")
        report("\(packets.count) packets claimed")

        let judges = try PacketJudges(test)
        let work = Work(packets: packets, judges: judges, all: try WritingFolder(), report: report)
        async let one: Void = WebTestSite.onThread { try work.run() }
        async let two: Void = WebTestSite.onThread { try work.run() }
        _ = try await (one, two)
        #expect(work.problems.withLock { $0 } == [])

        // One packet of every base; what lies before its tail is the same in all others, which was found above.
        let bases = Dictionary(packets.map { ($0.visit.baseHash, $0) }, uniquingKeysWith: { first, _ in first })
        #expect(bases.count == 16)
        async let pictures = WebTestSite.onThread { try bases.values.flatMap { try judges.pictures(of: $0) } }
        async let distrusted = WebTestSite.onThread { try judges.pyHanko(packets.map { "\($0.number).pdf" }, in: work.all) }
        #expect(try await pictures == [])
        report("the ballot pages of \(bases.count) bases compared as pictures")
        #expect(try await distrusted == [])
        report("pyHanko has seen all of them")
        try test.verify()
    }

    /// The packets, which two threads take one by one.
    private final class Work: Sendable {
        let problems = Mutex<[String]>([])
        /// Where the PDFs out of the archives are gathered.
        let all: WritingFolder
        private let packets: [DownloadedPacket]
        private let judges: PacketJudges
        private let report: @Sendable (String) -> Void
        private let next = Mutex(0)

        init(packets: [DownloadedPacket], judges: PacketJudges, all: WritingFolder, report: @escaping @Sendable (String) -> Void) {
            self.packets = packets
            self.judges = judges
            self.all = all
            self.report = report
        }

        func run() throws {
            while true {
                let index = next.withLock { index in
                    defer { index += 1 }
                    return index
                }
                guard index < packets.count else { return }
                if index.isMultiple(of: 100), index > 0 { report("\(index) of \(packets.count) judged") }
                let packet = packets[index]
                let folder = try WritingFolder()
                let found = try judges.problems(of: packet, in: folder)
                try FileManager.default.moveItem(atPath: folder.path("packet.pdf"), toPath: all.path("\(packet.number).pdf"))
                guard !found.isEmpty else { continue }
                for problem in found { report(problem) }
                // Where everything is wrong, a few say it as well as all.
                let enough = problems.withLock { problems in
                    problems += found
                    return problems.count > 50
                }
                if enough { throw WritingFolder.Failure(text: "too many packets are not as they must be") }
            }
        }
    }
}
