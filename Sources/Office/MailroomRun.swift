import Elections
import Foundation
import Keys
import Mail
import Storage

/// The letters of one call, sent over several connections at once.
///
/// Each connection has a thread: it takes a letter, writes it, hands it to the relay and waits until the answer is durable before it takes the
/// next. So no more letters than connections are ever with the relay and not yet in the books, which is what a crash can send twice. The
/// calling thread alone touches the books: whatever answers have come in while it wrote the last ones are the next transaction, together
/// with the leases of the letters that follow.
final class MailroomRun: @unchecked Sendable {  // why: everything that changes is only touched while `desk` is held
    private let office: Office
    private let books: MailroomBooks
    private let pace: MailroomPace
    private let clerk: LetterClerk
    private let server: SMTPServer
    private let most: Int
    private let desk = NSCondition()
    private let startedAt = ContinuousClock.now

    // Under `desk`.
    private var ready: [Waiting] = []
    private var answers: [Answer] = []
    private var atRelay: [String: Int] = [:]
    /// Letters that a connection has taken and not answered for yet.
    private var sending = 0
    /// When the first of the answers came that wait to be written.
    private var answeredAt = ContinuousClock.now
    private var inHand: [Int64: LetterInHand] = [:]
    private var doubtful: [Answer] = []
    private var working = 0
    private var isDrained = false
    private var isClosing = false
    private var outageReason: String?
    /// Why a connection was not taken.
    private var unreachable: String?
    private var renewedAt = ContinuousClock.now
    private var summary: Mailroom.Summary
    private var inARow = 0
    private var answered = 0
    /// What stops the run: no letter is begun any more, and the answers of those at the relay are still written.
    private var failure: (any Error)?
    /// Whether the books themselves failed: nothing more can be written.
    private var isBroken = false

    private struct Waiting {
        let letter: LetterInHand
        /// By a clock that nobody sets; nil: at once.
        let notBefore: ContinuousClock.Instant?
        let links: LetterClerk.LinkStates
    }

    /// An answer on its way into the books; whoever waits for it is told when it is there.
    private struct Answer {
        let letter: LetterInHand
        let answer: LetterAnswer
        let isWritten: DispatchSemaphore?
    }

    /// Letters taken in hand beyond those that are being sent: what goes out in about a quarter of a second.
    private static let mostReady = 512
    /// Answers that put letters off or refuse them, without one that takes a letter: so many say something of the relay, not of the letters.
    private static let mostInARow = 100
    /// The same for refusals that do not blame the address, such as "relay access denied".
    private static let mostOfPolicy = 20
    private static let renewal = Duration.seconds(20)
    /// How long an answer waits for others to share its fsync.
    private static let patience = Duration.microseconds(800)
    /// Milliseconds that a letter is kept in hand for its slot.
    private static let soon: Int64 = 5000

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

    private func stop(for error: any Error, isBroken broken: Bool = false) {
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
        var givesBack: [Int64] = []
    }

    /// Waits until there is something to write; nil: everything is.
    private func nextTurn() -> Turn? {
        desk.lock()
        defer { desk.unlock() }
        while true {
            var turn = Turn()
            let isStopping = failure != nil || outageReason != nil
            if ContinuousClock.now - renewedAt > Self.renewal { turn.renews = Array(inHand.keys) }
            if !isStopping, !isDrained {
                let wanted = min(Self.mostReady, max(pace.isUnlimited ? 2 * most : 64, perQuarterSecond))
                if ready.count < (wanted + 1) / 2 { turn.room = wanted - ready.count }
            }
            if isStopping, !ready.isEmpty {
                // The relay is out, or something is wrong here, which is no fault of the letters: they wait as they were.
                turn.givesBack = ready.map(\.letter.id)
                for waiting in ready { inHand[waiting.letter.id] = nil }
                ready = []
            }
            let isOver = isStopping || (isDrained && ready.isEmpty)
            if isOver, answers.isEmpty, inHand.count == doubtful.count, !doubtful.isEmpty { settleDoubts() }
            if !isOver, turn.renews.isEmpty, isWorthWaiting {
                _ = desk.wait(until: Date(timeIntervalSinceNow: Self.seconds(Self.patience)))
                continue
            }
            turn.answers = answers
            answers = []
            if !turn.answers.isEmpty || turn.room > 0 || !turn.renews.isEmpty || !turn.givesBack.isEmpty { return turn }
            if isOver, inHand.isEmpty {
                isClosing = true
                desk.broadcast()
                return nil
            }
            _ = desk.wait(until: Date(timeIntervalSinceNow: 0.5))
        }
    }

    /// Whether as many answers again may come in a moment: a commit costs the same for one as for eight.
    private var isWorthWaiting: Bool {
        !answers.isEmpty && answers.count < sending && ContinuousClock.now - answeredAt < Self.patience
    }

