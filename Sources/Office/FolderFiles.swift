import Elections
import Foundation

/// Files of a folder that somebody else filled: only regular files that lie in it are read, never through a link.
///
/// A vendor's `declaration.en.md` that is a link to the office's signing key would put the key into every packet.
struct FolderFiles {
    /// The largest text that is read; a declaration is a page.
    static let largestText = 1 << 20
    /// The largest table that is read: some 100,000 lines of `styles.csv`.
    static let largestTable = 16 << 20

    /// The folder. It may itself be reached through links: it is the one that the office's own staff named.
    let url: URL

    /// A file's content; nil where there is none of the name. Throws the problem where it is a link, lies behind one, is no file, is larger
    /// than `limit` bytes, or cannot be read.
    func read(_ name: String, atMost limit: Int) throws(Problem) -> [UInt8]? {
        guard let file = try opened(name, atMost: limit) else { return nil }
        defer { close(file) }
        var content: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = Glibc.read(file, &piece, piece.count)
            guard count >= 0 else { throw unreadable(name) }
            if count == 0 { return content }
            content += piece[..<count]
            // It may have grown since its size was asked for.
            guard content.count <= limit else { throw tooLarge(name, limit) }
        }
    }

    /// Whether there is a file that ``read(_:atMost:)`` would take. Throws as that does.
    func holds(_ name: String, atMost limit: Int) throws(Problem) -> Bool {
        guard let file = try opened(name, atMost: limit) else { return false }
        close(file)
        return true
    }

    /// The names of everything in a folder of the folder, hidden files too; none where it is not there. Throws the problem where it is a link,
    /// is no folder, or cannot be read.
    func names(in folder: String) throws(Problem) -> [String] {
        guard let opened = try opened(folder, atMost: nil) else { return [] }
        defer { close(opened) }
        // By the open folder, not by its name, which may mean something else by now.
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd/\(opened)") else { throw unreadable(folder) }
        return names.sorted()
    }

    /// The names of everything in the folder itself.
    func names() throws(Problem) -> [String] {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: url.path) else { throw unreadable(url.lastPathComponent) }
        return names.sorted()
    }

    /// Whether there is a folder of the name. Throws the problem where it is a link or no folder.
    func holds(folder: String) throws(Problem) -> Bool {
        guard let opened = try opened(folder, atMost: nil) else { return false }
        close(opened)
        return true
    }

    /// Moves a file from one folder of the folder into another, which is made where it is not there, and overwrites nothing. By the open
    /// folders, not by their names, which may mean something else by now.
    ///
    /// - Parameter names: what it may be called there; the first that is free.
    func move(_ name: String, from: String, to: String, as names: some Sequence<String>) throws(Problem) {
        guard let source = try opened(from, atMost: nil) else { throw unreadable(from) }
        defer { close(source) }
        _ = mkdir(url.appendingPathComponent(to).path, 0o700)
        guard let target = try opened(to, atMost: nil) else { throw unwritable(to) }
        defer { close(target) }
        let free = names.first { faccessat(target, $0, F_OK, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT }
        guard let free, renameat(source, name, target, free) == 0 else { throw unwritable(to) }
    }

    /// The open file, or without a limit the open folder, which the caller closes. Every folder on the way is opened from the one above it, so
    /// that nothing can be put in between.
    private func opened(_ name: String, atMost limit: Int?) throws(Problem) -> Int32? {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.allSatisfy({ !["", ".", ".."].contains($0) && !$0.utf8.contains(0) }) else {
            throw Problem(file: name, what: "this is outside the folder", hint: "Put the file into the folder.")
        }
        var current = open(url.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard current >= 0 else { throw unreadable(name) }
        for (index, part) in parts.enumerated() {
            // A pipe is opened without waiting for somebody to write into it, and then refused.
            let next = openat(current, part, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
            let cause = errno
            close(current)
            let isFile = limit != nil && index == parts.count - 1
            let (kind, path) = (isFile ? "file" : "folder", parts[...index].joined(separator: "/"))
            guard next >= 0 else {
                switch cause {
                case ENOENT: return nil
                case ELOOP: throw Problem(file: path, what: "this is a link", hint: "Put the \(kind) itself into the folder.")
                case ENXIO: throw Problem(file: path, what: "this is no \(kind)", hint: "Put the \(kind) itself into the folder.")
                default: throw unreadable(path)
                }
            }
            current = next
            var status = stat()
            guard fstat(current, &status) == 0, status.st_mode & S_IFMT == (isFile ? S_IFREG : S_IFDIR) else {
                close(current)
                throw Problem(file: path, what: "this is no \(kind)", hint: "Put the \(kind) itself into the folder.")
            }
            if isFile, let limit, Int(status.st_size) > limit {
                close(current)
                throw tooLarge(path, limit)
            }
        }
        return current
    }

    private func unreadable(_ name: String) -> Problem {
        Problem(file: name, what: "this cannot be read", hint: "Check who may read it.")
    }

    private func unwritable(_ name: String) -> Problem {
        Problem(file: name, what: "this cannot be written", hint: "Let this user write it.")
    }

    private func tooLarge(_ name: String, _ limit: Int) -> Problem {
        Problem(file: name, what: "this is larger than \(limit >> 20) MB", hint: "Is it the right file?")
    }
}
