package import Elections
import Keys
import Storage

/// Somebody who may sign in at the desk.
package struct StaffMember: Sendable, Equatable {
    /// The row in `staff`.
    let id: Int64
    /// The account's name, in lower case.
    package let login: String
    /// What they may do.
    package let role: Role
    /// Which counties are theirs.
    package let scope: Scope
    /// Whether they chose a password and showed a first code.
    package let isEnrolled: Bool
    /// Since when they may no longer sign in; nil: they may.
    package let disabledAt: Instant?
    /// Until when the account rests after wrong sign-ins; nil: it does not.
    package let restsUntil: Instant?

    /// What a person may do at the desk.
    package enum Role: String, Sendable, CaseIterable {
        /// Finds voters, takes in envelopes, decides, makes new links.
        case clerk
        /// The same, and approves what needs a second person, replaces and cancels ballots, and takes decisions back.
        case supervisor
        /// Sees everything and changes nothing.
        case auditor

        /// Whether the role may do what needs this power.
        package func has(_ power: Power) -> Bool {
            switch power {
            case .look: true
            case .handle: self != .auditor
            case .supervise: self == .supervisor
            }
        }
    }

    /// What a page or an action needs.
    package enum Power: String, Sendable, CaseIterable {
        /// To see.
        case look
        /// To do a clerk's work.
        case handle
        /// To do a supervisor's.
        case supervise
    }

    /// The jurisdictions that are somebody's to see and to touch.
    package enum Scope: Sendable, Equatable {
        /// All of the office's.
        case everywhere
        /// These, by id.
        case only(Set<String>)

        /// Whether a jurisdiction is among them.
        package func holds(_ jurisdiction: String) -> Bool {
            switch self {
            case .everywhere: true
            case .only(let ids): ids.contains(jurisdiction)
            }
        }

        /// The ids in order; empty: all.
        package var ids: [String] {
            switch self {
            case .everywhere: []
            case .only(let ids): ids.sorted()
            }
        }
    }

    /// As `uocava staff list --format json` prints it.
    package var json: JSONValue {
        [
            "login": .string(login), "role": .string(role.rawValue), "jurisdictions": .array(scope.ids.map { .string($0) }),
            "state": .string(state)
        ]
    }

    /// `invited`, `active`, `resting` or `disabled`.
    package var state: String {
        if disabledAt != nil { return "disabled" }
        if restsUntil != nil { return "resting" }
        return isEnrolled ? "active" : "invited"
    }
}

