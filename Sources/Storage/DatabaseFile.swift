import Foundation
import GRDB

/// One step of a schema: its name is recorded in the database, so each step runs once, in order, in a transaction of its own.
package struct Migration: Sendable {
    /// What the database remembers it by; never changes.
    package let name: String
    /// Statements that make the step, separated by semicolons; never change once an office has run them.
    package let sql: String

    /// A step of this name.
    package init(_ name: String, _ sql: String) {
        self.name = name
        self.sql = sql
    }
}

extension Migration {
    /// Every table, index, trigger and view that these migrations make, as SQLite keeps its text: by `table link`, empty for what SQLite makes
    /// by itself.
    package static func objects(madeBy migrations: [Migration]) throws -> [String: String] {
        do {
            let database = try DatabaseQueue()
            try DatabaseMigrator(migrations).migrate(database)
            return try database.read { try objects(in: $0) }
        } catch {
            throw StorageError(error, file: "the schema")
        }
    }

    fileprivate static func objects(in database: Database) throws -> [String: String] {
        var objects: [String: String] = [:]
        for row in try Row.fetchAll(database, sql: "SELECT type || ' ' || name AS name, ifnull(sql, '') AS text FROM sqlite_master") {
            objects[row["name"]] = row["text"]
        }
        return objects
    }
}

extension DatabaseMigrator {
    fileprivate init(_ migrations: [Migration]) {
        self.init()
        for migration in migrations { registerMigration(migration.name) { try $0.execute(sql: migration.sql) } }
    }

    /// The same for a file that others can write: a step is taken only where what was made so far is as our steps made it, since a trigger of
    /// somebody else's would run in our process.
    ///
    /// - Parameter path: the file, for the message.
    fileprivate init(_ migrations: [Migration], guarding path: String) {
        self.init()
        for (index, migration) in migrations.enumerated() {
            registerMigration(migration.name) { database in
                let made = try Migration.objects(madeBy: Array(migrations.prefix(index)))
                for (name, text) in try Migration.objects(in: database) where made[name] != text {
                    // The migrator's own table comes before the first step.
                    if index == 0, name.hasSuffix("table grdb_migrations") || name.hasSuffix("_grdb_migrations_1") { continue }
                    throw StorageError(
                        .damaged, "\(path): the \(name.prefix(100).debugDescription) was added to it or changed by hand.",
                        hint: "Restore it from the last backup.")
                }
                try database.execute(sql: migration.sql)
            }
        }
    }
}

