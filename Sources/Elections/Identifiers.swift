/// The id of an election, e.g. `2028-general`: letters, digits, `_` and `-`, unique within its jurisdiction.
package struct ElectionID: Hashable, Sendable, Codable, CustomStringConvertible {
    /// The id as the office writes it.
    package let text: String

    /// Takes the text as it is; whoever reads a file checks it with `isPlainIdentifier` first.
    package init(_ text: String) { self.text = text }

    /// Decodes a plain string.
    package init(from decoder: any Decoder) throws { self.init(try decoder.singleValueContainer().decode(String.self)) }
    /// Encodes as a plain string.
    package func encode(to encoder: any Encoder) throws { try encodeText(text, to: encoder) }
    /// The same as `text`.
    package var description: String { text }
}

/// The office's own number for a voter, unique within its jurisdiction; it may hold any printable characters.
package struct VoterID: Hashable, Sendable, Codable, CustomStringConvertible {
    /// The number as the roll writes it, without spaces around it.
    package let text: String

    /// Takes the text as it is.
    package init(_ text: String) { self.text = text }

    /// Decodes a plain string.
    package init(from decoder: any Decoder) throws { self.init(try decoder.singleValueContainer().decode(String.self)) }
    /// Encodes as a plain string.
    package func encode(to encoder: any Encoder) throws { try encodeText(text, to: encoder) }
    /// The same as `text`.
    package var description: String { text }
}

/// The id of a ballot style, e.g. `P11-SMD-05-ANC-3B`: letters, digits, `_` and `-`, unique within its election.
package struct StyleID: Hashable, Sendable, Codable, CustomStringConvertible {
    /// The id as `styles.csv` writes it.
    package let text: String

    /// Takes the text as it is; whoever reads a file checks it with `isPlainIdentifier` first.
    package init(_ text: String) { self.text = text }

    /// Decodes a plain string.
    package init(from decoder: any Decoder) throws { self.init(try decoder.singleValueContainer().decode(String.self)) }
    /// Encodes as a plain string.
    package func encode(to encoder: any Encoder) throws { try encodeText(text, to: encoder) }
    /// The same as `text`.
    package var description: String { text }
}

/// The id of a jurisdiction as `election.yaml` gives it: a FIPS code, an OCD id or the office's own.
package struct JurisdictionID: Hashable, Sendable, Codable, CustomStringConvertible {
    /// The id as the office writes it.
    package let text: String

    /// Takes the text as it is.
    package init(_ text: String) { self.text = text }

    /// Decodes a plain string.
    package init(from decoder: any Decoder) throws { self.init(try decoder.singleValueContainer().decode(String.self)) }
    /// Encodes as a plain string.
    package func encode(to encoder: any Encoder) throws { try encodeText(text, to: encoder) }
    /// The same as `text`.
    package var description: String { text }
}

private func encodeText(_ text: String, to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(text)
}

extension String {
    /// Whether this may be an election's or a style's id and part of a file's name: 1 to 64 of `[A-Za-z0-9_-]`.
    package var isPlainIdentifier: Bool {
        let bytes = utf8
        return !bytes.isEmpty && bytes.count <= 64 && bytes.allSatisfy(\.isPlainIdentifierByte)
    }
}

extension UInt8 {
    /// Whether this is one of `[A-Za-z0-9]`.
    var isASCIILetterOrDigit: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: false
        }
    }

    /// Whether this is one of `[0-9]`.
    var isASCIIDigit: Bool { self >= UInt8(ascii: "0") && self <= UInt8(ascii: "9") }

    /// Whether this is one of `[A-Za-z0-9_-]`.
    var isPlainIdentifierByte: Bool { isASCIILetterOrDigit || self == UInt8(ascii: "_") || self == UInt8(ascii: "-") }
}
