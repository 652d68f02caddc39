import Foundation
import Keys

/// The terminal, where there is one.
enum Terminal {
    /// What a terminal has that does not say.
    static let standardWidth = 80

    /// Whether a person sits behind the descriptor.
    static func isTerminal(_ descriptor: Int32) -> Bool { isatty(descriptor) == 1 }

    /// Whether lines can be written over on stderr.
    static var canRedraw: Bool {
        isTerminal(STDERR_FILENO) && !["", "dumb"].contains(ProcessInfo.processInfo.environment["TERM"] ?? "")
    }

    /// The terminal's columns, between 40 and 200.
    static func width(_ descriptor: Int32) -> Int {
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return standardWidth }
        return min(max(Int(size.ws_col), 40), 200)
    }

    /// Asks for a passphrase without showing it. Nil where nobody can be asked; an empty answer counts as none.
    static func askPassphrase(_ prompt: String) -> Secret? {
        guard isTerminal(STDIN_FILENO), isTerminal(STDERR_FILENO) else { return nil }
        var before = termios()
        guard tcgetattr(STDIN_FILENO, &before) == 0 else { return nil }
        var silent = before
        // With signals off and Ctrl-C as one more end of line, an interrupted question does not leave a terminal that shows nothing.
        silent.c_lflag &= ~tcflag_t(ECHO | ISIG)
        withUnsafeMutableBytes(of: &silent.c_cc) { $0[Int(VEOL)] = 3 }
        guard tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent) == 0 else { return nil }
        defer { tcsetattr(STDIN_FILENO, TCSAFLUSH, &before) }
        Output.raw(prompt)
        var line = [UInt8](repeating: 0, count: 1024)
        defer { for index in line.indices { line[index] = 0 } }
        let count = read(STDIN_FILENO, &line, line.count)
        Output.raw("\n")
        guard count > 0 else { return nil }
        if line[..<count].contains(3) {
            tcsetattr(STDIN_FILENO, TCSAFLUSH, &before)
            exit(130)
        }
        let typed = line[..<count].prefix { $0 != 0x0A && $0 != 0x0D }
        return typed.isEmpty ? nil : Secret(Array(typed))
    }
}
