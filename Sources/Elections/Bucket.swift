/// What `issue` does about a voter: everyone in scope is in exactly one bucket. The order here is the order of reports.
package enum Bucket: String, CaseIterable, Sendable, Hashable {
    case issued
    case alreadyIssued = "already_issued"
    case byMail = "by_mail"
    case noEmail = "no_email"
    case notEligible = "not_eligible"
    case styleUnresolved = "style_unresolved"
    case packetMissing = "packet_missing"
    case unprintable
    case protected
    case held

    /// The order in which the buckets are tried; the first that fits is the voter's.
    package static let precedence: [Bucket] = [
        .held, .notEligible, .protected, .alreadyIssued, .byMail, .noEmail, .styleUnresolved, .packetMissing, .unprintable, .issued
    ]

    /// Whether the voter needs somebody's attention to get a ballot by e-mail.
    package var needsAttention: Bool {
        switch self {
        case .issued, .alreadyIssued, .byMail, .notEligible: false
        case .noEmail, .styleUnresolved, .packetMissing, .unprintable, .protected, .held: true
        }
    }

    /// The voter's bucket, in order of precedence. Asks for the style, the packet and the type only when everything before them fits.
    package static func decide(_ facts: IssueFacts) -> BucketDecision {
        guard let voter = facts.record else { return BucketDecision(.held, facts.held ?? "the row of the roll was refused") }
        if let held = facts.held { return BucketDecision(.held, held) }
        if let reason = ineligibility(of: voter, facts) { return BucketDecision(.notEligible, reason) }
        if voter.protected && !facts.released {
            return BucketDecision(.protected, "the voter's data are protected; release the ballot by hand")
        }
        if facts.alreadyIssued { return BucketDecision(.alreadyIssued, "a ballot was issued before") }
        if facts.isCancelled { return BucketDecision(.notEligible, "the office cancelled the ballot, and nobody asked for another") }
        if let first = voter.preference.first {
            if !first.isElectronic { return BucketDecision(.byMail, "the voter asked for \(first.rawValue)") }
        } else if facts.noPreference == .mail {
            return BucketDecision(.byMail, "the voter named no preference")
        }
        if voter.email.isEmpty { return BucketDecision(.noEmail, "the roll has no e-mail address") }
        let style: StyleID
        switch facts.style() {
        case .success(let found): style = found
        case .failure(let unresolved): return BucketDecision(.styleUnresolved, unresolved.reason)
        }
        if let reason = facts.packetMissing(style) { return BucketDecision(.packetMissing, reason, style) }
        if let reason = facts.unprintable(style) { return BucketDecision(.unprintable, reason, style) }
        return BucketDecision(.issued, "", style)
    }

    private static func ineligibility(of voter: VoterRecord, _ facts: IssueFacts) -> String? {
        if voter.status != .accepted {
            return voter.statusReason.isEmpty
                ? "the request is \(voter.status.rawValue)" : "the request is \(voter.status.rawValue): \(voter.statusReason)"
        }
        if voter.validTo < facts.today { return "the request expired on \(voter.validTo)" }
        if voter.validTo < facts.electionDate { return "the request is valid only to \(voter.validTo), before election day" }
        return nil
    }
}

/// What is known about a voter when ballots are issued.
package struct IssueFacts {
    /// Why somebody held the voter back, e.g. the row of the roll was refused; nil: nobody did.
    package var held: String?
    /// The voter; nil where the roll's row was refused and there is none.
    package var record: VoterRecord?
    /// Whether somebody released this protected voter's ballot.
    package var released: Bool
    /// Whether a ballot of the voter's in this election stands, and nobody asked for another in its place.
    package var alreadyIssued: Bool
    /// Whether the office cancelled the voter's ballot, and nobody asked for another: none is issued by itself.
    package var isCancelled: Bool
    /// Election day.
    package var electionDate: CivilDate
    /// The day at the office.
    package var today: CivilDate
    /// What a voter without a preference gets.
    package var noPreference: NoPreference
    /// Finds the style: `StyleResolver.resolve(_:scope:)`.
    package var style: () -> Result<StyleID, Unresolved>
    /// Why there is no packet for the style in any language; nil: there is one.
    package var packetMissing: (StyleID) -> String?
    /// Which character of the voter's name no font has, in words; nil: all can be printed.
    package var unprintable: (StyleID) -> String?

    /// All facts of one voter.
    package init(
        held: String? = nil, record: VoterRecord?, released: Bool = false, alreadyIssued: Bool = false, isCancelled: Bool = false,
        electionDate: CivilDate, today: CivilDate,
        noPreference: NoPreference = .mail, style: @escaping () -> Result<StyleID, Unresolved>,
        packetMissing: @escaping (StyleID) -> String? = { _ in nil }, unprintable: @escaping (StyleID) -> String? = { _ in nil }
    ) {
        self.held = held
        self.record = record
        self.released = released
        self.alreadyIssued = alreadyIssued
        self.isCancelled = isCancelled
        self.electionDate = electionDate
        self.today = today
        self.noPreference = noPreference
        self.style = style
        self.packetMissing = packetMissing
        self.unprintable = unprintable
    }
}

/// A voter's bucket, and why.
package struct BucketDecision: Sendable, Equatable {
    /// The bucket.
    package let bucket: Bucket
    /// Why, in words; empty for `issued`. It names no voter, but may quote a precinct or the reason of a request's status.
    package let reason: String
    /// The style, where it came to that.
    package let style: StyleID?

    /// A decision with its reason.
    package init(_ bucket: Bucket, _ reason: String, _ style: StyleID? = nil) {
        self.bucket = bucket
        self.reason = reason
        self.style = style
    }
}
