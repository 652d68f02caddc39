import Elections
import Foundation
import Keys
import Mail
import Storage

/// The letters of one call, sent over several connections at once.
///
/// Each connection has a thread: it takes a letter, writes it, hands it to the relay and takes the next. The next may be announced while the
/// answer to the last is on its way to the disk, but nothing of it leaves before that answer is durable: so no more letters than connections
/// are ever with the relay and not yet in the books, which is what a crash can send twice. The calling thread alone touches the books:
/// whatever answers have come in while it wrote the last ones are the next transaction, together with the leases of the letters that follow.
final class MailroomRun: @unchecked Sendable {  // why: everything that changes is only touched while `desk` is held
    let office: Office
    let books: MailroomBooks
    let pace: MailroomPace
    let clerk: LetterClerk
    let server: SMTPServer
    let most: Int
    let desk = NSCondition()
    let startedAt = ContinuousClock.now

    // Under `desk`.
    /// Taken in hand, and not read yet.
    var leased: [Int64] = []
    /// Those whose content a connection is reading.
    var reading: Set<Int64> = []
    var ready: [Waiting] = []
    /// On their way back into the outbox.
    var returned: [ReturnedLetter] = []
    var answers: [Answer] = []
    var atRelay: [String: Int] = [:]
    /// Connections that can do nothing until their answer is durable.
    var blocked = 0
    /// When the first of the answers came that wait to be written.
    var answeredAt = ContinuousClock.now
    var inHand: Set<Int64> = []
    var doubtful: [Answer] = []
    var working = 0
    var isDrained = false
    var isClosing = false
    var outageReason: String?
    /// Why a connection was not taken.
    var unreachable: String?
    var renewedAt = ContinuousClock.now
    var summary: Mailroom.Summary
    var inARow = 0
    var answered = 0
    /// What stops the run: no letter is begun any more, and the answers of those at the relay are still written.
    var failure: (any Error)?
    /// Whether the books themselves failed: nothing more can be written.
    var isBroken = false

    struct Waiting {
        let letter: LetterInHand
        /// By a clock that nobody sets; nil: at once.
        let notBefore: ContinuousClock.Instant?
        let links: LetterClerk.LinkStates
    }

    /// An answer on its way into the books; whoever waits for it is told when it is there.
    struct Answer {
        let letter: LetterInHand
        let answer: LetterAnswer
        let isWritten: DispatchSemaphore?
    }

    /// A connection's last answer, until it is durable. Only its connection's thread uses it, but for the signal.
    final class Receipt {
        let signal = DispatchSemaphore(value: 0)
        var isDue = false
    }

    /// Letters taken in hand beyond those that are being sent: what goes out in about a quarter of a second.
    private static let mostReady = 512
    private static let renewal = Duration.seconds(20)
    /// How long an answer waits for others to share its fsync.
    private static let patience = Duration.microseconds(800)

    init(_ office: Office, server: SMTPServer, clerk: LetterClerk, pace: MailroomPace, connections: Int, so summary: Mailroom.Summary) {
        self.office = office
        self.server = server
        self.clerk = clerk
        self.pace = pace
        self.summary = summary
        most = connections
        books = MailroomBooks(office)
    }

    /// Sends until nothing more is due, the mail is paused or the relay is out.
    ///
    /// - Parameter progress: called with the summary so far, at most every tenth of a second.
    /// - Returns: the summary, and why the relay is out.
    func run(progress: (Mailroom.Summary) -> Void) throws -> (summary: Mailroom.Summary, outage: String?) {
        for number in 0..<most {
            let thread = Thread { self.work() }
            thread.name = "mailroom-\(number)"
            desk.withLock { working += 1 }
            thread.start()
        }
        var shown = ContinuousClock.now
        do {
            while let turn = nextTurn() {
                try take(turn)
                if ContinuousClock.now - shown > .milliseconds(100) {
                    shown = .now
                    progress(desk.withLock { self.summary })
                }
            }
        } catch {
            // The threads must end before anybody else uses what they use; what they had in hand waits for its lease.
            stop(for: error, isBroken: true)
        }
        desk.lock()
        while working > 0 { desk.wait() }
        let (summary, outage, failure) = (self.summary, outageReason, self.failure)
        desk.unlock()
        progress(summary)
        if let failure { throw failure }
        return (summary, outage)
    }

    func stop(for error: any Error, isBroken broken: Bool = false) {
        desk.lock()
        if failure == nil { failure = error }
        if broken {
            isBroken = true
            for answer in answers { answer.isWritten?.signal() }
            answers = []
        }
        desk.broadcast()
        desk.unlock()
    }

    // MARK: The books

    /// What one transaction writes.
    private struct Turn {
        var answers: [Answer] = []
        var room = 0
        var renews: [Int64] = []
        var returned: [ReturnedLetter] = []

        var isEmpty: Bool { answers.isEmpty && room == 0 && renews.isEmpty && returned.isEmpty }
    }