/// A SQLite database: one writer, several readers, durable at every commit (WAL, `synchronous=FULL`).
///
/// All work is a synchronous closure that is handed a ``Transaction``; nothing inside can reach the database any other way, and nothing can
/// suspend inside. Calls block: long-lived services make them on the office's pool of threads, never on Swift's cooperative pool.
package final class DatabaseFile: Sendable {
    /// The file, for messages.
    package let path: String
    private let opened: Result<DatabasePool, StorageError>
    private var pool: DatabasePool { get throws { try opened.get() } }

    /// Opens the file, and makes it if `create` says so, then runs the migrations that it has not seen.
    ///
    /// - Parameter isShared: whether others write the file who are not trusted: then no migration runs where something stands in the schema
    ///   that the migrations before it did not make.
    /// - Throws: ``StorageError``: `cannotOpen`, `cannotWrite`, `newer` (made by a later version of the program), `damaged`.
    package init(path: String, migrations: [Migration], create: Bool = false, isShared: Bool = false) throws {
        self.path = path
        opened = .success(try Self.open(path, migrations, create: create, isShared: isShared))
    }

    /// A stand-in for a file that cannot be used at the moment: every call throws `reason`.
    package init(path: String, unusable reason: StorageError) {
        self.path = path
        opened = .failure(reason)
    }

    private static func open(_ path: String, _ migrations: [Migration], create: Bool, isShared: Bool) throws -> DatabasePool {
        guard JournalGuard.isInstalled else { throw StorageError(.result, "\(path): SQLite cannot be kept from looking for journals.") }
        if !create, !FileManager.default.fileExists(atPath: path) {
            throw StorageError(
                .cannotOpen, "\(path): there is no such database.", hint: "Is this an office folder? `uocava init` makes one.")
        }
        var configuration = Configuration()
        configuration.foreignKeysEnabled = true
        configuration.maximumReaderCount = 6
        // Claims wait for `issue`, which leaves the lock free every few milliseconds for two: SQLite's own handler, which looks away for up to a
        // tenth of a second, would miss that. Half a minute in all: the mailroom may wait for the import of a whole State's roll.
        configuration.busyMode = .callback { tries in
            usleep(1000)
            return tries < 30_000
        }
        configuration.prepareDatabase { database in
            // Half of a chunk of `issue` fits; the default of 2 MB makes random index pages come back from the disk at a million voters.
            try database.execute(sql: "PRAGMA cache_size = -32768")
            try database.execute(sql: "PRAGMA secure_delete = ON")
            // 64 MB of log before it is copied into the file, which costs fsyncs of both: at SQLite's 4 MB a large batch spent a quarter of
            // its time there.
            try database.execute(sql: "PRAGMA wal_autocheckpoint = 16384")
        }
        do {
            // The file is made by us with mode 0600 before SQLite touches it: it holds sealed personal data, and the -wal and -shm files
            // take their mode from it.
            if create, !FileManager.default.fileExists(atPath: path) {
                let made = FileManager.default.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o600])
                guard made else { throw StorageError(.cannotWrite, "\(path): cannot be made.", hint: "Check who may write the folder.") }
            }
            let pool = try DatabasePool(path: path, configuration: configuration)
            // GRDB sets NORMAL after `prepareDatabase`; a commit that a power cut can undo is no commit to a voter who was shown a ballot.
            try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
            let migrator = isShared ? DatabaseMigrator(migrations, guarding: path) : DatabaseMigrator(migrations)
            if isShared, try pool.read({ try Self.hasForeignMigrations($0) }) {
                throw StorageError(
                    .damaged, "\(path): its list of migrations is not a table.", hint: "Run `uocava audit`, then restore it from a backup.")
            }
            if try pool.read({ try migrator.hasBeenSuperseded($0) }) {
                throw StorageError(.newer, "\(path): made by a newer version of uocava.", hint: "Run that version, or a later one.")
            }
            try migrator.migrate(pool)
            return pool
        } catch {
            throw StorageError(error, file: path)
        }
    }

    /// Whether something else stands in place of the table that the migrator reads first: a view may never end.
    private static func hasForeignMigrations(_ database: Database) throws -> Bool {
        try Bool.fetchOne(
            database, sql: "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE lower(name) = 'grdb_migrations' AND type <> 'table')") ?? true
    }

    /// How long a change in many pieces leaves the lock free after each, in microseconds: whoever waits for it looks every millisecond.
    package static let pauseForOthers: UInt32 = 2000

    /// Runs `body` on a snapshot: everything it reads belongs to one moment.
    package func read<Result>(_ body: (Transaction) throws -> Result) throws -> Result {
        try translating { try pool.read { try body(Transaction(database: $0)) } }
    }

    /// The first row of one `SELECT`, through `decode`; nil if there is none.
    ///
    /// A statement by itself is a snapshot: a transaction around it would be four more statements, which cost more than most look-ups.
    package func first<Result>(_ sql: String, _ values: SQLValue..., decode: (ResultRow) throws -> Result) throws -> Result? {
        try translating { try pool.unsafeRead { try Transaction(database: $0).first(sql, values: values, decode: decode) } }
    }

    /// Runs `body` in one write transaction: all of it is durable when this returns, or none of it happened.
    @discardableResult
    package func write<Result>(_ body: (Transaction) throws -> Result) throws -> Result {
        try translating {
            try pool.writeWithoutTransaction { try commit($0, body) }
        }
    }

    /// Like ``write(_:)``, but what it wrote is only sure to be there after the next `write`, whose fsync covers the log up to then.
    ///
    /// For the pieces of a large change that takes effect with its last one: the lock is held for the writing alone, not for the disk.
    package func writeAhead<Result>(_ body: (Transaction) throws -> Result) throws -> Result {
        try translating {
            try pool.writeWithoutTransaction { database in
                try database.execute(sql: "PRAGMA synchronous = NORMAL")
                let outcome = Swift.Result { try commit(database, body) }
                // Whatever happened, the next commit on this connection is durable again, or this says that it would not be.
                try database.execute(sql: "PRAGMA synchronous = FULL")
                return try outcome.get()
            }
        }
    }

    private func commit<Result>(_ database: Database, _ body: (Transaction) throws -> Result) throws -> Result {
        var result: Result?
        try database.inTransaction(.immediate) {
            result = try body(Transaction(database: database))
            return .commit
        }
        guard let result else { throw StorageError(.result, "\(path): a transaction ended without a result") }
        return result
    }

    /// Moves what the write-ahead log holds into the file and empties the log, so that the file alone is a backup.
    package func checkpoint() throws {
        try translating { try pool.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) } }
    }

    /// Moves what nobody reads any more from the write-ahead log into the file, and waits for nobody: so that closing finds little to do.
    package func copyLog() throws {
        try translating { try pool.writeWithoutTransaction { _ = try $0.checkpoint(.passive) } }
    }

    /// A setting of the connection that writes, for tests: `synchronous` must be 2 (FULL).
    package func pragma(_ name: String) throws -> String {
        try translating { try pool.writeWithoutTransaction { try String.fetchOne($0, sql: "PRAGMA \(name)") ?? "" } }
    }

    /// Closes every connection. Later calls throw.
    package func close() throws { try translating { try pool.close() } }

    private func translating<Result>(_ body: () throws -> Result) throws -> Result {
        do { return try body() } catch let error as DatabaseError { throw StorageError(error, file: path) }
    }
}
