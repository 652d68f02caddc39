package import Elections
package import Foundation
import Keys
import Mail
import Storage

/// Reads what came back for letters, and writes it into the books: whose letter did not arrive is on the exception list.
///
/// A mail is believed only as far as the letter that it names, by the mark in the return path or by the Message-ID, which nobody can make up.
/// What it says beyond that is kept in one cleaned line.
package struct BounceDesk: Sendable {
    private let office: Office
    /// Mails in one transaction.
    private static let chunk = 100
    /// A mail or mailbox beyond this is not read: what comes back has the letter's first lines at the most.
    private static let largestFile = 256 << 20

    /// Opens the desk in an office.
    package init(_ office: Office) { self.office = office }

    /// What the mails were.
    package struct Summary: Sendable, Equatable {
        /// Mails that were looked at.
        package var read = 0
        /// The letter cannot be delivered; the voters are on the exception list.
        package var hard = 0
        /// Not delivered for now, or for a reason that may pass.
        package var soft = 0
        /// Written by a machine: away, thank you for your mail.
        package var autoReplies = 0
        /// A mail service says that the voter took the letter for spam.
        package var complaints = 0
        /// Known before.
        package var known = 0
        /// A report about a letter that is not this office's, or names none.
        package var unmatched = 0
        /// None of these: a person wrote, or a letter was delivered.
        package var others = 0
        /// Files of a folder that cannot be read, each with the reason; they stay where they are.
        package var unreadable: [Problem] = []

        /// Nothing read yet.
        package init() {}

        /// Counts the mails of another place as well.
        package mutating func add(_ other: Summary) {
            read += other.read
            hard += other.hard
            soft += other.soft
            autoReplies += other.autoReplies
            complaints += other.complaints
            known += other.known
            unmatched += other.unmatched
            others += other.others
            unreadable += other.unreadable
        }

        /// `{read, hard, soft, auto_reply, complaint, known, unmatched, other, unreadable}`.
        package var json: JSONValue {
            [
                "read": .number(read), "hard": .number(hard), "soft": .number(soft), "auto_reply": .number(autoReplies),
                "complaint": .number(complaints), "known": .number(known), "unmatched": .number(unmatched), "other": .number(others),
                "unreadable": .number(unreadable.count)
            ]
        }
    }

    // MARK: Files

    /// Reads a file (one mail, an mbox, or what SES and SNS post), a Maildir, or a folder of mails.
    ///
    /// In a Maildir only new mail is read, and moved to `cur`: as seen where it was about a letter, as unread where a person should look at it.
    ///
    /// - Parameters:
    ///   - patience: of a folder no more mails are begun after so long; the rest is read the next time. Nil: all are read.
    ///   - progress: called with how many of how many files are done.
    /// - Throws: ``OfficeError`` `notFound`, or `badInput` where it cannot be read.
    package func read(_ place: URL, within patience: Duration? = nil, progress: (Int, Int) -> Void = { _, _ in }) throws -> Summary {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: place.path, isDirectory: &isFolder) else {
            throw OfficeError(
                .notFound, "\(place.path): there is no such file or folder.", hint: "Give a mail, an mbox, a Maildir or a folder of mails.")
        }
        var summary = Summary()
        guard isFolder.boolValue else {
            _ = try read(mails: try BounceFile.mails(in: bytes(of: place)), into: &summary)
            return summary
        }
        let files = FolderFiles(url: place)
        let maildir: Bool
        let names: [String]
        do {
            maildir = try files.holds(folder: Self.new)
            if maildir { _ = try files.holds(folder: Self.cur) }
            names = try maildir ? files.names(in: Self.new).filter { !$0.hasPrefix(".") } : self.names(in: place)
        } catch let problem as Problem {
            throw OfficeError(.badInput, "\(place.path) cannot be used as a Maildir.", problems: [problem])
        }
        let start = ContinuousClock.now
        for (index, name) in names.enumerated() {
            if let patience, index > 0, ContinuousClock.now - start > patience { break }
            do {
                guard let bytes = try files.read(maildir ? "\(Self.new)/\(name)" : name, atMost: Self.largestFile) else { continue }
                let isAboutLetter = try read(mails: BounceFile.mails(in: bytes), into: &summary)
                // If we crash here, the same mail is read again and found to be known.
                if maildir { try move(name, in: files, asSeen: isAboutLetter) }
            } catch let problem as Problem {
                // It keeps nobody from the others, and is not passed over in silence.
                summary.unreadable.append(problem)
            }
            progress(index + 1, names.count)
        }
        return summary
    }

    private func names(in folder: URL) throws -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { name in
                var isFolder: ObjCBool = false
                let path = folder.appendingPathComponent(name).path
                return !name.hasPrefix(".") && FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && !isFolder.boolValue
            }.sorted()
        } catch {
            throw OfficeError(.badInput, "\(folder.path) cannot be read.", hint: "Check who may read it.")
        }
    }

    private func bytes(of file: URL) throws -> [UInt8] {
        let attributes = try? FileManager.default.attributesOfItem(atPath: file.resolvingSymlinksInPath().path)
        // Whoever reads a pipe that nobody writes to waits for ever.
        guard attributes?[.type] as? FileAttributeType ?? .typeRegular == .typeRegular else {
            throw OfficeError(.badInput, "\(file.path) is no file.", hint: "Give a mail, an mbox, a Maildir or a folder of mails.")
        }
        let size = attributes?[.size] as? Int ?? 0
        guard size <= Self.largestFile else {
            throw OfficeError(.badInput, "\(file.path) is larger than 256 MB.", hint: "Split the mailbox and read the parts.")
        }
        guard let data = FileManager.default.contents(atPath: file.path) else {
            throw OfficeError(.badInput, "\(file.path) cannot be read.", hint: "Check who may read it.")
        }
        return [UInt8](data)
    }

    private static let new = "new"
    private static let cur = "cur"
    /// More mails of one name than that nobody delivers.
    private static let mostNamesakes = 100

    /// To `cur`; where a mail of the name is there already, under another.
    private func move(_ name: String, in maildir: FolderFiles, asSeen: Bool) throws(Problem) {
        let base = name.split(separator: ":", maxSplits: 1).first.map(String.init) ?? name
        let names = (0..<Self.mostNamesakes).lazy.map { number in
            "\(base)\(number == 0 ? "" : ",\(number)"):2,\(asSeen ? "S" : "")"
        }
        try maildir.move(name, from: Self.new, to: Self.cur, as: names)
    }

    // MARK: Mails

    /// - Returns: whether every one of the mails was about a letter of this office.
    private func read(mails: [[UInt8]], into summary: inout Summary) throws -> Bool {
        var isAllOurs = !mails.isEmpty
        for start in stride(from: 0, to: mails.count, by: Self.chunk) {
            let bounces = mails[start..<min(start + Self.chunk, mails.count)].map(Bounce.read)
            try office.books.write { transaction in
                for bounce in bounces {
                    summary.read += 1
                    if try !take(bounce, into: &summary, in: transaction) { isAllOurs = false }
                }
            }
        }
        return isAllOurs
    }

    private func take(_ bounce: Bounce, into summary: inout Summary, in transaction: Transaction) throws -> Bool {
        guard bounce.kind != .other, bounce.kind != .delivered else {
            summary.others += 1
            return false
        }
        let keys = office.rollKeys
        let named =
            bounce.addresses.lazy.compactMap { ReturnPath.letter(in: $0, keys: keys) }.first
            ?? bounce.messageIDs.lazy.compactMap { LetterID.letter(in: $0, keys: keys) }.first
        guard let named else {
            summary.unmatched += 1
            return false
        }
        let now = office.clock.now()
        // The gravest stays; the same told twice is told once.
        let letter = try transaction.first(
            """
            UPDATE letter SET bounce = $2, bounced_at = $3
            WHERE id = $1 AND (bounce IS NULL OR (bounce <> $2 AND (bounce = 'auto_reply' OR $2 = 'hard' OR (bounce = 'soft' AND $2 = 'complaint'))))
            RETURNING election, voter, ballot, link, kind
            """, .integer(named), .text(bounce.kind.rawValue), .integer(now.milliseconds)
        ) { row in
            (
                owner: LetterBook.Owner(
                    ballot: try row.blob("ballot"), voter: try row.integer("voter"), election: try row.integer("election")),
                link: try row.optionalBlob("link"), kind: LetterKind(rawValue: try row.text("kind"))
            )
        }
        guard let letter, let kind = letter.kind else {
            summary.known += 1
            return true
        }
        switch bounce.kind {
        case .hard: summary.hard += 1
        case .soft: summary.soft += 1
        case .autoReply: summary.autoReplies += 1
        case .complaint: summary.complaints += 1
        case .delivered, .other: break
        }
        var facts: [String: JSONValue] = [
            "letter": .integer(named), "letter_kind": .string(kind.rawValue), "bounce": .string(bounce.kind.rawValue)
        ]
        if let link = letter.link { facts["link"] = .string(hex(link)) }
        if !bounce.status.isEmpty { facts["status"] = .string(bounce.status) }
        if bounce.code > 0 { facts["code"] = .number(bounce.code) }
        let stands =
            try letter.link.map { link in
                try transaction.count("SELECT count(*) FROM link WHERE id = $1 AND ended_at IS NULL", .blob(link)) == 1
            } ?? true
        guard bounce.kind == .hard, stands || kind == .addressChanged else {
            try Journal.append(
                [
                    JournalEntry(
                        .bounceNoted, election: letter.owner.election, voter: letter.owner.voter, ballot: letter.owner.ballot, facts: facts)
                ], at: now, in: transaction)
            return true
        }
        let text = try secrets(of: letter.owner, in: transaction).removed(from: bounce.text)
        facts["reply"] = .string(text)
        try LetterBook(office, at: now, in: transaction).note(.letterBounced, kind, of: letter.owner, facts)
        guard kind != .addressChanged else { return true }
        let said = text.isEmpty ? "" : ": \(LetterBook.withoutFullStop(text))"
        try ExceptionList.add(
            .letterBounced, voter: letter.owner.voter, election: letter.owner.election,
            detail: "The letter \(kind.rawValue) came back\(said). Telephone, or write by post.", at: now, in: transaction)
        return true
    }

    /// What must not be kept of a mail about a voter's letter; nothing where the record does not open, which the audit says.
    private func secrets(of owner: LetterBook.Owner, in transaction: Transaction) throws -> QuotedSecrets {
        let record = try transaction.first(
            "SELECT id AS request, key_id, sealed FROM request WHERE election = $1 AND voter = $2", .integer(owner.election),
            .integer(owner.voter)
        ) { try? office.voter($0) }
        guard let record = record.flatMap({ $0 }) else { return QuotedSecrets() }
        return QuotedSecrets(whole: [record.fullName, record.email], parts: [])
    }
}
