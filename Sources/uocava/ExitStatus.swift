import Elections
import Foundation
import Keys
import Mail
import Office
import Packet
import Storage

/// How a command ends, as scripts see it; the numbers are those of BSD's sysexits.h, and stay.
///
/// Thrown, it ends a command that has said everything already.
enum ExitStatus: Int32, Error, CaseIterable {
    case done = 0
    /// The check ran and found something wrong.
    case found = 1
    /// The command was not understood.
    case usage = 64
    case badInput = 65
    case notFound = 66
    case unavailable = 69
    /// A mistake of ours.
    case bug = 70
    case cannotWrite = 73
    case tryAgain = 75
    case notAllowed = 77
}

// The one table from every module's errors to statuses.

extension ExitStatus {
    /// What the office says.
    init(_ code: OfficeError.Code) {
        switch code {
        case .usage: self = .usage
        case .badInput: self = .badInput
        case .notFound: self = .notFound
        case .unavailable: self = .unavailable
        case .cannotWrite: self = .cannotWrite
        case .tryAgain: self = .tryAgain
        case .notAllowed: self = .notAllowed
        case .broken: self = .bug
        }
    }

    /// What the databases say.
    init(_ code: StorageError.Code) {
        switch code {
        case .cannotOpen: self = .notFound
        case .cannotWrite: self = .cannotWrite
        case .busy: self = .tryAgain
        case .damaged: self = .badInput
        case .newer: self = .unavailable
        case .constraint, .result: self = .bug
        }
    }

    /// What the key cabinet says. A key that is there and must not be used is not allowed; one that cannot be understood is bad input.
    init(_ code: KeysError.Code) {
        switch code {
        case .badKey, .badCertificate, .notAuthentic: self = .badInput
        case .permissions, .wrongPassphrase, .expired, .mismatch, .sampleInRealOffice: self = .notAllowed
        case .missing, .cannotRead: self = .notFound
        case .alreadyThere, .cannotWrite: self = .cannotWrite
        case .crypto: self = .bug
        }
    }

    /// What reading a ballot or making a packet says.
    init(_ code: PacketError.Code) {
        switch code {
        case .notPDF, .encrypted, .damaged, .activeContent, .embeddedFile, .dynamicForm, .externalReference, .tooLarge, .pageCount,
            .pageSize, .pictureChanged, .malformedPacket, .layout:
            self = .badInput
        // The child does nothing but read the file that it was given: whatever it died of was in there.
        case .childCrashed, .childTimedOut, .childOutOfMemory: self = .badInput
        case .childUnavailable, .font: self = .unavailable
        case .barcode, .signatureTooLarge, .archive, .library, .invalidInput: self = .bug
        }
    }

    /// What the mail says: nearly all of it stands in the settings.
    init(_ code: MailError.Code) {
        switch code {
        case .badAddress, .badURL, .badLogin, .badTimeout: self = .badInput
        case .insecure: self = .notAllowed
        case .curl: self = .bug
        }
    }
}

/// A failure as the person at the terminal sees it: what is wrong, what to do, and a status for scripts.
struct Failure {
    let status: ExitStatus
    /// What is wrong, whole sentences.
    let message: String
    /// What to do; may be empty.
    let hint: String
    /// The single problems of a file.
    let problems: [Problem]

    private init(_ status: ExitStatus, _ message: String, hint: String = "", problems: [Problem] = []) {
        self.status = status
        self.message = Failure.sentence(message)
        self.hint = Failure.endsInCommand(hint) ? hint : Failure.sentence(hint)
        self.problems = problems
    }

    /// Translates any module's error. What nobody foresaw is a bug of ours: its text is not shown, for it may hold personal data.
    init(_ error: any Error) {
        switch error {
        case let error as OfficeError: self.init(ExitStatus(error.code), error.message, hint: error.hint, problems: error.problems)
        case let error as StorageError: self.init(ExitStatus(error.code), error.message, hint: error.hint)
        case let error as KeysError:
            let cause = error.cause.map { " (\($0))" } ?? ""
            self.init(ExitStatus(error.code), error.message + cause, hint: error.hint ?? "")
        case let error as PacketError:
            var place = [error.file, error.object].compactMap(\.self).joined(separator: ", ")
            if !place.isEmpty { place += ": " }
            let cause = error.cause.map { $0.isEmpty ? "" : " (\($0))" } ?? ""
            self.init(ExitStatus(error.code), place + error.message + cause, hint: error.hint)
        case let error as MailError: self.init(ExitStatus(error.code), error.message, hint: error.hint)
        case let error as Problems: self.init(error)
        case let error as Problem: self.init(Problems(error))
        default:
            self.init(
                .bug, "Something went wrong that nobody foresaw (\(type(of: error))).",
                hint: "This is a mistake in uocava, not yours. Nothing is half-written; report this line and the command that brought it.")
        }
    }

    private init(_ problems: Problems) {
        if problems.all.count == 1, let only = problems.all.first {
            self.init(
                .badInput, Problem(file: only.file, line: only.line, column: only.column, what: only.what).description, hint: only.hint)
        } else {
            self.init(.badInput, "\(problems.all.count) problems", problems: problems.all)
        }
    }

    /// Writes it to stderr.
    func show(problemLimit: Int) {
        var lines = ["uocava: \(Printable.escape(message))"]
        lines += Failure.listed(problems, limit: problemLimit)
        if !hint.isEmpty { lines.append(Printable.escape(hint)) }
        Output.note(lines)
    }

    /// Problems, one a line, cut to what a person can read: a column that is wrong as a whole stands for its rows.
    static func listed(_ problems: [Problem], limit: Int) -> [String] {
        guard limit < problems.count else { return listed(problems.map(\.description), limit: limit) }
        let columns = Set(problems.filter { $0.line == 1 }.compactMap(\.column))
        let kept = problems.filter { problem in problem.line == 1 || problem.column.map { !columns.contains($0) } ?? true }.prefix(limit)
        return kept.map { "  \($0)" } + ["  … and \(problems.count - kept.count) more; --all-problems shows them all."]
    }

    /// The same of any sentences.
    static func listed(_ sentences: [String], limit: Int) -> [String] {
        var lines = sentences.prefix(limit).map { "  \(Printable.escape($0))" }
        if sentences.count > limit { lines.append("  … and \(sentences.count - limit) more; --all-problems shows them all.") }
        return lines
    }

    /// A command that is there to be copied has no full stop.
    private static func endsInCommand(_ text: String) -> Bool {
        guard let end = text.range(of: ": ", options: .backwards)?.upperBound else { return false }
        return ["uocava ", "chmod ", "chown ", "--"].contains { text[end...].hasPrefix($0) }
    }

    /// Modules differ in whether they end a message with a full stop.
    private static func sentence(_ text: String) -> String {
        guard let last = text.last, last.isLetter || last.isNumber || ")\"'".contains(last) else { return text }
        return text + "."
    }
}
