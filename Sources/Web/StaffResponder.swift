import Elections
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Office

/// Somebody who is signed in. Only ``StaffResponder`` makes one, after it looked at cookie, role and form: a handler that takes one cannot
/// be reached without.
struct Signed: Sendable {
    let session: StaffDoor.Session
    let desk: Desk

    fileprivate init(session: StaffDoor.Session, desk: Desk) {
        self.session = session
        self.desk = desk
    }
}

/// A request at the desk that has been read and sorted.
struct StaffCall: Sendable {
    let head: HTTPRequest
    let query: [String: String]
    let form: [String: String]
    let address: String
    let visitor: Visitor
}

/// Answers every request at the desk: looks who it is, and hands it to the page's handler. It holds no rules; ``Desk`` does.
struct StaffResponder: HTTPResponder {
    typealias Context = Visitor

    let office: Office
    let watch: OfficeWatch
    let door: StaffDoor
    let names: NameIndex
    /// The desk's work, apart from everything that letters wait for.
    let pool: WorkPool
    /// Passwords take their time: nobody who scans waits behind them.
    let doorPool: WorkPool
    let pages: StaffPages
    let cookie: SiteCookie
    private let origin: FormOrigin
    private let addresses: ClientAddress
    private let isHTTPS: Bool
    /// Whoever sends many sign-ins at once, 64 MB each one after the other, is told to come back.
    private let seats = Seats(256, ofOne: 64)
    let logger: Logger

    /// A note of 500 characters has four bytes each at most, and each byte three characters in a form: 6 KB, and room for the rest.
    private static let largestForm = 32 << 10
    private static let longestPath = 512

    init(office: Office, watch: OfficeWatch, names: NameIndex, pool: WorkPool, doorPool: WorkPool, logger: Logger) throws {
        self.office = office
        self.watch = watch
        self.names = names
        self.pool = pool
        self.doorPool = doorPool
        self.logger = logger
        door = StaffDoor(office)
        pages = try StaffPages()
        let settings = office.configuration.staff
        cookie = SiteCookie(name: "desk", seconds: nil, isHTTPS: settings.isHTTPS)
        origin = FormOrigin(publicURL: settings.address)
        addresses = ClientAddress(trustedProxies: settings.trustedProxies)
        isHTTPS = settings.isHTTPS
    }

    func respond(to request: Request, context visitor: Visitor) async throws -> Response {
        let address = addresses.of(peer: visitor.channel.remoteAddress, headers: request.headers)
        guard let seat = seats.take(address) else {
            var busy = message(.serviceUnavailable, "Too much at once", ["Nothing was done. Wait a moment, and try again."])
            busy.headers[.retryAfter] = "2"
            return request.method == .head ? busy.createHeadResponse() : busy
        }
        defer { withExtendedLifetime(seat) {} }
        let response: Response
        do {
            response = try await answer(request, address, visitor)
        } catch let cancelled as CancellationError {
            throw cancelled
        } catch {
            response = failure(error, visitor)
        }
        return request.method == .head ? response.createHeadResponse() : response
    }

