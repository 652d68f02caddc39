import Foundation
import Storage

/// A temporary folder with one database of two small tables.
final class StorageFolder: Sendable {
    private let folder: URL
    let path: String

    static let migrations = [
        Migration(
            "0001 items",
            """
            CREATE TABLE item (name TEXT PRIMARY KEY, size INTEGER NOT NULL CHECK (size > 0));
            CREATE TABLE part (id INTEGER PRIMARY KEY, item TEXT NOT NULL REFERENCES item (name));
            """)
    ]

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("uocava-storage-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        path = folder.appendingPathComponent("test.sqlite").path
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    /// Opens it, and makes it the first time.
    func open(_ migrations: [Migration] = StorageFolder.migrations) throws -> DatabaseFile {
        try DatabaseFile(path: path, migrations: migrations, create: true)
    }
}

/// What a test's own change throws.
struct StorageFailure: Error {}
