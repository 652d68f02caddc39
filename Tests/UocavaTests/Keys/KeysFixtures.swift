import Foundation
import Keys
import Testing

/// A folder of a test's own, gone with it; cabinets and judges' files lie there.
final class KeysFolder: Sendable {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("keys-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    var cabinet: URL { url.appendingPathComponent("cabinet") }

    func path(_ name: String) -> String { url.appendingPathComponent(name).path }

    func write(_ bytes: [UInt8], _ name: String) throws {
        try Data(bytes).write(to: url.appendingPathComponent(name))
    }

    func read(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: url.appendingPathComponent(name)))
    }

    func mode(_ name: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path(name))[.posixPermissions] as? Int
    }

    func setMode(_ mode: Int, _ name: String) throws {
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path(name))
    }

    /// A cabinet with this content in one of its files, closed as it must be; files that were there stay.
    func cabinet(holding content: [UInt8], in file: String, passphrase: String? = nil) throws -> KeyCabinet {
        if !FileManager.default.fileExists(atPath: cabinet.path) {
            try FileManager.default.createDirectory(
                at: cabinet, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        }
        try write(content, "cabinet/\(file)")
        try setMode(0o600, "cabinet/\(file)")
        return try KeyCabinet(at: cabinet) { passphrase.map { Secret(Array($0.utf8)) } }
    }

    /// Runs the openssl command here, as a clerk would; gives its exit status and everything it said.
    func openssl(_ arguments: String...) throws -> (status: Int32, said: String) {
        try openssl(arguments)
    }

    func openssl(_ arguments: [String]) throws -> (status: Int32, said: String) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
        process.arguments = arguments
        process.currentDirectoryURL = url
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let said = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: said, as: UTF8.self))
    }
}

/// 2027-11-02T12:00:00Z, well within the validity of certificates made for `keysStart`.
let keysNow: Int64 = 1_825_156_800
/// 2026-11-22T10:00:00Z.
let keysStart: Int64 = 1_795_341_600

func keysHex(_ bytes: [UInt8]) -> String {
    bytes.map { String(format: "%02x", $0) }.joined()
}

func keysBytes(_ hex: String) -> [UInt8] {
    let digits = hex.compactMap(\.hexDigitValue)
    return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
}

/// Expects a `KeysError` of that code, and gives it for a look at its words.
@discardableResult
func expectKeysError(
    _ code: KeysError.Code, at location: SourceLocation = #_sourceLocation, _ body: () throws -> Void
) -> KeysError? {
    do {
        try body()
        Issue.record("nothing was thrown, and \(code.rawValue) was expected", sourceLocation: location)
        return nil
    } catch let error as KeysError {
        #expect(error.code == code, "\(error)", sourceLocation: location)
        return error
    } catch {
        Issue.record("another error: \(error)", sourceLocation: location)
        return nil
    }
}
