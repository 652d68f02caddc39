import Foundation

/// One caption of the office's pages, by the name that it has in a file of captions.
package struct Caption: Sendable, Equatable {
    /// What a caption is.
    package enum Value: Sendable, Equatable {
        /// A word or some sentences.
        case text(String)
        /// Several of them, of any number but none.
        case list([String])
        /// Captions that belong together.
        case group([Caption])
    }

    /// Its name, e.g. `declaration_title`.
    package let key: String
    /// What it says.
    package let value: Value

    /// A caption.
    package init(key: String, value: Value) {
        self.key = key
        self.value = value
    }
}

extension BaseWording {
    /// The English captions, in the order of the pages: what an office's own captions must have, key by key.
    package static var captions: [Caption] { captions(of: english) }

    /// The captions that come with the program in a language, as a file to translate; English where there are none.
    package static func template(language: String) -> String {
        var lines = [
            "# The captions of the packet's pages. Save this as captions.LANGUAGE.yaml beside election.yaml, and translate what is in quotes.",
            "# Keep every key. % stands for the office's name. What does not fit is said at the import."
        ]
        func write(_ captions: [Caption], indent: String) {
            for caption in captions {
                switch caption.value {
                case .text(let text): lines.append("\(indent)\(caption.key): \(quoted(text))")
                case .list(let texts):
                    lines.append("\(indent)\(caption.key):")
                    lines += texts.map { "\(indent)  - \(quoted($0))" }
                case .group(let group):
                    lines.append("\(indent)\(caption.key):")
                    write(group, indent: indent + "  ")
                }
            }
        }
        write(captions(of: of(language: language).words), indent: "")
        return lines.joined(separator: "\n") + "\n"
    }

    /// A wording of an office's captions, which have the keys of ``captions``.
    ///
    /// Throws `invalidInput` where a key is missing.
    package init(captions: [Caption]) throws {
        func object(_ captions: [Caption]) -> [String: Any] {
            var named: [String: Any] = [:]
            for caption in captions {
                switch caption.value {
                case .text(let text): named[Self.property(of: caption.key)] = text
                case .list(let texts): named[Self.property(of: caption.key)] = texts
                case .group(let group): named[Self.property(of: caption.key)] = object(group)
                }
            }
            return named
        }
        do {
            self = try JSONDecoder().decode(BaseWording.self, from: JSONSerialization.data(withJSONObject: object(captions)))
        } catch { throw PacketError(.invalidInput, "these are not the captions of a packet", cause: "\(error)") }
    }

    private static func captions(of value: Any) -> [Caption] {
        Mirror(reflecting: value).children.compactMap { child in
            guard let label = child.label else { return nil }
            let value: Caption.Value =
                switch child.value {
                case let text as String: .text(text)
                case let texts as [String]: .list(texts)
                default: .group(captions(of: child.value))
                }
            return Caption(key: key(of: label), value: value)
        }
    }

    /// `signWitness` is `sign_witness` in a file.
    private static func key(of property: String) -> String {
        property.map { $0.isUppercase ? "_" + $0.lowercased() : String($0) }.joined()
    }

    private static func property(of key: String) -> String {
        let words = key.split(separator: "_")
        return words.prefix(1).joined() + words.dropFirst().map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
    }

    private static func quoted(_ text: String) -> String {
        "\"" + text.replacingOccurrences(of: "\\", with: "\\\\").replacingOccurrences(of: "\"", with: "\\\"") + "\""
    }
}
