import Foundation

/// The `uocava` program that was built together with these tests, for what must run in a process of its own.
enum TestProgram {
    /// Its path: `UOCAVA_PROGRAM` if set, else beside the test bundle, else in the checkout's build folder. Nil where it is not built.
    static let path: String? = {
        if let named = ProcessInfo.processInfo.environment["UOCAVA_PROGRAM"] { return isProgram(named) ? named : nil }
        var folders: [URL] = []
        // `swift test` starts a helper and names the bundle in its arguments: <build>/release/…PackageTests.xctest
        for argument in CommandLine.arguments where argument.contains(".xctest") {
            var bundle = URL(fileURLWithPath: argument)
            while bundle.pathExtension != "xctest", bundle.pathComponents.count > 1 { bundle.deleteLastPathComponent() }
            folders.append(bundle.deletingLastPathComponent())
        }
        if let first = CommandLine.arguments.first { folders.append(URL(fileURLWithPath: first).deletingLastPathComponent()) }
        let checkout = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        folders += ["release", "debug"].map { checkout.appendingPathComponent(".build/\($0)") }
        return folders.map { $0.appendingPathComponent("uocava").path }.first(where: isProgram)
    }()

    /// Whether it is there: tests that need it are skipped, and say so, where it is not.
    static var present: Bool { path != nil }

    private static func isProgram(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && !isFolder.boolValue
            && FileManager.default.isExecutableFile(atPath: path)
    }
}
