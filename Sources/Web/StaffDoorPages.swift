import Hummingbird
import Logging
import Office

/// Signing in and out, and the first time.
extension StaffResponder {
    func signIn(_ call: StaffCall) async throws -> Response {
        let door = door
        let (login, password, code) = (call.form["login"] ?? "", call.form["password"] ?? "", call.form["code"] ?? "")
        let actor = Actor(login.lowercased().filter { $0.isASCII && !$0.isWhitespace }.prefix(40).description, from: call.address)
        let entry = try await doorPool.run {
            try actor.doing { try door.signIn(login: login, password: password, code: code) }
        }
        switch entry {
        case .opened(let value): return redirect(.start, cookie: cookie.opening(value))
        case .refused:
            logger.warning("a sign-in was refused", metadata: ["from": "\(call.address)"])
            let error = OfficeError(
                .notAllowed, "That did not open the desk.",
                hint:
                    "Name, password or code may be mistyped, the code may have been used before, or the account rests after several tries. "
                    + "Wait for the next code and try again; after half an hour, ask whoever looks after the accounts.")
            return page(.forbidden, .signIn, title: "Sign in", ["typed": login], for: nil, said: .init(alert: error))
        }
    }

    func signOut(_ call: StaffCall, _ signed: Signed) async throws -> Response {
        let (door, actor) = (door, Actor(signed.session.member.login, from: call.address))
        try await pool.run { try actor.doing { try door.signOut(signed.session) } }
        return redirect(.signIn, cookie: cookie.ending)
    }

    func enrolment(_ signed: Signed, said: StaffPages.Said = .nothing) async throws -> Response {
        let (door, name) = (door, office.isTest ? "SAMPLE ballot desk" : "Ballot desk")
        let (enrolment, symbol) = try await pool.run {
            let enrolment = try door.enrolment(signed.session, officeName: name)
            return (enrolment, try QRSymbol(enrolment.address))
        }
        return page(
            said.alert == nil ? .ok : .unprocessableContent, .enrol, title: "Set up your account",
            [
                "newcomer": signed.session.member.login, "qr": StaffPages.qr(symbol), "secret": Self.grouped(enrolment.secret),
                "shortest": StaffDoor.shortestPassword
            ], for: signed, said: said)
    }

    func enrol(_ call: StaffCall, _ signed: Signed) async throws -> Response {
        let (password, code) = (call.form["password"] ?? "", call.form["code"] ?? "")
        guard password == call.form["again"] else {
            let error = OfficeError(.badInput, "The two passwords are not the same.", hint: "Type the same one twice.")
            return try await enrolment(signed, said: .init(alert: error))
        }
        let (door, actor) = (door, Actor(signed.session.member.login, from: call.address))
        do {
            let done = try await doorPool.run {
                try actor.doing { try door.enrol(signed.session, password: password, code: code) }
            }
            var response = page(
                .ok, .recovery, title: "Your recovery codes", ["codes": done.recovery], for: nil)
            response.headers[.setCookie] = cookie.opening(done.cookie)
            return response
        } catch let error as OfficeError where error.code == .badInput {
            return try await enrolment(signed, said: .init(alert: error))
        }
    }

    /// In groups of four, as people copy it.
    private static func grouped(_ secret: String) -> String {
        let characters = Array(secret)
        return stride(from: 0, to: characters.count, by: 4).map { String(characters[$0..<min($0 + 4, characters.count)]) }
            .joined(separator: " ")
    }
}