    private func answer(_ request: Request, _ address: String, _ visitor: Visitor) async throws -> Response {
        guard request.uri.path.utf8.count <= Self.longestPath, let route = StaffRoute(path: request.uri.path) else {
            return message(.notFound, "There is no such page", ["The address may be mistyped, or the page was never there."])
        }
        guard route.methods.contains(request.method.rawValue) else {
            var response = message(.methodNotAllowed, "This cannot be done here", ["Go back, and use the button on the page."])
            response.headers[.allow] = route.methods.joined(separator: ", ")
            return response
        }
        var form: [String: String] = [:]
        if request.method == .post {
            guard origin.accepts(request.head) else {
                return message(
                    .forbidden, "This form came from another site", ["Nothing was done. Open the desk itself, and try again there."])
            }
            do {
                form = PostedForm.fields(try await FormBody.bytes(of: request, upTo: Self.largestForm))
            } catch is NIOTooManyBytesError {
                return closing(message(.contentTooLarge, "This is too much", ["Say it shorter."]), visitor)
            } catch is FormBody.Slow {
                return closing(message(.requestTimeout, "The form did not arrive", ["Nothing was done. Try again."]), visitor)
            }
        }
        let call = StaffCall(
            head: request.head, query: PostedForm.fields(Array((request.uri.query ?? "").utf8.prefix(1024))), form: form,
            address: address, visitor: visitor)
        let needed = route.guarded(isPost: request.method == .post)
        if needed == .nobody { return try await open(route, call) }
        guard let session = try await session(of: call) else {
            if request.method == .post, route != .signOut {
                return message(
                    .forbidden, "You are not signed in any more",
                    ["The session was left alone for too long, or ended. Nothing was done: sign in, and do it again."])
            }
            return redirect(.signIn)
        }
        if request.method == .post, form["form"] != session.formToken {
            return message(
                .forbidden, "This form is not of this session", ["Nothing was done. Go back, load the page anew, and try again."])
        }
        let signed = Signed(
            session: session, desk: Desk(office, names: names, session: session, address: call.address))
        switch needed {
        case .nobody, .anySession: break
        case .newcomer: guard !session.member.isEnrolled else { return redirect(.start) }
        case .power(let power):
            guard session.member.isEnrolled else { return redirect(.enrol) }
            guard session.member.role.has(power) else {
                return message(
                    .forbidden, "This is not for your role",
                    ["You are signed in as \(session.member.role.rawValue). Ask somebody whose work it is."],
                    for: signed)
            }
        }
        do {
            return try await handle(route, call, signed)
        } catch let error as OfficeError where ErrorStatus.of(error) != .internalServerError {
            return message(ErrorStatus.of(error), error.message, [error.hint].filter { !$0.isEmpty }, for: signed)
        }
    }

    private func session(of call: StaffCall) async throws -> StaffDoor.Session? {
        guard let value = cookie.value(in: call.head.headerFields) else { return nil }
        let door = door
        return try await pool.run { try door.session(cookie: value) }
    }

    /// What everybody may see.
    private func open(_ route: StaffRoute, _ call: StaffCall) async throws -> Response {
        switch route {
        case .styleSheet: return file(StaffStyle.sheet, "text/css; charset=utf-8")
        case .script: return file(StaffStyle.script, "text/javascript; charset=utf-8")
        case .icon: return file(SiteFiles.icon, "image/svg+xml")
        case .metrics: return try await metrics()
        case .signIn where call.head.method == .post: return try await signIn(call)
        default: return page(.ok, .signIn, title: "Sign in", for: nil)
        }
    }

    private func handle(_ route: StaffRoute, _ call: StaffCall, _ signed: Signed) async throws -> Response {
        let isPost = call.head.method == .post
        switch route {
        case .signOut: return try await signOut(call, signed)
        case .enrol: return isPost ? try await enrol(call, signed) : try await enrolment(signed)
        case .start: return try await start(signed)
        case .search: return isPost ? try await search(call, signed) : searchForm(signed)
        case .election(let id): return try await election(id, signed)
        case .voters(let election): return try await voters(election, call, signed)
        case .voter(let election, let voter): return try await self.voter(voter, election, call, signed)
        case .newLink(let election, let voter): return try await newLink(voter, election, call, signed)
        case .replace(let election, let voter): return try await replace(voter, election, call, signed)
        case .withdraw(let election, let voter):
            let desk = signed.desk
            return try await changing(voter, election, call, signed) {
                try desk.withdrawReplacement(of: voter, election: election)
                return "withdrawn"
            }
        case .cancel(let election, let voter): return try await cancel(voter, election, call, signed)
        case .release(let election, let voter):
            let desk = signed.desk
            return try await changing(voter, election, call, signed) {
                try desk.release(voter, election: election)
                return "released"
            }
        case .note(let election, let voter): return try await note(voter, election, call, signed)
        case .receive(let election, let voter): return try await receiveWithoutCode(voter, election, call, signed)
        case .ballot(let id):
            let desk = signed.desk
            let place = try await pool.run { try desk.place(ofBallot: id) }
            return redirect(.voter(election: place.election, voter: place.voter))
        case .returns: return isPost ? try await scan(call, signed) : try await returns(signed)
        case .decisions: return try await decisions(call, signed)
        case .decide(let piece): return try await decide(piece, call, signed)
        case .reverse(let piece): return try await reverse(piece, call, signed)
        case .approvals: return try await approvals(call, signed)
        case .approve(let id): return try await settle(call, signed, done: "approved") { try $0.approve(id) }
        case .refuse(let id): return try await settle(call, signed, done: "refused") { try $0.refuse(id) }
        case .exceptions: return try await exceptions(call, signed)
        case .exceptionsFile: return try await exceptionsFile(signed)
        case .staff: return try await staff(signed)
        case .signIn, .metrics, .styleSheet, .script, .icon: return try await open(route, call)
        }
    }

