/// The mails in a file: one message, an mbox, or what SES and SNS post.
package enum BounceFile {
    /// The mails, each as ``Bounce/read(_:)`` takes it, in order; none in an empty file.
    ///
    /// An mbox (RFC 4155) begins with a `From ` line and is parted at each one behind an empty line; `>From ` in it becomes `From ` again.
    /// JSON is parted into its objects: an array's elements, one object after the other, the messages of an SQS or Lambda wrapper.
    package static func mails(in file: [UInt8]) -> [[UInt8]] {
        var text = file[...]
        if text.starts(with: [0xEF, 0xBB, 0xBF]) { text = text.dropFirst(3) }
        text = text.drop(while: Octets.isSpace)
        guard let first = text.first else { return [] }
        if first == UInt8(ascii: "{") || first == UInt8(ascii: "[") { return notices(in: text) }
        if text.starts(with: "From ".utf8) { return messages(in: text) }
        return [text.count == file.count ? file : Array(text)]
    }

    // MARK: mbox

    private static func messages(in text: ArraySlice<UInt8>) -> [[UInt8]] {
        var mails: [[UInt8]] = []
        var mail: [UInt8] = []
        var lines = OctetLines(text)
        var isAfterBlank = true
        func close() {
            if mail.contains(where: { !Octets.isSpace($0) }) { mails.append(mail) }
            mail.removeAll(keepingCapacity: true)
        }
        while true {
            let start = lines.position
            guard let line = lines.next() else { break }
            if isAfterBlank, line.first == UInt8(ascii: "F"), line.starts(with: "From ".utf8) {
                close()
            } else {
                mail.append(contentsOf: text[(isQuoted(line) ? start + 1 : start)..<lines.position])
            }
            isAfterBlank = line.isEmpty
        }
        close()
        return mails
    }

    /// `>From `, `>>From `: what stood as a line of the mail.
    private static func isQuoted(_ line: ArraySlice<UInt8>) -> Bool {
        guard line.first == UInt8(ascii: ">") else { return false }
        return line.drop { $0 == UInt8(ascii: ">") }.starts(with: "From ".utf8)
    }

    // MARK: JSON

    private static func notices(in text: ArraySlice<UInt8>) -> [[UInt8]] {
        var rest = text
        // An array's elements are parted as if they stood one after the other: it may be larger than one notice may be.
        if rest.first == UInt8(ascii: "[") { rest = rest.dropFirst() }
        var notices: [[UInt8]] = []
        while let open = rest.firstIndex(of: UInt8(ascii: "{")) {
            rest = rest[open...]
            guard let length = BounceJSON.extent(of: rest) else {
                // Broken from here on: it is one mail that says nothing.
                notices.append(Array(rest))
                break
            }
            let notice = rest.prefix(length)
            notices.append(contentsOf: unwrapped(notice) ?? [Array(notice)])
            rest = rest.dropFirst(length)
        }
        return notices
    }

    /// The messages in what SQS and Lambda hand out; nil: it is not that.
    private static func unwrapped(_ notice: ArraySlice<UInt8>) -> [[UInt8]]? {
        guard Octets.contains("\"records\"", in: notice) || Octets.contains("\"messages\"", in: notice), let json = BounceJSON.read(notice),
            case .array(let wrapped)? = json["Records"] ?? json["Messages"]
        else { return nil }
        let found = wrapped.compactMap { element in
            element["Body"]?.bytes ?? element["body"]?.bytes ?? element["Sns"]?["Message"]?.bytes
        }
        return found.isEmpty ? nil : found
    }
}
