import Elections
import Foundation
package import Keys
import Logging
package import Storage

/// An opened office: both databases and the cabinet. The desks (roll, shelf, issuing, mailroom, returns, reports, audit) are given one.
///
/// What a role has no permission for stays closed: without the signing key's file, everything but issuing works.
package final class Office: Sendable {
    /// Where it is on disk, and its settings.
    package let folder: OfficeFolder
    /// `office.sqlite`: roll, ballots, letters, returns, journal.
    package let books: DatabaseFile
    /// The way to ``counter``.
    let door: CounterDoor
    /// The keys on disk; the signing key stays there until something is signed.
    package let cabinet: KeyCabinet
    /// What time it is, for every desk.
    package let clock: WallClock
    /// Whether this is a test office, which takes test elections and nothing else (invariant 10).
    package let isTest: Bool
    /// Opens and seals personal data.
    package let rollKeys: RollKeys
    /// Derives the links' tokens.
    package let linkKeys: LinkKeys

    /// The settings of `uocava.yaml`.
    package var configuration: Configuration { folder.configuration }

    /// Opens everything but the signing key.
    ///
    /// - Parameters:
    ///   - passphrase: asked for at most once, when the first protected key is read.
    ///   - warn: told once where the counter's database cannot be used and a desk went on without it.
    /// - Throws: ``OfficeError``, `StorageError`, `KeysError`.
    package init(
        _ folder: OfficeFolder, clock: WallClock = .system, passphrase: @escaping @Sendable () throws -> Secret? = { nil },
        warn: @escaping @Sendable (CounterTrouble) -> Void = { _ in }
    ) throws {
        self.folder = folder
        self.clock = clock
        let configuration = folder.configuration
        books = try DatabaseFile(path: folder.path(configuration.officeDatabase).path, migrations: Schema.office)
        door = CounterDoor(folder, warn: warn)
        cabinet = try folder.cabinet(passphrase: passphrase)
        rollKeys = try cabinet.rollKeys()
        linkKeys = try cabinet.linkKeys()
        isTest =
            try books.read { transaction in
                try transaction.first("SELECT test FROM office WHERE id = 1") { try $0.flag("test") }
            } ?? { throw OfficeError(.broken, "office.sqlite does not say what office it is.", hint: "Restore it from the last backup.") }()
    }

    /// Takes a lock that only one process on this machine can hold, and that ends with the process however it ends.
    ///
    /// - Parameters:
    ///   - name: what is locked, e.g. `issue`; a file of that name in the office's folder.
    ///   - wait: how many seconds to try before giving up.
    /// - Throws: ``OfficeError`` `tryAgain` with `busy`, or `cannotWrite`.
    func lock(_ name: String, wait: Double = 0, busy: String) throws -> FileLock {
        try FileLock(folder.url.appendingPathComponent(".\(name).lock"), wait: wait, busy: busy)
    }
}

extension Office {
    /// The voter in a row that selects a request's id as `request`, its `key_id` and `sealed`.
    func voter(_ row: ResultRow) throws -> VoterRecord {
        try VoterRecord(
            encoded: try rollKeys.open(
                try row.blob("sealed"), table: "request", id: RowID.bytes(try row.integer("request")), keyID: try row.text("key_id")))
    }

    /// The same of a row that selects `fingerprint` too: what the last roll said, and not an older record that somebody put back.
    ///
    /// - Throws: ``OfficeError`` `broken` where it is another.
    func currentVoter(_ row: ResultRow) throws -> VoterRecord {
        let request = try row.integer("request")
        let encoded = try rollKeys.open(
            try row.blob("sealed"), table: "request", id: RowID.bytes(request), keyID: try row.text("key_id"))
        guard try rollKeys.fingerprint(encoded) == row.blob("fingerprint") else {
            throw OfficeError(
                .broken, "The record of request \(request) is not the one that the last roll brought: somebody changed the books.",
                hint: "Nothing more was done. Run `uocava audit`.")
        }
        return try VoterRecord(encoded: encoded)
    }
}

/// An exclusive `flock` on a file, given back when the value is released.
final class FileLock: Sendable {
    private let descriptor: Int32
    /// Microseconds from one try to the next.
    static let pause: UInt32 = 50_000

    init(_ file: URL, wait: Double, busy: String) throws {
        descriptor = open(file.path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw OfficeError(.cannotWrite, "\(file.path) cannot be made.", hint: "Check who may write the office's folder.")
        }
        var left = Int(wait * 1_000_000 / Double(Self.pause))
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            guard left > 0 else {
                close(descriptor)
                throw OfficeError(.tryAgain, busy, hint: "Wait until it is done, then run the command again.")
            }
            left -= 1
            usleep(Self.pause)
        }
    }

    deinit { close(descriptor) }
}
