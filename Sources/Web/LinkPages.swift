import Elections
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Office

// The link's form, and what comes of an answer.
extension PublicResponder {
    /// The form: the same bytes for every token. It asks the database nothing about the link and sets no cookie, so a mail scanner that follows
    /// links finds and spends nothing.
    func linkForm(_ call: Call) async throws -> Response {
        page(.ok, form(call, try await notices.notice(), alert: .none), for: call.head)
    }

    /// An answer to the identity question.
    ///
    /// Whatever is refused is refused in one way and at one pace; the right answer is told the truth at once.
    func claim(_ call: Call, token: String) async throws -> Response {
        let notice = try await notices.notice()
        // Decided before the token is looked at: what cannot be an answer is no try, and tells nothing about the link.
        guard let answer = canonical(call.form["answer"] ?? "", notice.identityQuestion, call.language) else {
            tally.count(.answersUnclear)
            return page(.unprocessableContent, form(call, notice, alert: .unclear), for: call.head)
        }
        if let seconds = wrongAnswers.wait(call.address, at: .now) {
            tally.count(.answersLimited)
            return page(.tooManyRequests, form(call, notice, alert: .tooMany), for: call.head, more: [.retryAfter: "\(seconds)"])
        }
        let claim = try await counter.claim(token: token, answer: answer)
        tally.count(Self.kind(of: claim))
        switch claim {
        case .opened(let cookie):
            return Response(
                status: .seeOther, headers: headers.with([.location: "/ballot\(call.query)", .setCookie: cookies.opening(cookie)]))
        case .refused:
            wrongAnswers.count(call.address, at: .now)
            if let links = watch.note(call.address, token: token, at: .now) {
                tally.count(.addressesOnManyLinks)
                call.visitor.logger.warning(
                    "alert: many links were answered wrongly from one address within an hour",
                    metadata: ["address": "\(call.address)", "links": "\(links) or more"])
            }
            let refusal = page(.forbidden, form(call, notice, alert: .refused), for: call.head)
            try await RefusalPace.wait(from: call.receivedAt)
            return refusal
        case .usedBefore(let moment):
            let when = PageNumbers.moment(moment, zone: notice.timeZone, call.language)
            let goesOn = try await hasVisit(call, of: token)
            return over(
                call, notice, title: "used_title", ["used_when", goesOn ? "used_here" : "used_elsewhere"], tail: "used_not_me",
                values: ["when": when, "zone": PageNumbers.zone(notice.timeZone, call.language)], goesOn: goesOn,
                ticket: counter.wishTicket(token: token))
        case .replaced:
            return over(
                call, notice, title: "replaced_title", ["replaced_body", "replaced_none"], ticket: counter.wishTicket(token: token))
        case .closed:
            return over(call, notice, title: "closed_title", ["closed_body", "closed_next"])
        }
    }

    /// A new link by mail, for whoever has just given the right answer on one that is over.
    func wish(_ call: Call, token: String, ticket: String) async throws -> Response {
        switch try await counter.wish(token: token, ticket: ticket) {
        case .noted:
            tally.count(.wishes)
            return await message(.ok, "wish", ["wish_body", "wish_junk"], call.language)
        case .tooMany: return await message(.tooManyRequests, "wish_many", ["wish_many_body"], call.language, more: [.retryAfter: "86400"])
        case .closed: return await message(.forbidden, "closed", ["closed_body", "closed_next"], call.language)
        case .refused: return await message(.forbidden, "wish_late", ["wish_late_body"], call.language)
        }
    }

    private static func kind(of claim: Counter.Claim) -> SiteTally.Kind {
        switch claim {
        case .opened: .answersRight
        case .refused: .answersRefused
        case .usedBefore, .replaced, .closed: .answersOnOver
        }
    }

    /// What stands above the form.
    private enum FormAlert: String {
        case none, unclear, refused, tooMany
    }

    private func form(_ call: Call, _ notice: PublicNotice, alert: FormAlert) -> KeptPage {
        let language = call.language
        let question = notice.identityQuestion.rawValue
        return notices.page("link \(language.tag) \(alert)", notice: notice) {
            func words(_ key: String) -> String { PageTexts.sentence(key, language) }
            var values: [String: Any] = ["label": words("ask_\(question)"), "hint": words("hint_\(question)")]
            switch alert {
            case .none: break
            case .unclear: values["alert"] = ["head": words("again_head"), "body": [words("again_\(question)")]] as [String: Any]
            case .refused:
                values["alert"] =
                    ["head": words("refused_head"), "body": [words("refused_\(question)"), words("refused_next")]] as [String: Any]
            case .tooMany: values["alert"] = ["head": words("slow_head"), "body": [words("slow_body")]] as [String: Any]
            }
            return pages.render(.link, title: words("link_title"), values, language: language, notice: notice, languages: true)
        }
    }

    /// The link existed and is over. To a program that is a refusal like any other, 403; only the right answer gets here, and is told why.
    private func over(
        _ call: Call, _ notice: PublicNotice, title: String, _ body: [String], tail: String? = nil, values: [String: String] = [:],
        goesOn: Bool = false,
        ticket: String? = nil
    ) -> Response {
        var more: [String: Any] = [:]
        if let ticket { more["ticket"] = ticket }
        if let tail { more["tail"] = PageTexts.sentence(tail, call.language) }
        return page(
            .forbidden,
            pages.render(
                .linkOver, title: PageTexts.sentence(title, call.language),
                ["body": body.map { PageTexts.sentence($0, call.language, values) }, "go_on": goesOn, "query": call.query]
                    .merging(more) { $1 },
                language: call.language, notice: notice))
    }

    private func hasVisit(_ call: Call, of token: String) async throws -> Bool {
        guard let cookie = call.cookie(cookies) else { return false }
        return try await counter.isVisit(cookie: cookie, ofLink: token)
    }

    /// What was typed, as it is compared. The page may be in the browser's language and not in the voter's: months are understood in the page's,
    /// or else in any that the site speaks.
    private func canonical(_ text: String, _ question: IdentityQuestion, _ language: PageLanguage) -> String? {
        let typed = PageNumbers.plainDigits(text)
        let today = clock.now().civilDate(in: .gmt).adding(days: 1)
        return Answer.canonical(typed, question: question, monthNames: PageNumbers.months(language), today: today)
            ?? Answer.canonical(typed, question: question, monthNames: languages.all.flatMap(PageNumbers.months), today: today)
    }
}
