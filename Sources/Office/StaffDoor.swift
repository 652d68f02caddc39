import Elections
import Keys
import Storage
import Synchronization

/// Where staff sign in: passwords, codes, sessions.
package final class StaffDoor: Sendable {
    private let office: Office
    private let staff: Staff
    /// One password at a time: each takes 64 MB, and who sends many must not take all of it.
    private let oneAtATime = Mutex(())

    /// Wrong sign-ins before the account rests: 15 seconds, then twice as long each time, at most half an hour.
    private static let triesBeforeRest: Int64 = 5
    private static let longestRest: Int64 = 1800
    /// A session's row says when it was last used, to this many seconds.
    private static let seenEvery: Int64 = 60
    /// NIST SP 800-63B asks for eight; a desk that decides about votes for more.
    package static let shortestPassword = 12
    private static let longestPassword = 200
    private static let recoveryCodes = 10

    /// Opens the door of an office.
    package init(_ office: Office) {
        self.office = office
        staff = Staff(office)
    }

    /// A session that somebody holds.
    package struct Session: Sendable {
        /// Whose it is, as the account stands now.
        package let member: StaffMember
        /// What every form of this session carries: who does not see our pages does not know it.
        package let formToken: String
        /// SHA-256 of the cookie.
        let id: [UInt8]
    }

    /// How a sign-in went.
    package enum Entry: Sendable {
        /// The cookie's value.
        case opened(String)
        /// Name, password or code is wrong, or the account rests or is disabled: nobody learns which.
        case refused
    }

    // MARK: Signing in

    /// Opens a session.
    ///
    /// - Parameters:
    ///   - code: of the authenticator, or from the list on paper; nothing for who comes the first time.
    /// - Throws: only what is wrong with the books.
    package func signIn(login: String, password: String, code: String) throws -> Entry {
        let now = office.clock.now()
        let found = try office.books.read { try account(login, at: now, in: $0) }
        let secrets = found?.secrets
        // Who has no account waits as long as who has one.
        let isRight = try oneAtATime.withLock { _ in try (secrets?.password ?? Self.nobody.get()).matches(Secret(Array(password.utf8))) }
        guard let found, let secrets, found.member.disabledAt == nil, found.member.restsUntil == nil else { return .refused }
        return try office.books.write { transaction in
            // Looked at again: somebody may have disabled it meanwhile, or used the same code.
            guard let account = try account(login, at: now, in: transaction), account.member.disabledAt == nil,
                account.member.restsUntil == nil, account.sealed == found.sealed
            else { return .refused }
            let way = isRight ? try second(account, secrets, code: code, at: now, in: transaction) : nil
            guard let way else {
                try refuse(account, at: now, in: transaction)
                return .refused
            }
            try transaction.execute("UPDATE staff SET failures = 0, rests_until = 0 WHERE id = $1", .integer(account.member.id))
            let cookie = Secret.random(32)
            try open(cookie, for: account.member, at: now, in: transaction)
            try Journal.append(
                [JournalEntry(.signedIn, facts: ["login": .string(account.member.login), "with": .string(way)])], at: now, in: transaction)
            return .opened(cookie.withBytes { hex($0) })
        }
    }

    private static let nobody = Result { try KeptPassword(.random(16)) }

    private struct Account {
        let member: StaffMember
        let secrets: Staff.Secrets
        let sealed: [UInt8]
        let invitedUntil: Int64
        let codeStep: Int64
        let failures: Int64
    }

    private func account(_ login: String, at now: Instant, in transaction: Transaction) throws -> Account? {
        try transaction.first(
            """
            SELECT id, login, role, everywhere, enrolled_at, disabled_at, rests_until, key_id, sealed, invited_until, code_step, failures
            FROM staff WHERE login = $1
            """, .text(login.lowercased())
        ) { row in
            let member = try Staff.member(row, at: now, in: transaction)
            let sealed = try row.blob("sealed")
            return Account(
                member: member, secrets: try staff.secrets(sealed, id: member.id, keyID: try row.text("key_id")), sealed: sealed,
                invitedUntil: try row.integer("invited_until"), codeStep: try row.integer("code_step"),
                failures: try row.integer("failures"))
        }
    }

    /// By what else than the password somebody proves to be who they say; nil: they do not.
    private func second(
        _ account: Account, _ secrets: Staff.Secrets, code: String, at now: Instant, in transaction: Transaction
    ) throws -> String? {
        guard account.member.isEnrolled else { return now.milliseconds < account.invitedUntil ? "invitation" : nil }
        let digits = code.filter { !$0.isWhitespace }
        if let step = secrets.codes.step(of: digits, at: now.seconds, lastUsed: account.codeStep) {
            let isFirst = try transaction.execute(
                "UPDATE staff SET code_step = $2 WHERE id = $1 AND code_step < $2", .integer(account.member.id), .integer(step))
            return isFirst == 1 ? "code" : nil
        }
        let used = try transaction.execute(
            "UPDATE staff_recovery SET used_at = $3 WHERE staff = $1 AND code = $2 AND used_at IS NULL", .integer(account.member.id),
            .blob(recoveryIndex(code, account.member)), .integer(now.milliseconds))
        return used == 1 ? "recovery_code" : nil
    }

    private func recoveryIndex(_ code: String, _ member: StaffMember) -> [UInt8] {
        // As it is read off paper: O for 0, I and L for 1, with or without hyphens.
        let plain = code.utf8.compactMap { Crockford.value(of: $0) }.map { Crockford.alphabet[Int($0)] }
        return office.rollKeys.index("recovery code", "\(member.id) \(String(decoding: plain, as: UTF8.self))")
    }

    private func refuse(_ account: Account, at now: Instant, in transaction: Transaction) throws {
        let failures = account.failures + 1
        var rests: Int64 = 0
        if failures >= Self.triesBeforeRest {
            let rest = min(15 << min(failures - Self.triesBeforeRest, 20), Self.longestRest)
            rests = now.adding(seconds: rest).milliseconds
            try Journal.append(
                [
                    JournalEntry(
                        .signInRests, facts: ["login": .string(account.member.login), "failures": .integer(failures)])
                ], at: now, in: transaction)
        }
        try transaction.execute(
            "UPDATE staff SET failures = $2, rests_until = $3 WHERE id = $1", .integer(account.member.id), .integer(failures),
            .integer(rests))
    }

    // MARK: Sessions

    private func open(_ cookie: Secret, for member: StaffMember, at now: Instant, in transaction: Transaction) throws {
        try transaction.execute(
            "INSERT INTO staff_session (id, staff, opened_at, seen_at) VALUES ($1, $2, $3, $3)", .blob(Self.id(cookie)),
            .integer(member.id), .integer(now.milliseconds))
    }

    private static func id(_ cookie: Secret) -> [UInt8] { cookie.withBytes { SHA256.hash($0) } }

    /// The session of a cookie; nil where there is none, it ended, was left alone too long or is too old, or its account is disabled.
    ///
    /// The account is read anew each time: what a supervisor takes away is gone with the next click.
    package func session(cookie text: String) throws -> Session? {
        guard text.utf8.count == 64, let raw = bytes(hex: text) else { return nil }
        let cookie = Secret(raw)
        let id = Self.id(cookie)
        let now = office.clock.now()
        let limits = office.configuration.staff
        let found = try office.books.read { transaction in
            try transaction.first(
                """
                SELECT t.id, t.login, t.role, t.everywhere, t.enrolled_at, t.disabled_at, t.rests_until, s.seen_at
                FROM staff_session s JOIN staff t ON t.id = s.staff
                WHERE s.id = $1 AND s.ended_at IS NULL AND t.disabled_at IS NULL AND s.opened_at > $2 AND s.seen_at > $3
                """, .blob(id), .integer(now.adding(seconds: -Int64(limits.sessionHours) * 3600).milliseconds),
                .integer(now.adding(seconds: -Int64(limits.idleMinutes) * 60).milliseconds)
            ) { row in (member: try Staff.member(row, at: now, in: transaction), seenAt: try row.integer("seen_at")) }
        }
        guard let found else { return nil }
        if now.milliseconds - found.seenAt > Self.seenEvery * 1000 {
            try office.books.write {
                try $0.execute(
                    "UPDATE staff_session SET seen_at = max(seen_at, $2) WHERE id = $1", .blob(id), .integer(now.milliseconds))
            }
        }
        return Session(
            member: found.member, formToken: String(hex(HMAC256.authenticate(Array("uocava/1 form".utf8), key: cookie)).prefix(32)), id: id)
    }

    /// Ends a session.
    package func signOut(_ session: Session) throws {
        let now = office.clock.now()
        try office.books.write { transaction in
            let ended = try transaction.execute(
                "UPDATE staff_session SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL", .blob(session.id), .integer(now.milliseconds))
            guard ended == 1 else { return }
            try Journal.append(
                [JournalEntry(.signedOut, facts: ["login": .string(session.member.login)])], at: now, in: transaction)
        }
    }

    // MARK: The first time

    /// What an authenticator needs.
    package struct Enrolment: Sendable {
        /// To be drawn as a QR code.
        package let address: String
        /// To be typed where there is no camera.
        package let secret: String
    }

    /// The secret of who is here for the first time.
    ///
    /// - Throws: ``OfficeError`` `notAllowed` for who has enrolled: the secret is never shown again.
    package func enrolment(_ session: Session, officeName: String) throws -> Enrolment {
        let account = try office.books.read { try unenrolled(session, in: $0) }
        return Enrolment(
            address: account.secrets.codes.address(office: officeName, login: account.member.login), secret: account.secrets.codes.typed)
    }

    private func unenrolled(_ session: Session, in transaction: Transaction) throws -> Account {
        guard let account = try account(session.member.login, at: office.clock.now(), in: transaction), !account.member.isEnrolled else {
            throw OfficeError(.notAllowed, "You have set up this account before.", hint: "Ask for `uocava staff reset` to begin anew.")
        }
        return account
    }

    /// Takes a password of their own and a first code.
    ///
    /// - Returns: the cookie of a new session, and codes for who loses the telephone, which are shown once.
    /// - Throws: ``OfficeError`` `badInput` where the password is short or the old one, or the code is not the moment's.
    package func enrol(_ session: Session, password: String, code: String) throws -> (cookie: String, recovery: [String]) {
        let now = office.clock.now()
        let account = try office.books.read { try unenrolled(session, in: $0) }
        guard password.count >= Self.shortestPassword, password.utf8.count <= Self.longestPassword else {
            throw OfficeError(
                .badInput, "The password needs at least \(Self.shortestPassword) characters.",
                hint: "Four words that have nothing to do with each other are long enough, and easy to keep.")
        }
        let secret = Secret(Array(password.utf8))
        let (isOld, kept) = try oneAtATime.withLock { _ in (try account.secrets.password.matches(secret), try KeptPassword(secret)) }
        guard !isOld else { throw OfficeError(.badInput, "This is the password you were given.", hint: "Choose one that only you know.") }
        guard !password.lowercased().contains(account.member.login) else {
            throw OfficeError(.badInput, "The password holds the name of the account.", hint: "Choose one that nobody can guess.")
        }
        let codes = (0..<Self.recoveryCodes).map { _ in Staff.code(groups: 3) }
        let cookie = Secret.random(32)
        try office.books.write { transaction in
            let account = try unenrolled(session, in: transaction)
            let digits = code.filter { !$0.isWhitespace }
            guard let step = account.secrets.codes.step(of: digits, at: now.seconds, lastUsed: account.codeStep) else {
                throw OfficeError(
                    .badInput, "This is not the code of this half minute.",
                    hint: "Check that the telephone's clock is right, and type the code that it shows now.")
            }
            let box = staff.seal(Staff.Secrets(password: kept, codes: account.secrets.codes), id: account.member.id)
            try transaction.execute(
                "UPDATE staff SET key_id = $2, sealed = $3, enrolled_at = $4, code_step = $5 WHERE id = $1", .integer(account.member.id),
                .text(box.keyID), .blob(box.sealed), .integer(now.milliseconds), .integer(step))
            for code in codes {
                try transaction.execute(
                    "INSERT INTO staff_recovery (staff, code) VALUES ($1, $2)", .integer(account.member.id),
                    .blob(recoveryIndex(code, account.member)))
            }
            // Whoever knew the first password has no session any more.
            try Staff.endSessions(of: account.member.id, at: now, in: transaction)
            try open(cookie, for: account.member, at: now, in: transaction)
            try Journal.append([JournalEntry(.staffEnrolled, facts: ["login": .string(account.member.login)])], at: now, in: transaction)
        }
        return (cookie.withBytes { hex($0) }, codes)
    }
}
