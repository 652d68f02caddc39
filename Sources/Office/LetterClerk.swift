import Elections
import Foundation
import Keys
import Mail
import Storage
import Synchronization

/// Writes a letter that is in hand: derives its link, fills in the words, and makes the message of it. Thread-safe.
final class LetterClerk: Sendable {
    private let office: Office
    private let writer: LetterWriter
    private let elections = Mutex<[Int64: Basis]>([:])
    private let dates = Mutex<[ElectionID: (minute: Int64, date: CivilDate)]>([:])

    /// What all letters of an election have in common.
    private struct Basis: Sendable {
        let definition: ElectionDefinition
        let sender: LetterSender
        let returnPath: ReturnPath
        let closesAt: Instant
    }

    /// A letter as it goes to the relay, or what becomes of it without.
    enum Prepared {
        case answer(LetterAnswer)
        /// `secrets`: what must not be kept of the relay's reply.
        case message(_ bytes: [UInt8], from: String, to: String, secrets: QuotedSecrets)
    }

    /// - Throws: ``OfficeError`` `badInput` where one of the office's own letters cannot be used.
    init(_ office: Office) throws {
        self.office = office
        writer = try LetterWriter(overrides: office.folder.path(LetterFolder.name))
    }

    /// The message, or why there is none.
    ///
    /// - Throws: ``OfficeError`` where no letter of the election can be written.
    func prepare(_ letter: LetterInHand, links: LinkStates) throws -> Prepared {
        let basis = try basis(letter.owner.election)
        if letter.kind.hasBallotLink, let answer = try standing(letter, links, closesAt: basis.closesAt) { return .answer(answer) }
        let recipient: MailAddress
        do {
            recipient = try MailAddress(letter.address, name: LetterMark.name(letter.record.fullName))
        } catch let error as MailError {
            return .answer(.refused(reply: error.message, fault: RefusalClass.address.rawValue))
        }
        let contents = try contents(of: letter, basis.definition)
        let written = try writer.write(contents)
        let from = basis.sender.from
        let message = MailMessage(
            from: from, to: recipient, replyTo: basis.sender.replyTo, subject: written.subject, date: office.clock.now().seconds,
            messageID: LetterID.text(letter.id, domain: from.address.split(separator: "@").last ?? "localhost", keys: office.rollKeys),
            language: written.language, text: written.text, html: written.html)
        let secrets = QuotedSecrets(
            whole: [contents.voterName, recipient.address, contents.word ?? ""],
            parts: [contents.link.split(separator: "/").last.map(String.init) ?? ""])
        return .message(message.bytes, from: basis.returnPath.address(of: letter.id), to: recipient.address, secrets: secrets)
    }

    /// The links of letters as they stood at the counter a moment ago: one look for a handful of letters.
    struct LinkStates: Sendable {
        fileprivate var states: [[UInt8]: String] = [:]
        fileprivate let readAt = ContinuousClock.now
        /// A look is good for so long: a letter may leave so much later than its link was replaced.
        fileprivate static let life = Duration.seconds(1)
    }

    /// Looks at the links of letters.
    func links(of letters: [LetterInHand]) throws -> LinkStates {
        let links = letters.compactMap { $0.link?.id }
        guard !links.isEmpty else { return LinkStates() }
        return try office.needingCounter {
            try office.counter.read { counter in
                var states: [[UInt8]: String] = [:]
                let look = try counter.prepare(
                    "SELECT CASE typeof(state) WHEN 'text' THEN substr(state, 1, 20) ELSE '' END AS state FROM link WHERE id = $1")
                for link in links { states[link] = try look.first(.blob(link)) { try $0.text("state") } }
                return LinkStates(states: states)
            }
        }
    }

