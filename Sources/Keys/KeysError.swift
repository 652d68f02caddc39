import COpenSSL

/// What went wrong with a key, a certificate or a signature.
///
/// Callers decide by `code`; `message` says what was found and where, `hint` what an operator can do about it, `cause` what lay
/// below (mostly OpenSSL's own words). No text ever holds key material, a passphrase or a token.
package struct KeysError: Error, Sendable, CustomStringConvertible {
    /// The kinds of failure, stable: exit codes and tests go by them.
    package enum Code: String, Sendable, CaseIterable {
        /// A key file that cannot be read as a key, or a key of the wrong kind.
        case badKey
        /// A certificate that cannot be read, or that may not be used for this.
        case badCertificate
        /// A file or folder that others than its owner could read or change.
        case permissions
        /// The passphrase is wrong, or one is needed and none was given.
        case wrongPassphrase
        /// Sealed bytes or a signature that are not what this office made, in this place, unchanged.
        case notAuthentic
        /// A certificate used before or after its validity.
        case expired
        /// Two things that do not belong together: key and certificate, signature and document, certificate and authority.
        case mismatch
        /// A SAMPLE key in an office that is not a test.
        case sampleInRealOffice
        /// A file or a key id that is not there.
        case missing
        /// A file that is already there and would have been overwritten.
        case alreadyThere
        /// The disk would not take a file.
        case cannotWrite
        /// The disk would not give a file.
        case cannotRead
        /// OpenSSL refused for a reason of its own.
        case crypto
    }

    /// What callers decide by.
    package let code: Code
    /// What was found and where, as the beginning of a sentence without its full stop.
    package let message: String
    /// What an operator can do about it.
    package let hint: String?
    /// What lay below, mostly OpenSSL's or the system's own words.
    package let cause: (any Error)?

    /// An error of this kind, in words for an operator.
    package init(_ code: Code, _ message: String, hint: String? = nil, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
        self.cause = cause
    }

    /// All of it in one line, for a log or a terminal.
    package var description: String {
        var text = message
        if let cause { text += " (\(cause))" }
        if let hint { text += ". \(hint)" }
        return text
    }
}

/// The oldest entry of OpenSSL's error queue of this thread, as the cause of a `KeysError`.
struct OpenSSLFailure: Error, CustomStringConvertible {
    let description: String

    /// Takes the queue, leaving it empty: an entry left behind would be blamed on the next, unrelated call.
    static func take() -> OpenSSLFailure {
        let code = ERR_get_error()
        ERR_clear_error()
        guard code != 0 else { return OpenSSLFailure(description: "no detail from OpenSSL") }
        var text = [CChar](repeating: 0, count: 256)
        unsafe ERR_error_string_n(code, &text, text.count)
        let bytes = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        return OpenSSLFailure(description: String(decoding: bytes, as: UTF8.self))
    }
}