    /// Letters that go out in a quarter of a second, by what went out so far.
    private var perQuarterSecond: Int {
        let seconds = Self.seconds(.now - startedAt)
        return seconds > 0.05 ? Int(Double(answered) / seconds / 4) : 0
    }

    private static func seconds(_ duration: Duration) -> Double {
        Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
    }

    /// Nothing is on its way that could vouch for the relay. Where the run ends early, its refusals were no verdict on these letters; where all
    /// letters have been tried, they were.
    private func settleDoubts() {
        for doubt in doubtful {
            if outageReason != nil || failure != nil {
                answers.append(
                    Answer(letter: doubt.letter, answer: .deferred(reply: doubt.answer.reply ?? "", seconds: 60), isWritten: nil))
            } else {
                answers.append(doubt)
            }
        }
        doubtful = []
    }

    /// Writes answers, renews leases and takes more letters, all in one transaction.
    private func take(_ turn: Turn) throws {
        let outcome: (kept: [Bool], lost: [Int64], leased: [(letter: LetterInHand, slot: ContinuousClock.Instant?)], isEmpty: Bool)
        do {
            // If we crash before this is durable, these letters were sent and are sent again when their lease has run out.
            outcome = try office.books.write { try write(turn, in: $0) }
        } catch {
            for answer in turn.answers { answer.isWritten?.signal() }
            throw error
        }
        for answer in turn.answers { answer.isWritten?.signal() }
        let links = links(of: outcome.leased.map(\.letter))
        desk.lock()
        defer { desk.unlock() }
        for (answer, isKept) in zip(turn.answers, outcome.kept) {
            inHand[answer.letter.id] = nil
            answered += 1
            if isKept { summary.count(answer.answer) }
        }
        if !turn.renews.isEmpty { renewedAt = .now }
        // Whoever was so slow that another sender has these now must not send them as well.
        for id in outcome.lost where ready.contains(where: { $0.letter.id == id }) { inHand[id] = nil }
        ready.removeAll { outcome.lost.contains($0.letter.id) }
        for (letter, slot) in outcome.leased {
            inHand[letter.id] = letter
            ready.append(Waiting(letter: letter, notBefore: slot, links: links))
        }
        if outcome.isEmpty { isDrained = true }
        desk.broadcast()
    }

    /// Where the counter cannot be read, the run stops and these letters go back.
    private func links(of letters: [LetterInHand]) -> LetterClerk.LinkStates {
        do { return try clerk.links(of: letters) } catch {
            stop(for: error)
            return LetterClerk.LinkStates()
        }
    }

    private func write(
        _ turn: Turn, in transaction: Transaction
    ) throws -> (kept: [Bool], lost: [Int64], leased: [(letter: LetterInHand, slot: ContinuousClock.Instant?)], isEmpty: Bool) {
        let now = office.clock.now()
        let kept = try books.record(turn.answers.map { ($0.letter, $0.answer) }, in: transaction)
        let lost = turn.renews.isEmpty ? [] : try books.renew(turn.renews, in: transaction)
        try books.giveBack(turn.givesBack, in: transaction)
        guard turn.room > 0 else { return (kept, lost, [], false) }
        let taken = try books.lease(turn.room, in: transaction)
        var leased: [(letter: LetterInHand, slot: ContinuousClock.Instant?)] = []
        for letter in taken.letters {
            guard let slot = pace.slot(of: letter.id, to: letter.domain, now: now) else {
                leased.append((letter, nil))
                continue
            }
            let wait = slot.milliseconds - now.milliseconds
            // A letter whose time comes soon is kept in hand; the others must not stand in the way of those behind them.
            if wait > Self.soon {
                try books.giveBack([letter.id], dueAt: slot, in: transaction)
            } else {
                leased.append((letter, .now + .milliseconds(wait)))
            }
        }
        return (kept, lost, leased, taken.count == 0)
    }

    // MARK: A connection

    private func work() {
        defer {
            desk.withLock {
                working -= 1
                // The last two connections that the relay did not take may have counted on each other.
                if working == 0, outageReason == nil, !ready.isEmpty { outageReason = unreachable }
                desk.broadcast()
            }
        }
        do {
            let connection = try SMTPConnection(server)
            defer { connection.close() }
            let written = DispatchSemaphore(value: 0)
            var hasSent = false
            while let (letter, links) = next() {
                switch try clerk.prepare(letter, links: links) {
                case .answer(let answer): finish(letter, answer, written)
                case .message(let bytes, let from, let to):
                    // If we crash from here on before the answer is recorded, this letter is sent once more when its lease has run out.
                    let outcome = connection.send(bytes, from: from, to: to)
                    if case .unreachable(let reason) = outcome {
                        putBack(letter, links)
                        // A relay that takes only some of our connections works: the others go on.
                        return report(outage: reason, hasSent: hasSent)
                    }
                    hasSent = true
                    weigh(letter, outcome, written)
                }
            }
        } catch {
            stop(for: error)
        }
    }

