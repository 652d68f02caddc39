import Elections
import Foundation
package import Storage
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

/// `counter.sqlite` as the office uses it: every look and every change compares the schema first, in its own transaction.
///
/// A foreign trigger would run in our process, and a view in a table's place may never end: neither is touched.
package struct CounterFile: Sendable {
    private let file: DatabaseFile

    fileprivate init(_ file: DatabaseFile) { self.file = file }

    /// The file, for messages.
    package var path: String { file.path }

    /// Reads; what the file does not hold as we made it stops only this.
    ///
    /// - Throws: ``CounterTrouble``, or what `body` throws besides `StorageError`.
    package func read<Result>(_ body: (Transaction) throws -> Result) throws -> Result {
        try troubled { try file.read { try body(try checked($0)) } }
    }

    /// Writes, on the same terms.
    @discardableResult
    package func write<Result>(_ body: (Transaction) throws -> Result) throws -> Result {
        try troubled { try file.write { try body(try checked($0)) } }
    }

    /// Writes a piece that is only sure to be there after the next ``write(_:)``, on the same terms.
    func writeAhead<Result>(_ body: (Transaction) throws -> Result) throws -> Result {
        try troubled { try file.writeAhead { try body(try checked($0)) } }
    }

    /// Reads whatever is there, for the audit, which names what is foreign and touches nothing of it.
    ///
    /// - Throws: `StorageError`.
    func readUnchecked<Result>(_ body: (Transaction) throws -> Result) throws -> Result { try file.read(body) }

    /// As `DatabaseFile.copyLog` does.
    func copyLog() throws { try file.copyLog() }

    /// As `DatabaseFile.checkpoint` does.
    package func checkpoint() throws { try file.checkpoint() }

    private func troubled<Result>(_ body: () throws -> Result) throws -> Result {
        do { return try body() } catch let error as StorageError { throw CounterTrouble(error, in: path) }
    }

    private func checked(_ transaction: Transaction) throws -> Transaction {
        let foreign = try SchemaObjects.counter.foreign(in: transaction)
        if !foreign.isEmpty { throw CounterTrouble(foreign: foreign.map(\.sentence), in: path) }
        return transaction
    }
}

extension Office {
    /// `counter.sqlite`: what the public process shares with the office.
    ///
    /// Whoever only needs the books is not stopped where it cannot be opened: then every use of it throws the reason.
    package var counter: CounterFile { CounterFile(door.file()) }

    /// The same file without that look, for a public site in the office's own process (`serve --role all`); no desk may use it.
    package var unguardedCounter: DatabaseFile { door.file() }  // why: the site trusts its file, as it does in a process of its own

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
    fileprivate func file() -> DatabaseFile {
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
