import Foundation
import Synchronization

/// Where an import lays the bases that it made until all of them are made: thousands of megabytes for a large county, and nothing may be kept
/// before everything is checked.
///
/// A file without a name in the office's folder: whatever happens to the import, nothing of it stays.
final class BaseSpool: Sendable {
    private let file: Mutex<(handle: FileHandle, length: Int)>
    private let place: String

    /// - Throws: ``OfficeError`` `cannotWrite`.
    init(in folder: URL) throws {
        place = folder.path
        var template = Array(folder.appendingPathComponent(".import-XXXXXX").path.utf8CString)
        let descriptor = mkstemp(&template)
        guard descriptor >= 0 else { throw Self.trouble(place) }
        unlink(template)
        file = Mutex((FileHandle(fileDescriptor: descriptor, closeOnDealloc: true), 0))
    }

    /// Lays bytes down; from any thread.
    func append(_ bytes: [UInt8]) throws -> Range<Int> {
        try file.withLock { file in
            let range = file.length..<file.length + bytes.count
            do {
                try file.handle.seek(toOffset: UInt64(range.lowerBound))
                try file.handle.write(contentsOf: Data(bytes))
            } catch { throw Self.trouble(place) }
            file.length = range.upperBound
            return range
        }
    }

    /// Takes them up again.
    func bytes(_ range: Range<Int>) throws -> [UInt8] {
        try file.withLock { file in
            try file.handle.seek(toOffset: UInt64(range.lowerBound))
            let data = try file.handle.read(upToCount: range.count) ?? Data()
            guard data.count == range.count else { throw Self.trouble(place) }
            return [UInt8](data)
        }
    }

    private static func trouble(_ place: String) -> OfficeError {
        OfficeError(
            .cannotWrite, "What an import makes cannot be laid down in \(place) until all of it is checked.",
            hint: "Is the disk full? Who may write the folder? Nothing was changed.")
    }
}
