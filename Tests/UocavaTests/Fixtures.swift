import Foundation

/// The real data that lies beside a checkout in `../shared/fixtures`: read by tests, never part of the repository.
enum Fixtures {
    /// The folder, from the place of this file: `<checkout>/Tests/UocavaTests/Fixtures.swift`; `UOCAVA_FIXTURES` overrides it.
    static let root: URL = {
        if let path = ProcessInfo.processInfo.environment["UOCAVA_FIXTURES"] { return URL(fileURLWithPath: path) }
        let checkout = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        return checkout.deletingLastPathComponent().appendingPathComponent("shared/fixtures")
    }()

    /// Whether the data is there: tests that need it are skipped, and say so, where it is not.
    static let present = FileManager.default.fileExists(atPath: root.appendingPathComponent("README.md").path)

    /// A file or folder of the fixtures, e.g. `folder("offices/dc-2010")`.
    static func folder(_ path: String) -> URL { root.appendingPathComponent(path) }
}
