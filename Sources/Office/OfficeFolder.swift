import Elections
package import Foundation
package import Keys
package import Storage

/// An office on disk: `uocava.yaml`, the key cabinet and the two databases. Opening it opens nothing yet: each role asks for what it may have.
package struct OfficeFolder: Sendable {
    /// The folder.
    package let url: URL
    /// What its `uocava.yaml` says.
    package let configuration: Configuration

    /// Reads the folder's configuration.
    ///
    /// - Throws: ``OfficeError`` `notFound` or `badInput`.
    package init(_ url: URL) throws {
        self.url = url
        configuration = try Configuration.read(in: url)
    }

    /// A path of the configuration, relative to the folder unless it is absolute.
    package func path(_ configured: String) -> URL {
        configured.hasPrefix("/") ? URL(fileURLWithPath: configured) : url.appendingPathComponent(configured)
    }

    /// The key cabinet. Its keys are read when they are first asked for.
    ///
    /// - Throws: `KeysError` where the folder's permissions are too wide.
    package func cabinet(passphrase: @escaping @Sendable () throws -> Secret?) throws -> KeyCabinet {
        try KeyCabinet(at: path(configuration.keys), passphrase: passphrase)
    }

    /// The counter's database alone: all that the public process opens.
    package func openCounterDatabase() throws -> DatabaseFile {
        try DatabaseFile(path: path(configuration.counterDatabase).path, migrations: Schema.counter, isShared: true)
    }

    /// The office's books alone, for whoever looks something up that takes no key.
    package func openBooks() throws -> DatabaseFile {
        try DatabaseFile(path: path(configuration.officeDatabase).path, migrations: Schema.office)
    }

    /// Makes an office: configuration, keys, databases. Works in an empty existing folder; touches nothing in any other.
    ///
    /// - Parameters:
    ///   - url: the folder; made if it is missing.
    ///   - test: whether it is a test office, for ever.
    ///   - name: the office's name, for its certificates.
    ///   - text: the contents of `uocava.yaml`.
    ///   - passphrase: protects the keys; nil leaves them to the file system's permissions.
    /// - Throws: ``OfficeError`` `cannotWrite`; `KeysError`.
    package static func make(
        at url: URL, test: Bool, name: String, configuration text: String, passphrase: Secret?, clock: WallClock
    ) throws -> OfficeFolder {
        let files = FileManager.default
        if let present = try? files.contentsOfDirectory(atPath: url.path), !present.isEmpty {
            let what = present.contains(Configuration.fileName) ? "already holds an office" : "is not empty"
            throw OfficeError(.cannotWrite, "\(url.path) \(what).", hint: "Name a new folder: uocava init DIR")
        }
        do {
            try files.createDirectory(at: url, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw OfficeError(.cannotWrite, "\(url.path) cannot be made.", hint: "Check that the folder above exists and who may write it.")
        }
        let now = clock.now()
        try KeyCabinet.create(
            at: url.appendingPathComponent("keys"), office: name, sample: test, validFrom: now.seconds, passphrase: passphrase)
        let database = try DatabaseFile(path: url.appendingPathComponent("office.sqlite").path, migrations: Schema.office, create: true)
        try database.write { transaction in
            try transaction.execute(
                "INSERT INTO office (id, test, made_at) VALUES (1, $1, $2)", .flag(test), .integer(now.milliseconds))
            try Journal.append(
                [JournalEntry(.officeMade, facts: ["test": .bool(test)])], at: now, in: transaction)
        }
        try database.close()
        try DatabaseFile(path: url.appendingPathComponent("counter.sqlite").path, migrations: Schema.counter, create: true).close()
        // Last: a folder without this file is no office, so a crash before here leaves nothing that looks like one.
        do {
            try Data(text.utf8).write(to: url.appendingPathComponent(Configuration.fileName), options: .atomic)
        } catch {
            throw OfficeError(.cannotWrite, "\(url.path)/\(Configuration.fileName) cannot be written.", hint: "Is the disk full?")
        }
        return try OfficeFolder(url)
    }
}
