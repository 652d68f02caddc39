import Foundation
import Office

/// Whoever works at the command line, as the journal names them: `unix:` and the account of the system.
enum TerminalActor {
    /// Does something in that name.
    static func doing<Result>(_ body: () throws -> Result) rethrows -> Result { try Actor("unix:\(NSUserName())").doing(body) }
}