    /// What becomes of a letter whose link opens nothing; nil: it does.
    private func standing(_ letter: LetterInHand, _ links: LinkStates, closesAt: Instant) throws -> LetterAnswer? {
        guard let link = letter.link else { return .withdrawn }
        let isFresh = ContinuousClock.now - links.readAt < LinkStates.life
        let state = try isFresh ? links.states[link.id] : self.links(of: [letter]).states[link.id]
        // Who has opened the ballot needs no reminder of it.
        if letter.kind == .reminder || letter.kind == .reminderPost, letter.isOpened || state != "live" { return .withdrawn }
        guard state == "live" else {
            if link.isEnded || letter.isOpened { return .withdrawn }
            // Whoever holds the counter can end links there; that must not make voters lose their letters.
            return putOff(letter, "its link is not live at the counter: `uocava audit` says more")
        }
        guard office.clock.now() < closesAt else {
            // Not at once for good: it may be the clock that is wrong.
            return putOff(letter, "the links of this election have closed")
        }
        return nil
    }

    /// No letter is given up before it was tried so often: that takes two hours.
    private static let fewestTries: Int64 = 8

    /// The fault of a letter that was put off for too long.
    static let expired = "expired"

    /// Tries again later; or no more, where it was tried for days.
    func putOff(_ letter: LetterInHand, _ reply: String) -> LetterAnswer {
        let hours = office.configuration.smtp.giveUpHours
        let horizon = letter.queuedAt.adding(seconds: Int64(hours) * 3600)
        // Days in which nobody tried (a pause, an outage) are no tries: a relay that greylists wants some.
        guard office.clock.now() < horizon || letter.attempts < Self.fewestTries else {
            return .refused(reply: "given up after \(hours) hours; last: \(reply)", fault: Self.expired)
        }
        return .deferred(reply: reply, seconds: Self.backoff(letter.attempts))
    }

    /// One minute, two, four, … up to two hours, each a fifth more or less so that letters deferred together do not come back together.
    private static func backoff(_ attempts: Int64) -> Int64 {
        let seconds = min(Int64(60) << min(attempts, 7), 7200)
        let fifth = max(seconds / 5, 1)
        let random = SystemRandom.bytes(2).reduce(Int64(0)) { $0 << 8 | Int64($1) }
        return seconds - fifth + random % (2 * fifth + 1)
    }

    private func contents(of letter: LetterInHand, _ definition: ElectionDefinition) throws -> LetterContents {
        let site = office.configuration.publicSite.url
        var address = "\(site)/"
        var word: String?
        var postBy: CivilDate?
        if letter.kind.hasBallotLink, let link = letter.link {
            address = "\(site)/b/\(try office.linkKeys.token(linkID: link.id, keyID: link.keyID).text)"
            if definition.identityQuestion == .none { word = try office.linkKeys.word(linkID: link.id, keyID: link.keyID) }
            postBy = definition.mailBy(for: letter.record)
        } else if let tracking = letter.tracking {
            address = "\(site)/t/\(tracking.text)"
        }
        return LetterContents(
            kind: letter.kind, language: letter.record.language, voterName: letter.record.fullName, link: address, word: word,
            definition: definition, test: office.isTest, postBy: postBy, isPastPostBy: postBy.map { $0 < today(in: definition) } ?? false,
            reason: letter.detail.reason.flatMap { try? RejectionReason.parse($0) })
    }

    /// The date at the office; looked up once a minute, because a calendar costs as much as a letter.
    private func today(in definition: ElectionDefinition) -> CivilDate {
        let minute = office.clock.now().seconds / 60
        return dates.withLock { dates in
            if let known = dates[definition.id], known.minute == minute { return known.date }
            let date = office.clock.now().civilDate(in: definition.timeZone)
            dates[definition.id] = (minute, date)
            return date
        }
    }

    private func basis(_ election: Int64) throws -> Basis {
        if let known = elections.withLock({ $0[election] }) { return known }
        let kept = try office.books.read { try ElectionBook.all(in: $0).first { $0.id == election } }
        guard let definition = kept?.definition else {
            throw OfficeError(.broken, "A letter is about an election that is not in the books.")
        }
        let settings = office.configuration.smtp
        let sender = try LetterSender(of: definition, settings)
        let basis = Basis(
            definition: definition, sender: sender,
            returnPath: ReturnPath(settings.returnPath, sender: sender.from.address, keys: office.rollKeys),
            closesAt: definition.deadlines.linksClose.instant(in: definition.timeZone))
        elections.withLock { $0[election] = basis }
        return basis
    }
}

/// Where an office keeps letters in its own words.
package enum LetterFolder {
    /// In the office's folder.
    package static let name = "letters"
}
