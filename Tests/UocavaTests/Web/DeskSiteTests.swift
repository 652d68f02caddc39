import Elections
import Foundation
import Office
import Storage
import Testing
import Web

@Suite("The desk's site", .enabled(if: TestOffice.present, "the program is not built"))
struct DeskSiteTests {
    /// Everybody who may come along.
    private struct Caller {
        let name: String
        let role: StaffMember.Role?
        let cookie: String?
        let form: String?
        let isNewcomer: Bool
    }

    private func callers(_ office: DeskOffice) throws -> [Caller] {
        var callers = [
            Caller(name: "nobody", role: nil, cookie: nil, form: nil, isNewcomer: false),
            Caller(name: "a made-up cookie", role: nil, cookie: String(repeating: "0", count: 64), form: nil, isNewcomer: false)
        ]
        for role in StaffMember.Role.allCases {
            for (name, places) in [("everywhere", nil), ("shelbyville", ["99002"])] as [(String, [String]?)] {
                let (session, cookie) = try office.signIn("\(role.rawValue)-\(name)", role, jurisdictions: places)
                callers.append(
                    Caller(name: "\(role) \(name)", role: role, cookie: cookie, form: session.formToken, isNewcomer: false))
            }
        }
        let ended = try office.signIn("gone", .supervisor)
        try office.door.signOut(ended.session)
        callers.append(Caller(name: "an ended session", role: nil, cookie: ended.cookie, form: ended.session.formToken, isNewcomer: false))
        let new = try Staff(office.test.office).add("new", role: .supervisor, jurisdictions: nil)
        let first = try office.session(of: office.door.signIn(login: "new", password: new.password, code: ""))
        callers.append(
            Caller(name: "a newcomer", role: .supervisor, cookie: first.cookie, form: first.session.formToken, isNewcomer: true))
        return callers
    }

    /// Everything in the books but the sessions' times, so that it can be seen whether a request changed anything.
    private func books(_ office: DeskOffice) throws -> [Int] {
        try office.test.office.books.read { books in
            try ["journal", "return_piece", "letter", "link", "exception", "staff"].map { try books.count("SELECT count(*) FROM \($0)") }
        }
    }