    // MARK: Answering

    /// Nothing loads but our own style sheet, script and picture; forms go to this site; nobody frames it.
    private static let policy =
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

    private func headers(_ type: String) -> HTTPFields {
        var fields = SiteHeaders.fields(policy: Self.policy, isHTTPS: isHTTPS)
        fields[.contentType] = type
        return fields
    }

    /// A page of the desk.
    func page(
        _ status: HTTPResponse.Status, _ name: StaffPage, title: String, _ values: [String: Any] = [:], for signed: Signed?,
        said: StaffPages.Said = .nothing
    ) -> Response {
        Response(
            status: status, headers: headers("text/html; charset=utf-8"),
            body: ResponseBody(
                byteBuffer: pages.render(name, title: title, values, for: signed, isTest: office.isTest, said: said)))
    }

    /// A page of a few sentences.
    func message(_ status: HTTPResponse.Status, _ title: String, _ body: [String], for signed: Signed? = nil) -> Response {
        page(status, .message, title: title, ["body": body], for: signed)
    }

    /// A file that every session shares, or that a browser keeps.
    func file(_ text: String, _ type: String, name: String? = nil) -> Response {
        var fields = headers(type)
        if let name { fields[.contentDisposition] = "attachment; filename=\"\(name)\"" }
        return Response(status: .ok, headers: fields, body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }

    /// To another page of the desk, by GET.
    func redirect(_ route: StaffRoute, query: String = "", cookie: String? = nil) -> Response {
        var fields = headers("text/plain; charset=utf-8")
        fields[.location] = route.path + query
        if let cookie { fields[.setCookie] = cookie }
        return Response(status: .seeOther, headers: fields, body: ResponseBody())
    }

    /// The rest of what the client sends is not wanted. HTTP/2 has no such header (RFC 9113, 8.2.2): there only the stream ends.
    private func closing(_ response: Response, _ visitor: Visitor) -> Response {
        var response = response
        if !visitor.channel.isStream { response.headers[.connection] = "close" }
        return response
    }

    private func failure(_ error: any Error, _ visitor: Visitor) -> Response {
        if let error = error as? OfficeError, ErrorStatus.of(error) != .internalServerError {
            return message(ErrorStatus.of(error), error.message, [error.hint].filter { !$0.isEmpty })
        }
        let reference = String(UInt32.random(in: 0x1000_0000...UInt32.max), radix: 16, uppercase: true)
        logger.error("the desk could not answer", metadata: ["reference": "\(reference)", "error": "\(error)"])
        return message(
            .internalServerError, "Something went wrong here",
            ["What you were doing may not be done: look before you do it again.", "The log says more under the reference \(reference)."])
    }

    private func metrics() async throws -> Response {
        do {
            let (office, watch) = (office, watch)
            let text = try await pool.run { try watch.metrics(of: office) }
            return file(text, "text/plain; version=0.0.4; charset=utf-8")
        } catch {
            logger.error("the metrics could not be made", metadata: ["reason": "\(error)"])
            var response = file("The metrics could not be made; the log says why.\n", "text/plain; charset=utf-8")
            response.status = .internalServerError
            return response
        }
    }
}
