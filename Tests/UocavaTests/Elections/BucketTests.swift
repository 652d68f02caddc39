import Elections
import Testing

@Suite("Buckets of issue")
struct ElectionsBucketTests {
    /// Facts of a voter who gets a ballot.
    private func facts(_ change: (inout IssueFacts, inout VoterRecord) -> Void = { _, _ in }) throws -> IssueFacts {
        var voter = try ElectionsTestVoter.make()
        voter.protected = false
        var facts = IssueFacts(
            record: nil, electionDate: try #require(CivilDate("2028-11-07")), today: try #require(CivilDate("2028-09-18")),
            style: { .success(StyleID("S1")) })
        change(&facts, &voter)
        facts.record = voter
        return facts
    }

    @Test("The names are those of the documented format, and the order of trying has each once")
    func names() {
        #expect(
            Bucket.allCases.map(\.rawValue)
                == [
                    "issued", "already_issued", "by_mail", "no_email", "not_eligible", "style_unresolved", "packet_missing", "unprintable",
                    "protected", "held"
                ])
        #expect(Set(Bucket.precedence) == Set(Bucket.allCases) && Bucket.precedence.count == Bucket.allCases.count)
    }

    @Test("Each trouble has its bucket and its reason")
    func each() throws {
        func decide(_ change: (inout IssueFacts, inout VoterRecord) -> Void) throws -> BucketDecision { Bucket.decide(try facts(change)) }
        #expect(Bucket.decide(try facts()) == BucketDecision(.issued, "", StyleID("S1")))
        #expect(try decide { facts, _ in facts.held = "ragged" } == BucketDecision(.held, "ragged"))
        var nobody = try facts()
        nobody.record = nil
        #expect(Bucket.decide(nobody).bucket == .held)
        #expect(try decide { $1.status = .pending }.reason == "the request is pending: ok")
        #expect(try decide { $1.status = .rejected }.bucket == .notEligible && decide { $1.status = .cancelled }.bucket == .notEligible)
        let september = try #require(CivilDate("2028-09-17"))
        let october = try #require(CivilDate("2028-10-31"))
        let election = try #require(CivilDate("2028-11-07"))
        #expect(try decide { $1.validTo = september }.reason == "the request expired on 2028-09-17")
        #expect(try decide { $1.validTo = october }.reason == "the request is valid only to 2028-10-31, before election day")
        #expect(try decide { $1.validTo = election }.bucket == .issued)
        #expect(try decide { $1.protected = true }.bucket == .protected)
        #expect(
            try decide {
                $1.protected = true
                $0.released = true
            }.bucket == .issued)
        #expect(try decide { facts, _ in facts.alreadyIssued = true }.bucket == .alreadyIssued)
        #expect(try decide { $1.preference = [.mail, .email] }.reason == "the voter asked for mail")
        #expect(try decide { $1.preference = [.fax] }.bucket == .byMail && decide { $1.preference = [.online, .mail] }.bucket == .issued)
        #expect(try decide { $1.preference = [] }.bucket == .byMail)
        #expect(
            try decide {
                $1.preference = []
                $0.noPreference = .email
            }.bucket == .issued)
        #expect(try decide { $1.email = "" }.bucket == .noEmail)
        #expect(
            try decide { facts, _ in facts.style = { .failure(Unresolved(kind: .ambiguous, reason: "two")) } }
                == BucketDecision(.styleUnresolved, "two"))
        #expect(
            try decide { facts, _ in facts.packetMissing = { "no file for \($0)" } }
                == BucketDecision(.packetMissing, "no file for S1", StyleID("S1")))
        #expect(try decide { facts, _ in facts.unprintable = { _ in "U+1F600" } } == BucketDecision(.unprintable, "U+1F600", StyleID("S1")))
    }

    @Test("Of several troubles the first in the documented order decides, whatever their combination")
    func precedence() throws {
        let troubles = Bucket.precedence.dropLast()
        for combination in 0..<(1 << troubles.count) {
            let chosen = troubles.enumerated().filter { combination & (1 << $0.offset) != 0 }.map(\.element)
            let facts = try facts { facts, voter in
                for trouble in chosen {
                    switch trouble {
                    case .held: facts.held = "x"
                    case .notEligible: voter.status = .pending
                    case .protected: voter.protected = true
                    case .alreadyIssued: facts.alreadyIssued = true
                    case .byMail: voter.preference = [.mail]
                    case .noEmail: voter.email = ""
                    case .styleUnresolved: facts.style = { .failure(Unresolved(kind: .ambiguous, reason: "x")) }
                    case .packetMissing: facts.packetMissing = { _ in "x" }
                    case .unprintable: facts.unprintable = { _ in "x" }
                    case .issued: break
                    }
                }
            }
            #expect(Bucket.decide(facts).bucket == chosen.first ?? .issued)
        }
    }

    @Test("Style, packet and type are asked for only when it comes to them")
    func lazily() throws {
        let facts = try facts { facts, voter in
            voter.preference = [.mail]
            facts.style = {
                Issue.record("the style was asked for")
                return .success(StyleID("S1"))
            }
        }
        #expect(Bucket.decide(facts).bucket == .byMail)
    }
}