    @Test("Every route, by every method, as everybody: only who may comes in, and nothing changes by asking")
    func sweep() async throws {
        try await DeskSite.serving { site in
            let office = site.office
            let callers = try callers(office)
            // An envelope that waits, a voter and a ballot of Springfield: the people of Shelbyville must not come near them.
            let code = try office.code("V1")
            _ = try office.desk("seed", .clerk).receive(code)
            let voter = try office.test.voter("V1")
            let piece = try office.test.office.books.read { Int64(try $0.count("SELECT max(id) FROM return_piece")) }
            // Something of Springfield waits for a second person.
            try office.changeAddress(of: 2)
            let caller = try office.desk("asks", .supervisor)
            #expect(try caller.newLink(for: office.test.voter("V2"), election: office.springfield, reason: "lost") == .waits)
            let approval = try #require(try caller.approvals().first).wanted.id
            let ballot = try office.test.ballot("V1").map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
            let routes = StaffRoute.samples.map { route -> StaffRoute in
                switch route {
                case .election: .election(office.springfield)
                case .voters: .voters(election: office.springfield)
                case .voter: .voter(election: office.springfield, voter: voter)
                case .newLink: .newLink(election: office.springfield, voter: voter)
                case .replace: .replace(election: office.springfield, voter: voter)
                case .withdraw: .withdraw(election: office.springfield, voter: voter)
                case .cancel: .cancel(election: office.springfield, voter: voter)
                case .release: .release(election: office.springfield, voter: voter)
                case .note: .note(election: office.springfield, voter: voter)
                case .ballot: .ballot(ballot)
                case .receive: .receive(election: office.springfield, voter: voter)
                case .decide: .decide(piece: piece)
                case .reverse: .reverse(piece: piece)
                case .approve: .approve(approval)
                case .refuse: .refuse(approval)
                default: route
                }
            }
            for route in routes {
                #expect(StaffRoute(path: route.path) == route)
                for method in ["GET", "HEAD", "POST", "PUT", "DELETE"] {
                    for caller in callers where route != .signOut || caller.role == nil {
                        // A yes or no needs no more than the button: those who may give it are not asked here.
                        let isYesOrNo = route == .approve(approval) || route == .refuse(approval)
                        if isYesOrNo, caller.role?.has(.supervise) == true, !caller.isNewcomer, caller.name.hasSuffix("everywhere") {
                            continue
                        }
                        let before = try books(office)
                        // Of what is another county's, all that a form needs: only the county stands in the way.
                        let rest = caller.name.hasSuffix("shelbyville") ? "&reason=x&note=x&kind=fwab&decision=accept" : ""
                        let body = method == "POST" ? "form=\(caller.form ?? "")\(rest)" : nil
                        let reply = try await site.ask(method, route.path, cookie: caller.cookie, body: body)
                        let what = "\(method) \(route.path) as \(caller.name): \(reply.status)"
                        let after = try books(office)
                        #expect(after == before, "\(what) changed the books")
                        guard route.methods.contains(method) else {
                            #expect(reply.status == 405, "\(what)")
                            continue
                        }
                        let needed = route.guarded(isPost: method == "POST")
                        switch needed {
                        case .nobody: #expect(reply.status == (route == .signIn && method == "POST" ? 403 : 200), "\(what)")
                        case .anySession, .newcomer, .power:
                            if caller.role == nil {
                                #expect([303, 403].contains(reply.status), "\(what)")
                                #expect(reply.status != 303 || reply.header("location") == "/signin", "\(what)")
                                #expect(!reply.text.contains("V1") && !reply.text.contains("Voter1"), "\(what)")
                                continue
                            }
                            if case .power(let power) = needed, let role = caller.role {
                                if caller.isNewcomer {
                                    #expect(reply.status == 303 && reply.header("location") == "/enrol", "\(what)")
                                } else if !role.has(power) {
                                    #expect(reply.status == 403, "\(what)")
                                } else if caller.name.hasSuffix("shelbyville") {
                                    #expect(!reply.text.contains("@example.org") && !reply.text.contains(code), "\(what)")
                                    // An address that names a row is a county's.
                                    let isCountys = route.path.contains(where: \.isNumber)
                                    #expect(isCountys ? reply.status == 404 : reply.status < 400, "\(what)")
                                } else {
                                    // An empty form is refused by the desk, with words.
                                    #expect(method == "POST" ? reply.status < 500 : reply.status < 400, "\(what)")
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    @Test("A form without the session's own token, or from another site, does nothing")
    func forgery() async throws {
        try await DeskSite.serving { site in
            let office = site.office
            let (session, cookie) = try office.signIn("ann", .clerk)
            let other = try office.signIn("bo", .clerk).session.formToken
            let code = try office.code("V1")
            let before = try books(office)
            for form in ["", "form=&", "form=\(other)&", "form=\(session.formToken.dropLast())&"] {
                let reply = try await site.ask("POST", "/returns", cookie: cookie, body: "\(form)code=\(code)")
                #expect(reply.status == 403)
            }
            for header in ["Origin: https://evil.example", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: same-site"] {
                let reply = try await site.ask(
                    "POST", "/returns", cookie: cookie, body: "form=\(session.formToken)&code=\(code)", headers: [header])
                #expect(reply.status == 403, "\(header)")
            }
            #expect(try books(office) == before)
            let reply = try await site.ask("POST", "/returns", cookie: cookie, body: "form=\(session.formToken)&code=\(code)")
            #expect(reply.status == 200 && reply.text.contains("Written down"))
        }
    }

    @Test("A sign-in gives a new cookie whatever cookie came, and no page can be framed or kept")
    func fixation() async throws {
        try await DeskSite.serving { site in
            let office = site.office
            let invitation = try Staff(office.test.office).add("ann", role: .clerk, jurisdictions: nil)
            let planted = String(repeating: "a", count: 64)
            let form = "login=ann&password=\(invitation.password)&code="
            let wrong = try await site.ask("POST", "/signin", cookie: planted, body: "login=ann&password=wrong&code=")
            #expect(wrong.status == 403 && wrong.header("set-cookie") == nil)
            let reply = try await site.ask("POST", "/signin", cookie: planted, body: form)
            let set = try #require(reply.header("set-cookie"))
            #expect(reply.status == 303 && !set.contains(planted) && set.contains("HttpOnly; SameSite=Strict"))
            let value = try #require(set.split(separator: ";").first?.dropFirst("desk=".count)).description
            #expect(try office.door.session(cookie: planted) == nil)
            // The first session lets in to the set-up alone, and is over when that is done.
            let enrol = try await site.ask("GET", "/enrol", cookie: value)
            #expect(enrol.status == 200 && enrol.text.contains("<svg class=\"qr\""))
            for path in ["/", "/signin", "/returns", "/nowhere", "/desk.js"] {
                let reply = try await site.ask("GET", path, cookie: value)
                #expect(reply.header("x-frame-options") == "DENY" && reply.header("cache-control") == "no-store", "\(path)")
                #expect(reply.header("content-security-policy")?.contains("frame-ancestors 'none'") == true, "\(path)")
                #expect(reply.header("referrer-policy") == "no-referrer", "\(path)")
            }
        }
    }

    @Test("Twenty clerks scan the same pile at once: every envelope is written down once")
    func rush() async throws {
        try await DeskSite.serving { site in
            let office = site.office
            let clerks = try (1...4).map { try office.signIn("clerk\($0)", .clerk) }
            let codes = try (1...TestOffice.due).map { try office.code("V\($0)") }
            let results = try await withThrowingTaskGroup(of: [String].self) { group in
                for scanner in 0..<20 {
                    let (session, cookie) = clerks[scanner % clerks.count]
                    group.addTask {
                        var results: [String] = []
                        for place in codes.indices {
                            let code = codes[(place + scanner) % codes.count]
                            let reply = try await site.ask(
                                "POST", "/returns", cookie: cookie, body: "form=\(session.formToken)&code=\(code)")
                            results.append(reply.text.contains("data-result=\"received\"") ? "received" : "duplicate")
                            #expect(reply.status == 200 && reply.text.contains("data-result="))
                        }
                        return results
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(results.count { $0 == "received" } == codes.count)
            #expect(results.count { $0 == "duplicate" } == codes.count * 19)
            let board = try office.desk("ann", .clerk).board(office.springfield)
            #expect(board.pieces == codes.count && board.count(.received) == codes.count)
            try office.test.verify("after the rush")
        }
    }

    @Test("A name that is a formula or HTML is text on the page, and no formula in the file")
    func hostileNames() async throws {
        try await DeskSite.serving { site in
            let office = site.office
            var row = TestOffice.row(11).split(separator: ",", omittingEmptySubsequences: false).map(String.init)
            row[0] = "=HYPERLINK(1)"
            row[1] = "<script>alert(1)</script>"
            _ = try VoterRoll(office.test.office).importRoll(
                TestOffice.roll([row.joined(separator: ",")]), file: "voters.csv", election: DeskOffice.mine)
            try office.test.issue()
            let (_, cookie) = try office.signIn("ann", .clerk)
            let page = try await site.ask("GET", "/elections/\(office.springfield)/voters", cookie: cookie)
            #expect(page.text.contains("&lt;script&gt;alert(1)&lt;/script&gt;") && !page.text.contains("<script>alert"))
            let file = try await site.ask("GET", "/exceptions.csv", cookie: cookie)
            #expect(file.header("content-disposition")?.hasPrefix("attachment") == true)
            #expect(file.text.contains("'=HYPERLINK(1)") && !file.text.contains(",=HYPERLINK"))
        }
    }
}
