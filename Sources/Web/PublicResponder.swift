import Elections
import Foundation
package import HTTPTypes
import Hummingbird
import Logging
import NIOCore
package import Office
import Synchronization

/// Answers every request to the public site. It holds no rules: the counter decides, this asks it and says the answer in words.
struct PublicResponder: HTTPResponder {
    typealias Context = Visitor

    let counter: Counter
    let clock: WallClock
    let cookies: SiteCookie
    let origin: FormOrigin
    let wrongAnswers: WrongAnswers
    let watch = AddressWatch()
    let tally: SiteTally
    let languages: PageLanguages
    let shelf: BaseShelf
    let notices: NoticeBoard
    let pages: Pages
    let headers: SiteHeaders
    let publicURL: String
    let securityContact: String?
    private let addresses: ClientAddress
    private let seats: Seats

    /// Longer than any address of ours.
    private static let longestPath = 1024

    init(configuration: Configuration, languages: PageLanguages, counter: Counter, tally: SiteTally, clock: WallClock) throws {
        self.languages = languages
        self.tally = tally
        let site = configuration.publicSite
        self.counter = counter
        self.clock = clock
        publicURL = site.url
        securityContact = site.securityContact.isEmpty ? nil : site.securityContact
        cookies = SiteCookie(name: "visit", seconds: Counter.visitSeconds, isHTTPS: site.isHTTPS)
        origin = FormOrigin(publicURL: site.url)
        wrongAnswers = WrongAnswers(
            size: configuration.limits.wrongAnswersPerAddress, refillSeconds: configuration.limits.refillSeconds)
        shelf = BaseShelf(counter: counter)
        notices = NoticeBoard(counter: counter)
        pages = try Pages(languages)
        headers = SiteHeaders(isHTTPS: site.isHTTPS)
        addresses = ClientAddress(trustedProxies: site.trustedProxies)
        seats = Seats(configuration.limits.requestsInFlight, ofOne: configuration.limits.connectionsPerAddress)
    }

    /// On a task of its own: a task keeps the memory that its deepest call once needed, and the connection's task waits for half a minute, idle,
    /// with thousands like it. So an idle connection costs 21 KB instead of 33.
    func respond(to request: Request, context visitor: Visitor) async throws -> Response {
        try await withThrowingTaskGroup(of: Response.self) { group in
            group.addTask { try await reply(to: request, visitor) }
            guard let response = try await group.next() else { throw CancellationError() }
            return response
        }
    }

    private func reply(to request: Request, _ visitor: Visitor) async throws -> Response {
        let route = Route(path: request.uri.path)
        let (language, isChosen) = language(request)
        let address = addresses.of(peer: visitor.channel.remoteAddress, headers: request.headers)
        guard let seat = seats.take(address) else {
            tally.count(.busy)
            let notice = (try? await notices.notice()) ?? PublicNotice()
            let busy = notices.page("busy \(language.tag)", notice: notice) {
                pages.render(
                    .message, title: PageTexts.sentence("busy_title", language), ["body": [PageTexts.sentence("busy_body", language)]],
                    language: language, notice: notice)
            }
            return page(.serviceUnavailable, busy, for: request.head, more: [.retryAfter: "2"])
        }
        let response: Response
        do {
            response = try await answer(request, route, language, isChosen, visitor, address, seat)
        } catch {
            response = await failure(error, route: route, language, visitor)
        }
        return request.method == .head ? response.createHeadResponse() : response
    }