    /// Waits until there is something to write; nil: everything is.
    private func nextTurn() -> Turn? {
        desk.lock()
        defer { desk.unlock() }
        while true {
            var turn = Turn()
            let isStopping = failure != nil || outageReason != nil
            if ContinuousClock.now - renewedAt > Self.renewal { turn.renews = Array(inHand) }
            if isStopping {
                // The relay is out, or something is wrong here, which is no fault of the letters: they wait as they were.
                giveBack(ready.map(\.letter.id) + leased)
                (ready, leased) = ([], [])
            } else if !isDrained {
                turn.room = room
            }
            let isOver = isStopping || (isDrained && ready.isEmpty && leased.isEmpty && reading.isEmpty)
            if isOver, answers.isEmpty, returned.isEmpty, inHand.count == doubtful.count, !doubtful.isEmpty { settleDoubts() }
            if !isOver, turn.renews.isEmpty, isWorthWaiting {
                _ = desk.wait(until: Date(timeIntervalSinceNow: Self.seconds(Self.patience)))
                continue
            }
            (turn.answers, turn.returned) = (answers, returned)
            (answers, returned) = ([], [])
            if !turn.isEmpty { return turn }
            if isOver, inHand.isEmpty {
                isClosing = true
                desk.broadcast()
                return nil
            }
            _ = desk.wait(until: Date(timeIntervalSinceNow: 0.5))
        }
    }

    /// Letters to take in hand now.
    var room: Int {
        let waiting = ready.count + leased.count
        let wanted = min(Self.mostReady, max(pace.isUnlimited ? 4 * most : 64, perQuarterSecond))
        if waiting == 0 { return wanted }
        // In small pieces while there are others: whoever waits for the books waits for these as well.
        return wanted - waiting >= min(2 * most, wanted / 2) ? min(wanted - waiting, 2 * most) : 0
    }

    func giveBack(_ letters: [Int64]) {
        for letter in letters { returned.append(ReturnedLetter(id: letter, dueAt: nil, fault: nil)) }
    }

    /// Whether more answers may come in a moment: a commit costs the same for one as for eight.
    private var isWorthWaiting: Bool {
        !answers.isEmpty && answers.count < working && 2 * blocked < working && ContinuousClock.now - answeredAt < Self.patience
    }

    /// Letters that go out in a quarter of a second, by what went out so far.
    private var perQuarterSecond: Int {
        let seconds = Self.seconds(.now - startedAt)
        return seconds > 0.05 ? Int(Double(answered) / seconds / 4) : 0
    }

    static func seconds(_ duration: Duration) -> Double {
        Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
    }

    /// Nothing is on its way that could vouch for the relay. Where the run ends early, its refusals were no verdict on these letters. Where all
    /// letters have been tried, those that blame the address were; the others speak of the relay until it takes a letter, and a small
    /// office may have no more than one a day.
    private func settleDoubts() {
        let isBrokenOff = outageReason != nil || failure != nil
        for doubt in doubtful {
            let reply = doubt.answer.reply ?? ""
            if isBrokenOff {
                answers.append(Answer(letter: doubt.letter, answer: .deferred(reply: reply, seconds: 60), isWritten: nil))
            } else if doubt.answer.blamesAddress {
                answers.append(doubt)
            } else {
                answers.append(Answer(letter: doubt.letter, answer: clerk.putOff(doubt.letter, reply), isWritten: nil))
                outageReason = "it has taken no letter: \(reply)"
            }
        }
        doubtful = []
    }

    /// Writes answers, renews leases and takes more letters, all in one transaction.
    private func take(_ turn: Turn) throws {
        let outcome: (kept: [Bool], lost: [Int64], leased: [Int64])
        do {
            // If we crash before this is durable, these letters were sent and are sent again when their lease has run out.
            outcome = try office.books.write { transaction in
                let kept = try books.record(turn.answers.map { ($0.letter, $0.answer) }, in: transaction)
                let lost = turn.renews.isEmpty ? [] : try books.renew(turn.renews, in: transaction)
                try books.giveBack(turn.returned, in: transaction)
                return (kept, lost, turn.room > 0 ? try books.lease(turn.room, in: transaction) : [])
            }
        } catch {
            // First that nothing is written any more, then the signal: whoever is told must not send another letter.
            stop(for: error, isBroken: true)
            for answer in turn.answers { answer.isWritten?.signal() }
            throw error
        }
        for answer in turn.answers { answer.isWritten?.signal() }
        desk.lock()
        defer { desk.unlock() }
        for (answer, isKept) in zip(turn.answers, outcome.kept) {
            inHand.remove(answer.letter.id)
            answered += 1
            if isKept { summary.count(answer.answer) }
        }
        for letter in turn.returned { inHand.remove(letter.id) }
        if !turn.renews.isEmpty { renewedAt = .now }
        if !outcome.lost.isEmpty { drop(Set(outcome.lost)) }
        inHand.formUnion(outcome.leased)
        leased += outcome.leased
        if turn.room > 0, outcome.leased.isEmpty { isDrained = true }
        // Who sends has something to do already; who waits for letters is told.
        if turn.room > 0 || isDrained { desk.broadcast() }
    }

    /// Whoever was so slow that another sender has these now must not send them as well; with `desk` held.
    private func drop(_ lost: Set<Int64>) {
        inHand.subtract(ready.lazy.map(\.letter.id).filter(lost.contains))
        inHand.subtract(leased.lazy.filter(lost.contains))
        inHand.subtract(reading.intersection(lost))
        ready.removeAll { lost.contains($0.letter.id) }
        leased.removeAll(where: lost.contains)
    }
}