/// The desk's accounts.
package struct Staff: Sendable {
    let office: Office

    /// Opens the list of accounts.
    package init(_ office: Office) { self.office = office }

    /// Days within which who was invited must sign in first.
    static let invitationDays: Int64 = 7
    private static let longestLogin = 40

    /// An account and the password that opens it for the first time.
    package struct Invitation: Sendable {
        /// The account.
        package let member: StaffMember
        /// Five groups of four characters (100 bits); hand it over in person or by telephone.
        package let password: String
        /// Until when it opens the door.
        package let until: Instant
    }

    // MARK: At the command line

    /// Makes an account.
    ///
    /// - Parameter jurisdictions: whose elections are theirs; nil: all.
    /// - Throws: ``OfficeError`` `badInput` for a name that is none or taken; `notFound` for a jurisdiction.
    package func add(_ login: String, role: StaffMember.Role, jurisdictions: [String]?) throws -> Invitation {
        let login = try Self.checked(login)
        let now = office.clock.now()
        let invitation = Self.password()
        let kept = try KeptPassword(Secret(Array(invitation.utf8)))
        let until = now.adding(seconds: Self.invitationDays * 86_400)
        let member = try office.books.write { transaction in
            let known = try transaction.all("SELECT id FROM jurisdiction ORDER BY id") { try $0.text("id") }
            for id in jurisdictions ?? [] where !known.contains(id) {
                throw OfficeError(
                    .notFound, "There is no jurisdiction \(Printable.quote(id)) in this office.",
                    hint: known.isEmpty
                        ? "Import an election of it first, or leave --jurisdiction out: then all are theirs."
                        : "There is: \(known.joined(separator: ", ")).")
            }
            guard try transaction.count("SELECT count(*) FROM staff WHERE login = $1", .text(login)) == 0 else {
                throw OfficeError(
                    .badInput, "There is an account \(login) already.",
                    hint: "Choose another name, or begin that one anew: uocava staff reset \(login)")
            }
            // The row's number is part of what it is sealed with.
            let id = Int64(try transaction.count("SELECT ifnull(max(id), 0) + 1 FROM staff"))
            let box = seal(Secrets(password: kept, codes: OneTimeCodes()), id: id)
            try transaction.execute(
                """
                INSERT INTO staff (id, login, role, everywhere, key_id, sealed, added_at, invited_until) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
                """, .integer(id), .text(login), .text(role.rawValue), .integer(jurisdictions == nil ? 1 : 0), .text(box.keyID),
                .blob(box.sealed), .integer(now.milliseconds), .integer(until.milliseconds))
            for jurisdiction in Set(jurisdictions ?? []).sorted() {
                try transaction.execute(
                    "INSERT INTO staff_jurisdiction (staff, jurisdiction) VALUES ($1, $2)", .integer(id), .text(jurisdiction))
            }
            let member = try self.member(login, in: transaction)
            try Journal.append(
                [
                    JournalEntry(
                        .staffAdded,
                        facts: [
                            "login": .string(login), "role": .string(role.rawValue),
                            "jurisdictions": .array(member.scope.ids.map { .string($0) })
                        ])
                ], at: now, in: transaction)
            return member
        }
        return Invitation(member: member, password: invitation, until: until)
    }

    /// Gives an account a new password for the first time and a new secret for codes; its sessions end, and a disabled one works again.
    ///
    /// - Throws: ``OfficeError`` `notFound`.
    package func reset(_ login: String) throws -> Invitation {
        let now = office.clock.now()
        let invitation = Self.password()
        let kept = try KeptPassword(Secret(Array(invitation.utf8)))
        let until = now.adding(seconds: Self.invitationDays * 86_400)
        let member = try office.books.write { transaction in
            let member = try self.member(login, in: transaction)
            let box = seal(Secrets(password: kept, codes: OneTimeCodes()), id: member.id)
            try transaction.execute(
                """
                UPDATE staff SET key_id = $2, sealed = $3, invited_until = $4, enrolled_at = NULL, code_step = 0, failures = 0,
                    rests_until = 0, disabled_at = NULL
                WHERE id = $1
                """, .integer(member.id), .text(box.keyID), .blob(box.sealed), .integer(until.milliseconds))
            try transaction.execute("DELETE FROM staff_recovery WHERE staff = $1", .integer(member.id))
            try Self.endSessions(of: member.id, at: now, in: transaction)
            try Journal.append([JournalEntry(.staffReset, facts: ["login": .string(member.login)])], at: now, in: transaction)
            return try self.member(login, in: transaction)
        }
        return Invitation(member: member, password: invitation, until: until)
    }

    /// Ends an account and its sessions, at once.
    ///
    /// - Throws: ``OfficeError`` `notFound`; `notAllowed` where it is disabled already.
    package func disable(_ login: String) throws {
        let now = office.clock.now()
        try office.books.write { transaction in
            let member = try self.member(login, in: transaction)
            guard member.disabledAt == nil else {
                throw OfficeError(.notAllowed, "\(member.login) is disabled already.", hint: "Nothing was changed.")
            }
            try transaction.execute("UPDATE staff SET disabled_at = $2 WHERE id = $1", .integer(member.id), .integer(now.milliseconds))
            try Self.endSessions(of: member.id, at: now, in: transaction)
            try Journal.append([JournalEntry(.staffDisabled, facts: ["login": .string(member.login)])], at: now, in: transaction)
        }
    }

    /// Every account, by name.
    package func all() throws -> [StaffMember] {
        try office.books.read { transaction in
            try transaction.all("SELECT login FROM staff ORDER BY login") { try $0.text("login") }
                .map { try member($0, in: transaction) }
        }
    }

    // MARK: Rows

    /// What only the sign-in needs of an account.
    struct Secrets {
        let password: KeptPassword
        let codes: OneTimeCodes
    }

    private static let table = "staff"

    func seal(_ secrets: Secrets, id: Int64) -> (sealed: [UInt8], keyID: String) {
        let plain: JSONValue = ["password": .string(secrets.password.text), "codes": .string(hex(secrets.codes.kept))]
        return office.rollKeys.seal(plain.canonical, table: Self.table, id: RowID.bytes(id))
    }

    func secrets(_ sealed: [UInt8], id: Int64, keyID: String) throws -> Secrets {
        let plain = try JSONValue.parse(try office.rollKeys.open(sealed, table: Self.table, id: RowID.bytes(id), keyID: keyID))
        guard let password = plain["password"]?.stringValue.flatMap(KeptPassword.init(text:)),
            let codes = plain["codes"]?.stringValue.flatMap({ bytes(hex: $0) })
        else { throw OfficeError(.broken, "What is sealed with an account cannot be read.", hint: "Run `uocava audit`.") }
        return Secrets(password: password, codes: OneTimeCodes(secret: codes))
    }

    /// The account of this name.
    ///
    /// - Throws: ``OfficeError`` `notFound`, with the names that there are.
    func member(_ login: String, in transaction: Transaction) throws -> StaffMember {
        let found = try transaction.first(
            "SELECT id, login, role, everywhere, enrolled_at, disabled_at, rests_until FROM staff WHERE login = $1",
            .text(login.lowercased())
        ) { try Self.member($0, at: office.clock.now(), in: transaction) }
        if let found { return found }
        let known = try transaction.all("SELECT login FROM staff ORDER BY login LIMIT 20") { try $0.text("login") }
        throw OfficeError(
            .notFound, "There is no account \(Printable.quote(login)).",
            hint: known.isEmpty ? "Make one: uocava staff add NAME --role clerk" : "There is: \(known.joined(separator: ", ")).")
    }

    static func member(_ row: ResultRow, at now: Instant, in transaction: Transaction) throws -> StaffMember {
        let id = try row.integer("id")
        let jurisdictions = try transaction.all("SELECT jurisdiction FROM staff_jurisdiction WHERE staff = $1", .integer(id)) {
            try $0.text("jurisdiction")
        }
        let rests = Instant(milliseconds: try row.integer("rests_until"))
        return StaffMember(
            id: id, login: try row.text("login"), role: StaffMember.Role(rawValue: try row.text("role")) ?? .auditor,
            scope: try row.flag("everywhere") ? .everywhere : .only(Set(jurisdictions)),
            isEnrolled: try row.optionalInteger("enrolled_at") != nil,
            disabledAt: try row.optionalInteger("disabled_at").map { Instant(milliseconds: $0) }, restsUntil: rests > now ? rests : nil)
    }

    static func endSessions(of staff: Int64, at now: Instant, in transaction: Transaction) throws {
        try transaction.execute(
            "UPDATE staff_session SET ended_at = $2 WHERE staff = $1 AND ended_at IS NULL", .integer(staff), .integer(now.milliseconds))
    }

    // MARK: Names and passwords

    private static func checked(_ login: String) throws -> String {
        let name = login.lowercased()
        let isPlain = name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
            default: ".-_".utf8.contains(byte)
            }
        }
        guard isPlain, !name.isEmpty, name.utf8.count <= longestLogin else {
            throw OfficeError(
                .badInput, "\(Printable.quote(login)) cannot be the name of an account.",
                hint: "Use letters, digits, dots, hyphens and underscores, at most \(longestLogin), for example ann.lee.")
        }
        return name
    }

    /// Characters that nobody takes for another, in groups that can be read out.
    static func password() -> String { code(groups: 5) }

    static func code(groups: Int) -> String {
        let characters = SystemRandom.bytes(groups * 4).map { Crockford.alphabet[Int($0 & 31)] }
        return stride(from: 0, to: characters.count, by: 4).map {
            String(decoding: characters[$0..<$0 + 4], as: UTF8.self).lowercased()
        }.joined(separator: "-")
    }
}
