import Foundation
import Glibc

/// The files of a key cabinet: read only where nobody else could have read or changed them, written once and for good.
struct CabinetFiles: Sendable {
    let folder: String

    func path(_ name: String) -> String { "\(folder)/\(name)" }

    /// Throws `missing` or `permissions` unless the folder is ours alone.
    func checkFolder() throws {
        var status = stat()
        guard unsafe lstat(folder, &status) == 0 else {
            throw KeysError(
                .missing, "there is no key cabinet at \(folder)",
                hint: "Make one with `uocava init`, or correct `keys:` in the configuration",
                cause: SystemFailure.last())
        }
        guard status.st_mode & S_IFMT == S_IFDIR else { throw KeysError(.permissions, "\(folder) is not a folder") }
        try checkOwner(status, folder)
        guard status.st_mode & 0o077 == 0 else {
            throw KeysError(
                .permissions, "the key cabinet \(folder) is open to others than its owner (mode \(octal(status.st_mode)))",
                hint: "Close it with: chmod 0700 '\(folder)'")
        }
    }

    /// Makes the folder, mode 0700, if it is not there yet. Its parent must be.
    func makeFolder() throws {
        guard unsafe mkdir(folder, 0o700) == 0 || errno == EEXIST else {
            throw KeysError(.cannotWrite, "the key cabinet \(folder) could not be made", cause: SystemFailure.last())
        }
    }

    /// Whether there is anything of that name.
    func exists(_ name: String) -> Bool {
        var status = stat()
        return unsafe lstat(path(name), &status) == 0
    }

    /// Throws `permissions` if a file is there and others could read it (a key) or change it (a certificate).
    func check(_ name: String, isKey: Bool) throws {
        var status = stat()
        guard unsafe stat(path(name), &status) == 0 else { return }
        try check(status, path(name), isKey: isKey)
    }

    /// A file's content, at most 64 KB; its mode is checked on the very file that is read. Throws `missing`, `permissions`, `cannotRead`.
    func read(_ name: String, isKey: Bool) throws -> [UInt8] {
        let path = path(name)
        let file = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else {
            let cause = SystemFailure.last()
            if cause.number == ENOENT {
                throw KeysError(.missing, "\(path) is missing", hint: "Put it back from the copy of the key cabinet", cause: cause)
            }
            throw KeysError(
                .cannotRead, "\(path) cannot be read",
                hint: "Check whose it is and who may read it; a key's owner may with: chmod 0600 '\(path)'", cause: cause)
        }
        defer { close(file) }
        var status = stat()
        guard unsafe fstat(file, &status) == 0 else { throw KeysError(.cannotRead, "\(path) cannot be read", cause: SystemFailure.last()) }
        try check(status, path, isKey: isKey)
        var content = [UInt8](repeating: 0, count: 65536)
        var filled = 0
        while filled < content.count {
            let count = unsafe content.withUnsafeMutableBytes {
                unsafe Glibc.read(file, $0.baseAddress.map { unsafe $0 + filled }, $0.count - filled)
            }
            guard count >= 0 else { throw KeysError(.cannotRead, "\(path) cannot be read", cause: SystemFailure.last()) }
            if count == 0 { break }
            filled += count
        }
        guard filled < content.count else { throw KeysError(.badKey, "\(path) is too long for a key or a certificate") }
        defer { cleanse(&content) }
        return Array(content[..<filled])
    }

    /// Writes a new file and has it on the disk before it returns. Throws `alreadyThere` rather than overwrite, `cannotWrite`.
    func write(_ content: [UInt8], to name: String, mode: mode_t) throws {
        let path = path(name)
        let file = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode)
        guard file >= 0 else {
            let cause = SystemFailure.last()
            if cause.number == EEXIST {
                throw KeysError(
                    .alreadyThere, "\(path) is already there",
                    hint: "Keys are never overwritten: move the old ones away if no ballot needs them")
            }
            throw KeysError(.cannotWrite, "\(path) cannot be written", cause: cause)
        }
        defer { close(file) }
        var done = fchmod(file, mode) == 0  // whatever the umask was
        var written = 0
        while done, written < content.count {
            let count = unsafe content.withUnsafeBytes {
                unsafe Glibc.write(file, $0.baseAddress.map { unsafe $0 + written }, $0.count - written)
            }
            done = count > 0
            written += max(count, 0)
        }
        guard done, fsync(file) == 0 else {
            let cause = SystemFailure.last()
            unsafe unlink(path)
            throw KeysError(.cannotWrite, "\(path) cannot be written", hint: "Is the disk full?", cause: cause)
        }
    }

    /// Puts a new content in a file's place, at once: after a crash the file is the old one or the new one.
    func replace(_ name: String, with content: [UInt8], mode: mode_t) throws {
        let fresh = "\(name).new"
        if exists(fresh) { unsafe unlink(path(fresh)) }  // left by a crash before the rename: nobody used it
        try write(content, to: fresh, mode: mode)
        guard unsafe rename(path(fresh), path(name)) == 0 else {
            throw KeysError(.cannotWrite, "\(path(name)) cannot be replaced", cause: SystemFailure.last())
        }
        try syncFolder()
    }

    func remove(_ name: String) {
        unsafe unlink(path(name))
    }

    /// Has the folder's entries on the disk: without this a file can be complete and its name lost.
    func syncFolder() throws {
        let directory = unsafe open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { throw KeysError(.cannotWrite, "\(folder) cannot be written", cause: SystemFailure.last()) }
        defer { close(directory) }
        guard fsync(directory) == 0 else { throw KeysError(.cannotWrite, "\(folder) cannot be written", cause: SystemFailure.last()) }
    }

    private func check(_ status: stat, _ path: String, isKey: Bool) throws {
        guard status.st_mode & S_IFMT == S_IFREG else { throw KeysError(.permissions, "\(path) is not a plain file") }
        try checkOwner(status, path)
        let forbidden: mode_t = isKey ? 0o077 : 0o022
        guard status.st_mode & forbidden == 0 else {
            let fault = isKey ? "can be read or changed by others than its owner" : "can be changed by others than its owner"
            throw KeysError(
                .permissions, "\(path) \(fault) (mode \(octal(status.st_mode)))",
                hint: "Close it with: chmod \(isKey ? "0600" : "0644") '\(path)', and think about who may have copied it")
        }
    }

    private func checkOwner(_ status: stat, _ path: String) throws {
        guard status.st_uid == geteuid() else {
            throw KeysError(
                .permissions, "\(path) belongs to user \(status.st_uid), and this program runs as user \(geteuid())",
                hint: "Run it as that user, or change the owner with: chown -R \(geteuid()) '\(folder)'")
        }
    }

    private func octal(_ mode: mode_t) -> String {
        "0" + String(mode & 0o7777, radix: 8)
    }
}

/// What the operating system said, as the cause of a `KeysError`.
struct SystemFailure: Error, CustomStringConvertible {
    let number: Int32

    static func last() -> SystemFailure { SystemFailure(number: errno) }

    var description: String { unsafe String(cString: strerror(number)) }
}
