/// Why a message or a connection could not be made.
///
/// Thrown for what a person can put right in a configuration or in a list of voters. What a relay answers is never an error but an
/// ``SMTPOutcome``. No text in it repeats an address, a name or a password.
package struct MailError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What kind of trouble it is; the raw values are stable.
    package enum Code: String, Sendable, CaseIterable {
        /// The e-mail address, or the name beside it, cannot stand in a letter.
        case badAddress = "bad-address"
        /// The relay's URL is not one of ours.
        case badURL = "bad-url"
        /// TLS is switched off for a relay that is not on this machine, or the URL says something else than the setting.
        case insecure
        /// The user and the password do not go together, or cannot be sent.
        case badLogin = "bad-login"
        /// A number of seconds that makes no sense.
        case badTimeout = "bad-timeout"
        /// libcurl refused an option or could not start.
        case curl
    }

    /// The kind; compare errors by this.
    package let code: Code
    /// What is wrong, in one sentence.
    package let message: String
    /// What to do about it; empty where nothing can be said.
    package let hint: String

    /// An error of a kind, with a sentence and a hint.
    package init(_ code: Code, _ message: String, hint: String = "") {
        self.code = code
        self.message = message
        self.hint = hint
    }

    /// The sentence and the hint on one line.
    package var description: String { hint.isEmpty ? message : "\(message) \(hint)" }
}