    /// The next letter that may leave; nil: there are no more.
    private func next() -> (LetterInHand, LetterClerk.LinkStates)? {
        desk.lock()
        defer { desk.unlock() }
        while !isClosing, failure == nil, outageReason == nil {
            var pause = 0.5
            // A lease that was not renewed for so long may be another's by now.
            if ContinuousClock.now - renewedAt < .seconds(Mailroom.leaseSeconds - 15) {
                for (place, waiting) in ready.enumerated() {
                    let domain = waiting.letter.domain
                    if let notBefore = waiting.notBefore, notBefore > .now {
                        pause = min(pause, Self.seconds(notBefore - .now))
                        continue
                    }
                    if let limit = pace.connections(domain), atRelay[domain, default: 0] >= limit { continue }
                    ready.remove(at: place)
                    atRelay[domain, default: 0] += 1
                    sending += 1
                    if ready.count < most { desk.broadcast() }
                    guard waitForRelay() else {
                        ready.append(waiting)
                        leave(waiting.letter)
                        return nil
                    }
                    return (waiting.letter, waiting.links)
                }
                if ready.isEmpty, isDrained { return nil }
            }
            _ = desk.wait(until: Date(timeIntervalSinceNow: max(pause, 0.001)))
        }
        return nil
    }

    /// Waits for the relay's next slot, with `desk` held; false where the run ends before.
    private func waitForRelay() -> Bool {
        guard let slot = pace.relaySlot() else { return true }
        while ContinuousClock.now < slot {
            if isClosing || failure != nil || outageReason != nil { return false }
            _ = desk.wait(until: Date(timeIntervalSinceNow: min(max(Self.seconds(slot - .now), 0.001), 0.5)))
        }
        return true
    }

    private func putBack(_ letter: LetterInHand, _ links: LetterClerk.LinkStates) {
        desk.withLock {
            leave(letter)
            ready.insert(Waiting(letter: letter, notBefore: nil, links: links), at: 0)
            desk.broadcast()
        }
    }

    /// The letter is not at the relay any more; with `desk` held.
    private func leave(_ letter: LetterInHand) {
        sending -= 1
        let left = atRelay[letter.domain, default: 1] - 1
        atRelay[letter.domain] = left > 0 ? left : nil
    }

    /// A connection that the relay does not take. It is an outage where nobody else's works.
    ///
    /// - Parameter hasSent: whether this connection worked before.
    private func report(outage reason: String, hasSent: Bool) {
        desk.withLock {
            unreachable = reason
            if working > 1, !hasSent, summary.sent > 0 || inHand.count > ready.count + 1 { return }
            if outageReason == nil { outageReason = reason }
            desk.broadcast()
        }
    }

    /// What the relay's answer means for the letter, and for the relay.
    private func weigh(_ letter: LetterInHand, _ outcome: SMTPOutcome, _ written: DispatchSemaphore) {
        switch outcome {
        case .accepted(let reply):
            desk.lock()
            inARow = 0
            // The relay works: those that it refused before, it refused.
            answers += doubtful
            doubtful = []
            desk.unlock()
            finish(letter, .sent(reply: reply), written)
        case .deferred(_, let reply):
            finish(letter, clerk.putOff(letter, reply), written)
            countInARow(reply, limit: Self.mostInARow)
        case .refused(_, let reply):
            let fault = outcome.refusalClass ?? .other
            desk.withLock {
                leave(letter)
                doubtful.append(Answer(letter: letter, answer: .refused(reply: reply, fault: fault.rawValue), isWritten: nil))
                desk.broadcast()
            }
            countInARow(reply, limit: fault == .address || fault == .mailbox ? Self.mostInARow : Self.mostOfPolicy)
        case .unreachable: break
        }
    }

    private func countInARow(_ reply: String, limit: Int) {
        desk.withLock {
            inARow += 1
            guard inARow >= limit, outageReason == nil else { return }
            outageReason = "it has taken none of the last \(inARow) letters: \(reply)"
            desk.broadcast()
        }
    }

    /// Hands an answer over and waits until it is durable.
    private func finish(_ letter: LetterInHand, _ answer: LetterAnswer, _ written: DispatchSemaphore) {
        desk.lock()
        leave(letter)
        let isOpen = !isBroken
        if isOpen {
            if answers.isEmpty { answeredAt = .now }
            answers.append(Answer(letter: letter, answer: answer, isWritten: written))
            // The first one calls the clerk, who waits a moment; the one that makes half of all calls again.
            if answers.count == 1 || answers.count >= sending { desk.broadcast() }
        }
        desk.unlock()
        if isOpen { written.wait() }
    }
}
