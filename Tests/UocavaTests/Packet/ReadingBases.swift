import Foundation
import Packet
import Testing

/// Brings vendors' files all the way into a base, as an import does, and says in a few words what became of each.
struct ReadingBases {
    /// The confined job that merges a ballot with the office's pages, which are the same around every ballot and drawn once.
    private let job: [[UInt8]]
    private let child = ReadingSamples.child()

    private struct Captured: Error {}

    init() throws {
        var captured: [UInt8] = []
        let input = BaseInput(text: WritingSamples.office(), paper: .letter, ballotPDF: [], styleLabel: "1")
        _ = try? BaseAssembly.make(input) { job in
            captured = job
            throw Captured()
        }
        job = Self.pieces(captured)
        try #require(job.count == 5)
    }

    /// The base around a cleaned ballot, and the ballot's pages in it: what `BaseAssembly.make` gives, without drawing the office's pages.
    func base(_ ballot: [UInt8]) throws -> (pdf: [UInt8], ballot: ClosedRange<Int>) {
        var pieces = job
        pieces[4] = ballot
        let answer = Self.pieces(try child.run("assemble", Self.joined(pieces)).bytes)
        let report = try JSONDecoder().decode(Report.self, from: Data(answer[0]))
        return (answer[1], report.firstBallotPage...report.lastBallotPage)
    }

    private struct Report: Decodable {
        var firstBallotPage: Int
        var lastBallotPage: Int
    }

    /// `taken`, `repaired` (taken where the office accepts that), or the error's code, with its object where it has one.
    ///
    /// Whatever is taken shows in the base what the vendor's file shows. No child runs for more than ten seconds or has more than 500 MB.
    func outcome(_ file: URL) throws -> String {
        let vendor = [UInt8](try Data(contentsOf: file))
        let name = file.lastPathComponent
        do {
            let clean = try read(vendor, name)
            let base = try base(clean.pdf)
            let differences = try PageCompare.compare(
                vendor, pages: 1...clean.pages.count, isWhole: true, with: [(base.pdf, base.ballot.lowerBound)], child: child)
            guard base.ballot.count == clean.pages.count else { return "pages lost" }
            if let first = differences.first { return "picture-changed, page \(first.page)" }
            return clean.repaired ? "repaired" : "taken"
        } catch let error as PacketError {
            #expect(!error.message.isEmpty && !error.hint.isEmpty, "\(name): \(error)")
            return [error.code.rawValue, error.object].compactMap(\.self).joined(separator: ", ")
        }
    }

    /// As an office reads it that accepts repaired files if it must.
    private func read(_ vendor: [UInt8], _ name: String) throws -> CleanBallot {
        let reader = BallotReader(child: child)
        do {
            return try reader.read(vendor, name: name, acceptRepaired: false)
        } catch {
            guard error.code == .damaged else { throw error }
            return try reader.read(vendor, name: name, acceptRepaired: true)
        }
    }

    // MARK: The job's pieces: eight bytes of length, then so many, again and again

    private static func pieces(_ bytes: [UInt8]) -> [[UInt8]] {
        var pieces: [[UInt8]] = []
        var rest = bytes[...]
        while rest.count >= 8 {
            var length = 0
            for byte in rest.prefix(8) { length = length * 256 + Int(byte) }
            pieces.append(Array(rest.dropFirst(8).prefix(length)))
            rest = rest.dropFirst(8 + length)
        }
        return pieces
    }

    private static func joined(_ pieces: [[UInt8]]) -> [UInt8] {
        var bytes: [UInt8] = []
        for piece in pieces {
            for shift in [56, 48, 40, 32, 24, 16, 8, 0] { bytes.append(UInt8(truncatingIfNeeded: piece.count >> shift)) }
            bytes.append(contentsOf: piece)
        }
        return bytes
    }
}
