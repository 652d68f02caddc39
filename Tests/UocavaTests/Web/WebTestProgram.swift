import Foundation
import Office
import Testing

/// Another program, run to its end. Blocking.
enum WebTestProgram {
    static func run(_ program: String, _ arguments: [String]) throws -> (status: Int32, text: String) {
        let process = Process()
        let pipe = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [program] + arguments
        process.standardOutput = pipe
        process.standardError = FileHandle.nullDevice
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: output, as: UTF8.self))
    }
}

/// A certificate that vouches for itself, and its key, in a folder of their own.
struct WebTestCertificate: Sendable {
    private let folder: URL
    var certificate: String { path("public.crt") }
    var key: String { path("public.pem") }

    init(_ name: String) throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("uocava-web-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let made = try WebTestProgram.run(
            "openssl",
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", certificate,
                "-days", "30", "-subj", "/CN=\(name)"
            ])
        try #require(made.status == 0)
    }

    func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

    func remove() { try? FileManager.default.removeItem(at: folder) }

    /// Puts one of the two files in another's place at one blow, as a renewal does.
    func copy(_ file: KeyPath<WebTestCertificate, String>, over other: String) throws {
        let new = other + ".new"
        try FileManager.default.copyItem(atPath: self[keyPath: file], toPath: new)
        guard rename(new, other) == 0 else { throw CocoaError(.fileWriteUnknown) }
    }

    /// Has the site speak TLS with it.
    func configure(_ configuration: inout Configuration) {
        configuration.publicSite.url = "https://localhost"
        configuration.publicSite.tls = (certificate, key)
    }
}
