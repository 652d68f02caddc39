import Elections
import Foundation
import Glibc
import Keys
import Mail
import Storage

/// The connections' side: each on a thread of its own.
extension MailroomRun {
    /// Letters that a connection reads at a time: a look into both databases costs as much as some letters.
    private static let mostRead = 32
    /// Answers that put letters off or refuse them, without one that takes a letter: so many say something of the relay, not of the letters.
    private static let mostInARow = 100
    /// The same for refusals that do not blame the address, such as "relay access denied".
    private static let mostOfPolicy = 20
    /// Milliseconds that a letter is kept in hand for its slot.
    private static let soon: Int64 = 5000
    /// How far connections stand back, of 19.
    private static let niceness: Int32 = 10

    /// Sends letters on one connection until there are none.
    func work() {
        // The clerk, whom all of us wait for, has the processor first; and so has whoever serves voters in this process. (Linux sets this
        // for a thread.)
        setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, Self.niceness)
        defer {
            desk.withLock {
                working -= 1
                // The last two connections that the relay did not take may have counted on each other.
                if working == 0, outageReason == nil, !ready.isEmpty { outageReason = unreachable }
                desk.broadcast()
            }
        }
        do {
            let receipt = Receipt()
            let connection = try SMTPConnection(server) { self.waitForBooks(receipt) }
            defer { connection.close() }
            var hasSent = false
            while let (letter, links) = next() {
                let prepared: LetterClerk.Prepared
                do { prepared = try clerk.prepare(letter, links: links) } catch let error as KeysError {
                    // One row that names a key that is not there must not keep the others from their letters.
                    prepared = .answer(clerk.putOff(letter, "it cannot be written (\(error.message)): run uocava audit"))
                } catch {
                    // It goes back with the others: nobody waits for what no connection has.
                    putBack(letter, links)
                    throw error
                }
                switch prepared {
                case .answer(let answer): finish(letter, answer, receipt)
                case .message(let bytes, let from, let to, let secrets):
                    // If we crash from here on before the answer is recorded, this letter is sent once more when its lease has run out.
                    let outcome = connection.send(bytes, from: from, to: to)
                    if case .unreachable(let reason) = outcome {
                        putBack(letter, links)
                        // A relay that takes only some of our connections works: the others go on.
                        return report(outage: secrets.removed(from: reason), hasSent: hasSent)
                    }
                    hasSent = true
                    weigh(letter, outcome, secrets, receipt)
                }
            }
        } catch {
            stop(for: error)
        }
    }

    /// Waits until a connection's last answer is durable; false where it never will be.
    private func waitForBooks(_ receipt: Receipt) -> Bool {
        guard receipt.isDue else { return true }
        receipt.isDue = false
        if receipt.signal.wait(timeout: .now()) == .timedOut {
            desk.withLock {
                blocked += 1
                // The clerk waits for more answers to come; from these connections none will.
                if 2 * blocked >= working { desk.broadcast() }
            }
            receipt.signal.wait()
            desk.withLock { blocked -= 1 }
        }
        return desk.withLock { !isBroken }
    }

    /// The next letter that may leave; nil: there are no more.
    private func next() -> (LetterInHand, LetterClerk.LinkStates)? {
        desk.lock()
        defer { desk.unlock() }
        while !isClosing, failure == nil, outageReason == nil {
            var pause = 0.5
            // A lease that was not renewed for so long may be another's by now.
            if ContinuousClock.now - renewedAt < .seconds(Mailroom.leaseSeconds - 15) {
                // One reads for all, before the others run out: a reader for each would keep as many copies of the same pages.
                if ready.count < 2 * most, !leased.isEmpty, reading.isEmpty {
                    readSome()
                    continue
                }
                // By index: an iterator would hold the list, and taking a letter out of it would copy the whole of it.
                for place in ready.indices {
                    let domain = ready[place].letter.domain
                    if let notBefore = ready[place].notBefore, notBefore > .now {
                        pause = min(pause, Self.seconds(notBefore - .now))
                        continue
                    }
                    if let limit = pace.connections(domain), atRelay[domain, default: 0] >= limit { continue }
                    let waiting = ready.remove(at: place)
                    atRelay[domain, default: 0] += 1
                    if room > 0, !isDrained { desk.broadcast() }
                    guard waitForRelay() else {
                        ready.append(waiting)
                        leave(waiting.letter)
                        return nil
                    }
                    return (waiting.letter, waiting.links)
                }
                if ready.isEmpty, leased.isEmpty, reading.isEmpty, isDrained { return nil }
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

    /// Reads what is in some of the letters in hand, on a connection's thread: the clerk's is the one that all wait for.
    ///
    /// Where the counter cannot be read, the run stops and these letters go back. With `desk` held, but not while it reads.
    private func readSome() {
        let ids = Array(leased.prefix(Self.mostRead))
        leased.removeFirst(ids.count)
        reading.formUnion(ids)
        desk.unlock()
        let outcome = Result {
            let read = try books.read(ids)
            var back = read.returned
            let links = try clerk.links(of: read.letters)
            let now = office.clock.now()
            var waiting: [Waiting] = []
            for letter in read.letters {
                let slot = pace.slot(of: letter.id, to: letter.domain, now: now)
                let wait = slot.map { $0.milliseconds - now.milliseconds } ?? 0
                // A letter whose time comes soon is kept in hand; the others must not stand in the way of those behind them.
                if wait > Self.soon {
                    back.append(ReturnedLetter(id: letter.id, dueAt: slot, fault: nil))
                } else {
                    waiting.append(Waiting(letter: letter, notBefore: slot.map { _ in .now + .milliseconds(wait) }, links: links))
                }
            }
            return (waiting, back)
        }
        desk.lock()
        reading.subtract(ids)
        switch outcome {
        case .success(let (waiting, back)):
            ready += waiting.filter { inHand.contains($0.letter.id) }
            returned += back
        case .failure(let error):
            if failure == nil { failure = error }
            giveBack(ids)
        }
        desk.broadcast()
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
    private func weigh(_ letter: LetterInHand, _ outcome: SMTPOutcome, _ secrets: QuotedSecrets, _ receipt: Receipt) {
        switch outcome {
        case .accepted(let said):
            let reply = secrets.removed(from: said)
            desk.lock()
            inARow = 0
            // The relay works: those that it refused before, it refused.
            answers += doubtful
            doubtful = []
            desk.unlock()
            finish(letter, .sent(reply: reply), receipt)
        case .deferred(_, let said):
            let reply = secrets.removed(from: said)
            finish(letter, clerk.putOff(letter, reply), receipt)
            countInARow(reply, limit: Self.mostInARow)
        case .refused(_, let said):
            let reply = secrets.removed(from: said)
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

    /// Hands an answer over, once the one before it is durable.
    private func finish(_ letter: LetterInHand, _ answer: LetterAnswer, _ receipt: Receipt) {
        let isOpen = waitForBooks(receipt)
        desk.lock()
        defer { desk.unlock() }
        leave(letter)
        guard isOpen, !isBroken else { return }
        if answers.isEmpty { answeredAt = .now }
        answers.append(Answer(letter: letter, answer: answer, isWritten: receipt.signal))
        receipt.isDue = true
        // The first one calls the clerk, who waits a moment; the last one calls again.
        if answers.count == 1 || answers.count >= working { desk.broadcast() }
    }
}
