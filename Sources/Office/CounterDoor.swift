import Elections
import Foundation
import Storage
import Synchronization

/// Why the counter's database cannot be used.
///
/// Whoever holds the internet-facing process can write anything into that file or spoil it. That must stop nobody who only needs the books:
/// the desks go on and pass this on as a warning; `issue` and `new-link`, which must write there, stop with `cause`.
package struct CounterTrouble: Error, Sendable, CustomStringConvertible {
    /// What to tell the operator who needs the counter: names the file.
    let cause: any Error
    /// Whether the file holds tables, triggers or views that this program did not make. The audit names each of them.
    let isForeign: Bool
    /// Whether it is another than the last time.
    package internal(set) var isNews = true

    /// What went wrong in the file at `path`; a cell of an odd kind does not name it by itself.
    init(_ cause: StorageError, in path: String) {
        self.cause =
            cause.message.contains(path)
            ? cause : StorageError(cause.code, "\(path) cannot be used: \(cause.message).", hint: "Run `uocava audit`.")
        isForeign = false
    }

    /// Foreign objects in the file at `path`, each in a sentence.
    init(foreign objects: [String], in path: String) {
        cause = OfficeError(
            .unavailable, "\(path) is not used: \(objects.prefix(3).joined(separator: " "))\(objects.count > 3 ? " …" : "")",
            hint: "Somebody changed the file by hand or broke into the public process. Run `uocava audit`, then restore it from a backup.")
        isForeign = true
    }

    /// What is wrong with which file, and what to do.
    package var description: String { Printable.escape("\(cause)") }
}

extension Office {
    /// Reads from the counter; what it does not hold as we made it stops only this.
    ///
    /// - Throws: ``CounterTrouble``, or what `body` throws besides `StorageError`.
    func readCounter<Result>(_ body: (Transaction) throws -> Result) throws -> Result {
        let counter = counter
        return try troubled(counter.path) { try counter.read { try body(try Self.checked($0, counter)) } }
    }

    /// Writes at the counter, on the same terms.
    @discardableResult
    func writeCounter<Result>(_ body: (Transaction) throws -> Result) throws -> Result {
        let counter = counter
        return try troubled(counter.path) { try counter.write { try body(try Self.checked($0, counter)) } }
    }

    private func troubled<Result>(_ path: String, _ body: () throws -> Result) throws -> Result {
        do { return try body() } catch let error as StorageError { throw CounterTrouble(error, in: path) }
    }

    /// A foreign trigger would run in our process, and a view in a table's place may never end: neither is touched. The look is in the same
    /// transaction as the use.
    private static func checked(_ transaction: Transaction, _ file: DatabaseFile) throws -> Transaction {
        let foreign = try SchemaObjects.counter.foreign(in: transaction)
        if !foreign.isEmpty { throw CounterTrouble(foreign: foreign.map(\.sentence), in: file.path) }
        return transaction
    }

    /// What needs the counter stops with the error itself.
    func needingCounter<Result>(_ body: () throws -> Result) throws -> Result {
        do { return try body() } catch let trouble as CounterTrouble { throw trouble.cause }
    }
}

/// The way to `counter.sqlite`, which may be missing or damaged while the books are fine: it is opened when it is first needed, and tried
/// again later where that failed.
final class CounterDoor: Sendable {
    private let folder: OfficeFolder
    private let warn: @Sendable (CounterTrouble) -> Void
    private let state = Mutex(State())
    /// How long a failure holds: somebody who keeps the file locked must cost a desk one wait, not one for every step.
    private static let pause = Duration.seconds(30)

    private struct State {
        var file: DatabaseFile?
        var failure: (error: StorageError, at: ContinuousClock.Instant)?
        var busy: (trouble: CounterTrouble, at: ContinuousClock.Instant)?
        var last: String?
        var warned = false
    }

    init(_ folder: OfficeFolder, warn: @escaping @Sendable (CounterTrouble) -> Void) {
        self.folder = folder
        self.warn = warn
    }

    /// The database; where it cannot be opened, one whose every use throws the reason.
    func file() -> DatabaseFile {
        state.withLock { state in
            if let file = state.file { return file }
            let path = folder.path(folder.configuration.counterDatabase).path
            if let failure = state.failure, ContinuousClock.now - failure.at < Self.pause {
                return DatabaseFile(path: path, unusable: failure.error)
            }
            do {
                let file = try folder.openCounterDatabase()
                state.file = file
                return file
            } catch {
                let reason = error as? StorageError ?? StorageError(.cannotOpen, "\(path): cannot be opened.")
                state.failure = (reason, .now)
                return DatabaseFile(path: path, unusable: reason)
            }
        }
    }

    /// A lock that was waited for in vain a moment ago.
    var recentlyBusy: CounterTrouble? {
        state.withLock { state in state.busy.flatMap { ContinuousClock.now - $0.at < Self.pause ? $0.trouble : nil } }
    }

    /// Keeps a trouble and tells the operator of the first; nil: all is well again.
    ///
    /// - Returns: the trouble, which says whether it is news.
    @discardableResult
    func note(_ trouble: CounterTrouble?) -> CounterTrouble? {
        let (noted, isFirst) = state.withLock { state in
            var noted = trouble
            noted?.isNews = trouble?.description != state.last
            state.last = trouble?.description
            state.busy = trouble.flatMap { ($0.cause as? StorageError)?.code == .busy ? ($0, .now) : nil }
            let isFirst = trouble != nil && !state.warned
            state.warned = state.warned || isFirst
            return (noted, isFirst)
        }
        if isFirst, let noted { warn(noted) }
        return noted
    }
}
