import Elections
import HTTPTypes
import Hummingbird
import NIOCore
import Office

// Where a ballot is, for whoever has its tracking code.
extension PublicResponder {
    /// The form that asks for the code.
    func trackForm(_ call: Call) async throws -> Response {
        page(.ok, try await trackForm(call, isUnknown: false), for: call.head)
    }

    /// The timeline of a code; one page for every code that opens none. A return code is no tracking code and opens nothing.
    func timeline(_ call: Call, code: String) async throws -> Response {
        guard let timeline = try await counter.timeline(trackingCode: code) else {
            return page(.notFound, try await trackForm(call, isUnknown: true), for: call.head)
        }
        let language = call.language
        let election = timeline.election
        let steps = timeline.steps.map { step -> [String: Any] in
            var values: [String: Any] = [
                "moment": step.at.rfc3339, "when": PageNumbers.moment(step.at, zone: election.timeZone, language),
                "what": PageTexts.sentence(Self.wording(step.kind), language)
            ]
            if let reason = step.reason, !reason.isEmpty {
                // One of the usual ones is known in the page's language, or else in English.
                let usual = RejectionReason.usual(saidAs: reason)
                values["reason"] = usual?.sentence(language: language.tag) ?? reason
                if usual != nil, !language.isEnglish, !language.isSpanish { values["reason_language"] = "en" }
            }
            return values
        }
        // Letters and the post tell something, but only these steps change where the ballot stands.
        let last = timeline.steps.last { $0.kind.brings != nil }?.kind ?? .issued
        var values: [String: Any] = [
            "election": election.name, "date": PageNumbers.day(election.date, language), "steps": steps,
            "now": PageTexts.sentence(Self.wording(last), language), "query": call.query
        ]
        values["zone"] = PageTexts.sentence("way_zone", language, ["zone": PageNumbers.zone(election.timeZone, language)])
        values["bad"] = last == .rejected
        // Said while it matters: not before the envelope is here, and not when the decision is made.
        if last != .accepted, last != .rejected, timeline.steps.contains(where: { $0.kind == .received }) {
            values["caution"] = PageTexts.sentence("way_accepted", language)
        }
        if let meaning = Self.meaning(last) { values["meaning"] = PageTexts.sentence(meaning, language) }
        return page(
            .ok,
            pages.render(
                .timeline, title: PageTexts.sentence("way_title", language), values, language: language, notice: try await notices.notice(),
                languages: call.head.method != .post))
    }

    private func trackForm(_ call: Call, isUnknown: Bool) async throws -> KeptPage {
        let language = call.language
        let notice = try await notices.notice()
        return notices.page("track \(language.tag) \(call.query) \(isUnknown)", notice: notice) {
            var values: [String: Any] = ["query": call.query]
            if isUnknown {
                values["alert"] =
                    [
                        "head": PageTexts.sentence("track_unknown", language),
                        "body": [PageTexts.sentence("track_unknown_body", language)]
                    ] as [String: Any]
            }
            return pages.render(
                .trackForm, title: PageTexts.sentence("track_title", language), values, language: language, notice: notice,
                languages: !isUnknown)
        }
    }

    private static func wording(_ kind: EventKind) -> String { kind == .accepted ? "way_accepted_step" : "way_\(kind.rawValue)" }

    private static func meaning(_ kind: EventKind) -> String? {
        switch kind {
        case .received, .reversed: "mean_received"
        case .held: "mean_held"
        case .rejected: "mean_rejected"
        case .letterRefused, .letterBounced: "mean_undelivered"
        default: nil
        }
    }
}
