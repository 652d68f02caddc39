import Elections
import Foundation
import Office
import Testing

@Suite("The day to post a ballot by", .enabled(if: TestOffice.present, "the program is not built"))
struct PostingDayTests {
    @Test("A voter whose day has passed is told to post it the earliest day they can; others are told the day")
    func passed() async throws {
        for (days, isPast) in [(0, false), (47, true)] {
            let test = try TestOffice()
            test.advance(seconds: Int64(days) * 86_400)
            try test.issue { $0.only = [VoterID("V1")] }
            let packet = try #require(
                try await DownloadedPacket.openAll([["voter_id": "V1", "date_of_birth": TestOffice.voters[0].birthday]], test).first)
            let day = try #require(CivilDate(packet.visit.packet.card.mailBy))
            #expect((day < test.now.civilDate(in: .gmt)) == isPast)
            let folder = try WritingFolder()
            try folder.write(packet.pdf, to: "p.pdf")
            let cover = try folder.run("pdftotext", ["-l", "1", "p.pdf", "-"])
            #expect(cover.contains("the earliest day you can") == isPast)
            #expect(cover.contains(day.long(language: "en")) == !isPast)
        }
    }
}