    private func answer(
        _ request: Request, _ route: Route?, _ language: PageLanguage, _ isChosen: Bool, _ visitor: Visitor, _ address: String, _ seat: Seat
    ) async throws -> Response {
        var form: [String: String] = [:]
        if Self.hasBody(request.head, visitor) {
            do {
                form = PostedForm.fields(try await FormBody.bytes(of: request, upTo: PostedForm.largest))
            } catch is NIOTooManyBytesError {
                // Whoever has no browser may send the file itself.
                let body = route == .verify ? ["verify_large", "large_body"] : ["large_body"]
                return closing(await message(.contentTooLarge, "large", body, language), request.head, visitor)
            } catch is FormBody.Slow {
                return closing(await message(.requestTimeout, "late", ["late_body"], language), request.head, visitor)
            } catch let cancelled as CancellationError {
                throw cancelled
            } catch {
                // Nothing of ours is asked while a form comes in: it is cut off, or its chunks are no chunks.
                return closing(await message(.badRequest, "garbled", ["garbled_body"], language), request.head, visitor)
            }
        }
        let call = Call(
            head: request.head, language: language, isLanguageChosen: isChosen, form: form, receivedAt: .now,
            address: address, visitor: visitor, seat: seat)
        guard route == .health || Self.isHost(request.head.authority) else {
            return await message(.badRequest, "garbled", ["garbled_body"], language)
        }
        guard let route, request.uri.path.utf8.count <= Self.longestPath else { return await missing(call) }
        guard route.methods.contains(request.method) else {
            let allowed = route.methods.map(\.rawValue).joined(separator: ", ")
            return await message(.methodNotAllowed, "method", ["method_body"], language, more: [.allow: allowed])
        }
        if request.method == .post, !origin.accepts(request.head) {
            return await message(.forbidden, "foreign", ["foreign_body"], language)
        }
        switch (route, request.method) {
        case (.home, _): return try await home(call)
        case (.link(let token), .post):
            if let ticket = call.form["wish"] { return try await wish(call, token: token, ticket: ticket) }
            return try await claim(call, token: token)
        case (.link, _): return try await linkForm(call)
        case (.ballot, _): return try await ballot(call)
        case (.ballotFile(let name), _): return try await file(call, name: name)
        case (.endVisit, _): return try await endVisit(call)
        case (.track, .post): return try await timeline(call, code: call.form["code"] ?? "")
        case (.track, _): return try await trackForm(call)
        case (.trackCode(let code), _): return try await timeline(call, code: code)
        case (.health, _): return await health()
        case (.authority, _): return try await authority(call)
        case (.accessibility, _): return try await statement(call, .accessibility)
        case (.privacy, _): return try await statement(call, .privacy)
        case (.newLink, _): return try await statement(call, .newLink)
        case (.verify, .post): return try await verify(call, typed: call.form["sha256"] ?? "")
        case (.verify, _): return try await verifyForm(call)
        case (.robots, _): return text(SiteFiles.robots, "text/plain; charset=utf-8")
        case (.securityText, _): return await securityText(call)
        case (.icon, _): return text(SiteFiles.icon, "image/svg+xml")
        }
    }

    // MARK: Reading

    private func language(_ request: Request) -> (PageLanguage, isChosen: Bool) {
        if let query = request.uri.query, query.utf8.count <= 64,
            let chosen = PostedForm.fields(Array(query.utf8))["lang"].flatMap({ languages[$0] })
        {
            return (chosen, true)
        }
        return (languages.preferred(request.headers[.acceptLanguage]), false)
    }

