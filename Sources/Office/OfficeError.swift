package import Elections

/// What the office may tell a person: what is wrong, where, and what to do. Anything else that fails is a bug, and keeps its detail in the log.
package struct OfficeError: Error, Sendable, CustomStringConvertible {
    /// What kind of failure it is; one table each maps these to exit codes (`uocava`) and to HTTP statuses (`Web`).
    package enum Code: String, Sendable {
        /// The words of a command or a request are off.
        case usage
        /// A file or a value that was given is wrong.
        case badInput
        /// There is no such voter, election, code, file or office.
        case notFound
        /// A service that is needed does not answer.
        case unavailable
        /// A folder, file or disk cannot be written.
        case cannotWrite
        /// Somebody else is busy with it, or it may succeed later.
        case tryAgain
        /// A permission, a key or a rule forbids it.
        case notAllowed
        /// The books contradict each other: nothing that a person typed.
        case broken
    }

    /// What kind of failure it is.
    package let code: Code
    /// What is wrong, in whole sentences; nothing personal that the caller did not type.
    package let message: String
    /// What to do about it; empty where nothing can be said.
    package let hint: String
    /// Every single problem, where there are several (a roll, an election folder).
    package let problems: [Problem]

    /// A failure of this kind, in these words.
    package init(_ code: Code, _ message: String, hint: String = "", problems: [Problem] = []) {
        self.code = code
        self.message = message
        self.hint = hint
        self.problems = problems
    }

    /// Bad input with its list of problems.
    ///
    /// - Parameter outcome: what follows from it.
    package init(_ problems: Problems, in subject: String, outcome: String = "Nothing was changed.") {
        self.init(.badInput, "\(subject): \(counted(problems.all.count, "problem")). \(outcome)", problems: problems.all)
    }

    package var description: String {
        var lines = [hint.isEmpty ? message : "\(message) \(hint)"]
        lines += problems.map { "  \($0)" }
        return lines.joined(separator: "\n")
    }
}
