/// Why a PDF was refused, or why a packet could not be made.
///
/// `code` is for programs, `message` says what is wrong in plain words, `hint` says what the office can do about it.
/// Where it is known, `file` names the file as the office knows it, `object` the place inside it (`"object 12 0"`,
/// `"page 3"`, `"offset 8812"`), and `cause` is the text of the library that found the trouble.
package struct PacketError: Error, Sendable, Codable, Equatable {
    /// What kind of trouble it is; the raw values are stable.
    package enum Code: String, Sendable, Codable, CaseIterable {
        // Vendors' files that are refused.
        /// The file is something else.
        case notPDF = "not-pdf"
        /// The file is encrypted, with or without a password.
        case encrypted
        /// The file is damaged; some damage can be repaired if the office wants it.
        case damaged
        /// The file contains scripts, actions that do something, film, sound or programs.
        case activeContent = "active-content"
        /// Other files are embedded in it.
        case embeddedFile = "embedded-file"
        /// It is an XFA form.
        case dynamicForm = "dynamic-form"
        /// Something in it refers to another file.
        case externalReference = "external-reference"
        /// It, or what a job makes of it, has too many bytes.
        case tooLarge = "too-large"
        /// It has no pages, or more than 64.
        case pageCount = "page-count"
        /// A page is too small, too large, or has no size.
        case pageSize = "page-size"
        /// Two files that must show the same do not.
        case pictureChanged = "picture-changed"

        // The confined child.
        /// The child died of a signal.
        case childCrashed = "child-crashed"
        /// The child ran for too long.
        case childTimedOut = "child-timed-out"
        /// The child wanted more memory than it may have.
        case childOutOfMemory = "child-out-of-memory"
        /// This machine could not start the child, or it is not our program.
        case childUnavailable = "child-unavailable"

        // Writing packets.
        /// A text does not fit where it belongs.
        case layout
        /// A font is missing or cannot be used.
        case font
        /// A barcode cannot be made.
        case barcode
        /// The signature does not fit in the room kept for it.
        case signatureTooLarge = "signature-too-large"
        /// A packet is not in the form that we write.
        case malformedPacket = "malformed-packet"
        /// A ZIP cannot be made.
        case archive

        // Everything else.
        /// A library failed in a way that fits nothing above.
        case library
        /// The caller gave what it should not.
        case invalidInput = "invalid-input"
    }

    /// What kind of trouble it is.
    package var code: Code
    /// What is wrong, one sentence without a full stop at its end.
    package var message: String
    /// What the office can do about it; may be empty.
    package var hint: String
    /// The file's name as the office knows it.
    package var file: String?
    /// Where in the file: an object, a page or an offset.
    package var object: String?
    /// The text of the library or system call underneath.
    package var cause: String?

    /// An error; only its code and message are required.
    package init(
        _ code: Code, _ message: String, hint: String = "", file: String? = nil, object: String? = nil, cause: String? = nil
    ) {
        self.code = code
        self.message = message
        self.hint = hint
        self.file = file
        self.object = object
        self.cause = cause
    }

    /// The same error, said of this file (unless it already names one).
    package func about(file name: String) -> PacketError {
        var named = self
        named.file = file ?? name
        return named
    }
}

extension PacketError: CustomStringConvertible {
    /// `file, object: message (cause). hint`, leaving out what is not known.
    package var description: String {
        var text = [file, object].compactMap(\.self).joined(separator: ", ")
        if !text.isEmpty { text += ": " }
        text += message
        if let cause, !cause.isEmpty { text += " (\(cause))" }
        if !hint.isEmpty { text += ". \(hint)" }
        return text
    }
}
