import Foundation
import GRDB

/// What went wrong in a database, with what to do about it where an operator can do something.
package struct StorageError: Error, Sendable, CustomStringConvertible {
    /// What kind of failure it is.
    package enum Code: String, Sendable {
        /// The file is not there, cannot be opened, or is no database.
        case cannotOpen
        /// The disk is full or the file cannot be written.
        case cannotWrite
        /// Somebody else held the write lock for longer than we wait.
        case busy
        /// A UNIQUE, CHECK, NOT NULL or foreign key constraint refused the change.
        case constraint
        /// The file was made by a newer version of the program.
        case newer
        /// The file is damaged.
        case damaged
        /// A statement or a result is not what the program expects: a bug.
        case result
    }

    /// What kind of failure it is.
    package let code: Code
    /// What is wrong; never a statement's arguments, which may be personal data.
    package let message: String
    /// What to do about it; empty where nothing can be said.
    package let hint: String

    /// A failure of this kind, in these words.
    package init(_ code: Code, _ message: String, hint: String = "") {
        self.code = code
        self.message = message
        self.hint = hint
    }

    package var description: String { hint.isEmpty ? message : "\(message) \(hint)" }

    /// SQLite's error in our words. The statement's arguments never enter the message: they may be personal data.
    init(_ error: any Error, file: String) {
        if let own = error as? StorageError {
            self = own
            return
        }
        guard let error = error as? DatabaseError else {
            self.init(.cannotOpen, "\(file): \(error)")
            return
        }
        let reason = error.message ?? "SQLite error \(error.resultCode.rawValue)"
        switch error.resultCode {
        case .SQLITE_FULL:
            self.init(
                .cannotWrite, "\(file): the disk is full, or a table has no numbers left.",
                hint: "Free some space and run the command again: it goes on where it stopped. If there is space, run `uocava audit`.")
        case .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_IOERR:
            self.init(
                .cannotWrite, "\(file): cannot be written (\(reason)).",
                hint: "Check the permissions of the file and its folder, and the disk; then run the command again.")
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            self.init(.busy, "\(file): another process is writing.", hint: "Try again in a moment.")
        case .SQLITE_CONSTRAINT:
            self.init(.constraint, "\(file): \(reason)")
        case .SQLITE_CORRUPT, .SQLITE_NOTADB:
            self.init(.damaged, "\(file): damaged, or not a database (\(reason)).", hint: "Restore it from the last backup.")
        case .SQLITE_CANTOPEN:
            self.init(.cannotOpen, "\(file): cannot be opened.", hint: "Check that the folder exists and who may read and write it.")
        default:
            self.init(.result, "\(file): \(reason)")
        }
    }
}