    /// Whether a request says whom it wants in a way that a name, an address and a port can be written in (RFC 9112, 3.2). Only who asks for the
    /// site's health may leave it out: monitoring programs do.
    private static func isHost(_ authority: String?) -> Bool {
        guard let authority, !authority.isEmpty, authority.utf8.count <= 255 else { return false }
        return authority.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
            default: "-._:[]".utf8.contains(byte)
            }
        }
    }

    /// With HTTP/2 a form need not say that it comes (RFC 9113, 8.1.1).
    private static func hasBody(_ head: HTTPRequest, _ visitor: Visitor) -> Bool {
        let fields = head.headerFields
        return fields[.transferEncoding] != nil
            || fields[.contentLength].map { $0 != "0" } ?? (visitor.channel.isStream && head.method == .post)
    }

    // MARK: Answering

    /// A page with the site's headers.
    func page(_ status: HTTPResponse.Status, _ page: ByteBuffer, more: [HTTPField.Name: String] = [:]) -> Response {
        var fields = headers.with(more)
        fields[.contentType] = "text/html; charset=utf-8"
        fields[.vary] = Self.vary
        return Response(status: status, headers: fields, body: ResponseBody(byteBuffer: page))
    }

    /// A kept page, compressed for whoever takes it so.
    func page(_ status: HTTPResponse.Status, _ kept: KeptPage, for head: HTTPRequest, more: [HTTPField.Name: String] = [:]) -> Response {
        guard KeptPage.isGzipWelcome(head.headerFields[.acceptEncoding]) else { return page(status, kept.plain, more: more) }
        return page(status, kept.gzip, more: more.merging([.contentEncoding: "gzip"]) { $1 })
    }

    private static let vary = "Accept-Encoding, Accept-Language"

    /// A page of a few sentences: `<key>_title` and the paragraphs.
    func message(
        _ status: HTTPResponse.Status, _ key: String, _ body: [String], _ language: PageLanguage, values: [String: String] = [:],
        more: [HTTPField.Name: String] = [:]
    ) async -> Response {
        // These pages must come even where the database does not.
        let notice = (try? await notices.notice()) ?? PublicNotice()
        let sentences = body.map { PageTexts.sentence($0, language, values) }
        let words = PageTexts.sentence("start", language)
        return page(
            status,
            pages.render(
                .message, title: PageTexts.sentence("\(key)_title", language),
                ["body": sentences, "onward": ["address": "/", "words": words]], language: language, notice: notice),
            more: more)
    }

    /// What is not there; the same for everything.
    func missing(_ call: Call) async -> Response { await message(.notFound, "missing", ["missing_body"], call.language) }

    private func failure(_ error: any Error, route: Route?, _ language: PageLanguage, _ visitor: Visitor) async -> Response {
        let status =
            (error as? OfficeError).map(ErrorStatus.of) ?? (error is CancellationError ? .serviceUnavailable : .internalServerError)
        guard status == .internalServerError else {
            let again: [HTTPField.Name: String] = status == .serviceUnavailable ? [.retryAfter: "5"] : [:]
            return await message(status, "busy", ["busy_body"], language, more: again)
        }
        tally.count(.failed)
        let reference = String(UInt32.random(in: 0x1000_0000...UInt32.max), radix: 16, uppercase: true)
        visitor.logger.error(
            "a request failed",
            metadata: ["reference": "\(reference)", "route": "\(route?.pattern ?? "none")", "error": "\(error)"])
        return await message(.internalServerError, "failed", ["failed_body"], language, values: ["reference": reference])
    }

    /// The response, after which the connection (of HTTP/2, the stream) ends: the rest of what the client sends is not wanted.
    private func closing(_ response: Response, _ head: HTTPRequest, _ visitor: Visitor) -> Response {
        var response = response
        if !visitor.channel.isStream { response.headers[.connection] = "close" }
        // The body of an answer to HEAD is never written: then only the header says so.
        guard head.method != .head else { return response }
        let body = response.body
        let channel = visitor.channel
        let delivery = Delivery(pieces: [body.contentLength ?? 0], on: channel.eventLoop)
        channel.triggerUserOutboundEvent(delivery, promise: nil)
        response.body = ResponseBody(contentLength: body.contentLength) { writer in
            try await body.write(writer)
            _ = await delivery.arrived()
            try? await channel.close()
        }
        return response
    }

    private func health() async -> Response {
        let isHealthy = await counter.isHealthy()
        var fields = headers.with([.contentType: "text/plain; charset=utf-8"])
        if !isHealthy { fields[.retryAfter] = "5" }
        return Response(
            status: isHealthy ? .ok : .serviceUnavailable, headers: fields,
            body: ResponseBody(byteBuffer: ByteBuffer(string: isHealthy ? "ok\n" : "the database does not answer\n")))
    }
}

/// The one table from the office's errors to HTTP.
package enum ErrorStatus {
    /// The status of an error.
    package static func of(_ error: OfficeError) -> HTTPResponse.Status {
        switch error.code {
        case .usage, .badInput: .badRequest
        case .notFound: .notFound
        case .unavailable, .cannotWrite, .tryAgain: .serviceUnavailable
        case .notAllowed: .forbidden
        case .broken: .internalServerError
        }
    }
}
