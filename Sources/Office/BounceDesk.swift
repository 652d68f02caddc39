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
    /// - Parameter progress: called with how many of how many files are done.
    /// - Throws: ``OfficeError`` `notFound`, or `badInput` where it cannot be read.
    package func read(_ place: URL, progress: (Int, Int) -> Void = { _, _ in }) throws -> Summary {
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
        let new = place.appendingPathComponent("new")
        let isMaildir = FileManager.default.fileExists(atPath: new.path)
        // Whoever delivers the mail could have another folder emptied into `cur`, such as that of the keys.
        for part in [new, place.appendingPathComponent("cur")] {
            let type = try? FileManager.default.attributesOfItem(atPath: part.path)[.type] as? FileAttributeType
            guard type == nil || type == .typeDirectory || !isMaildir else {
                throw OfficeError(.badInput, "\(part.path) is no folder but a link.", hint: "A Maildir holds its folders itself.")
            }
        }
        let folder = isMaildir ? new : place
        let names = try self.names(in: folder)
        let files = FolderFiles(url: folder)
        for (index, name) in names.enumerated() {
            let file = folder.appendingPathComponent(name)
            let bytes: [UInt8]
            do throws(Problem) {
                guard let content = try files.read(name, atMost: Self.largestFile) else { continue }
                bytes = content
            } catch {
                // It keeps nobody from the others, and is not passed over in silence.
                summary.unreadable.append(error.inFile(file.path))
                continue
            }
            let isAboutLetter = try read(mails: BounceFile.mails(in: bytes), into: &summary)
            // If we crash here, the same mail is read again and found to be known.
            if isMaildir { try move(file, to: place.appendingPathComponent("cur"), asSeen: isAboutLetter) }
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

    private func move(_ file: URL, to folder: URL, asSeen: Bool) throws {
        let name = file.lastPathComponent.split(separator: ":", maxSplits: 1).first.map(String.init) ?? file.lastPathComponent
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try FileManager.default.moveItem(at: file, to: folder.appendingPathComponent("\(name):2,\(asSeen ? "S" : "")"))
        } catch {
            throw OfficeError(
                .cannotWrite, "\(file.path) was read and cannot be moved to \(folder.path).",
                hint: "Let this user write the Maildir. Nothing is counted twice when it is read again.")
        }
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
        facts["reply"] = .string(bounce.text)
        try LetterBook(office, at: now, in: transaction).note(.letterBounced, kind, of: letter.owner, facts)
        guard kind != .addressChanged else { return true }
        let said = bounce.text.isEmpty ? "" : ": \(LetterBook.withoutFullStop(bounce.text))"
        try ExceptionList.add(
            .letterBounced, voter: letter.owner.voter, election: letter.owner.election,
            detail: "The letter \(kind.rawValue) came back\(said). Telephone, or write by post.", at: now, in: transaction)
        return true
    }
}
