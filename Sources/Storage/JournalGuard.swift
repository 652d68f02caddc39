import Foundation
import GRDBSQLite

/// Keeps SQLite from ever looking for a rollback journal.
///
/// Our databases write ahead (WAL), and none of them has one. But SQLite plays back a file of that name wherever it finds it, and the end of
/// it may name another file, a "super-journal", that SQLite deletes when it is done: whoever may write beside `counter.sqlite` could have the
/// office's process delete its books or its keys. (https://sqlite.org/atomiccommit.html, 5.)
enum JournalGuard {
    /// Makes SQLite's file system, for this process, one in which no journal exists, once; whether that could be done.
    static let isInstalled: Bool = {
        guard let standard = sqlite3_vfs_find(nil), let name = strdup("uocava") else { return false }
        let guarded = UnsafeMutablePointer<sqlite3_vfs>.allocate(capacity: 1)
        guarded.initialize(to: standard.pointee)
        guarded.pointee.zName = UnsafePointer(name)
        guarded.pointee.pNext = nil
        guarded.pointee.xAccess = { _, path, flags, result in
            if let path, let result, strlen(path) >= 8, strcmp(path + strlen(path) - 8, "-journal") == 0 {
                result.pointee = 0
                return SQLITE_OK
            }
            guard let standard = JournalGuard.standard, let look = standard.pointee.xAccess else { return accessFailed }
            return look(standard, path, flags, result)
        }
        // The last line: nothing but what belongs to a database is ever deleted.
        guarded.pointee.xDelete = { _, path, syncs in
            let isOurs = path.map { path in
                [".sqlite-wal", ".sqlite-journal", ".sqlite-shm"].contains { String(cString: path).hasSuffix($0) }
            }
            guard isOurs == true, let standard = JournalGuard.standard, let delete = standard.pointee.xDelete else {
                return deleteFailed
            }
            return delete(standard, path, syncs)
        }
        return sqlite3_vfs_register(guarded, 1) == SQLITE_OK
    }()

    /// SQLite's own, by its name on every Unix.
    private static var standard: UnsafeMutablePointer<sqlite3_vfs>? { sqlite3_vfs_find("unix") }
}

// SQLITE_IOERR_ACCESS and SQLITE_IOERR_DELETE, which Swift does not see: they are computed.
private let accessFailed = SQLITE_IOERR | 13 << 8
private let deleteFailed = SQLITE_IOERR | 10 << 8
