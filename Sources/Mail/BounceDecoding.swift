/// Transfer encodings, charsets and encoded words of mails that others wrote (RFC 2045, RFC 2047): what is wrong is passed over.
enum BounceDecoding {
    /// A part's content as its header says that it travels, at most `limit` bytes of it, in UTF-8 where it is text of a charset we read.
    static func content(_ body: ArraySlice<UInt8>, _ headers: BounceHeaders, limit: Int) -> [UInt8] {
        let raw: [UInt8]
        switch headers.token("content-transfer-encoding") {
        case "base64": raw = base64(body.prefix(limit / 3 * 4 + limit / 16))
        case "quoted-printable": raw = quotedPrintable(body.prefix(limit))
        default: raw = Array(body.prefix(limit))
        }
        return utf8(raw, charset: headers.parameter("charset", of: "content-type").map(Octets.lowerString) ?? "")
    }

    /// UTF-8 from a charset: UTF-8 and Latin-1 (and its cousin of Windows) are read, of all others each byte beyond ASCII becomes `?`.
    static func utf8(_ bytes: [UInt8], charset: String) -> [UInt8] {
        guard bytes.contains(where: { $0 >= 0x80 }) else { return bytes }
        switch charset {
        case "utf-8", "utf8": return bytes
        case "iso-8859-1", "latin1", "windows-1252", "iso-8859-15":
            var out: [UInt8] = []
            out.reserveCapacity(bytes.count + bytes.count / 4)
            for byte in bytes {
                if byte < 0x80 {
                    out.append(byte)
                } else if byte < 0xA0 {
                    // Windows writes its curly apostrophe here, Latin-1 nothing that can be seen.
                    out.append(byte == 0x91 || byte == 0x92 ? UInt8(ascii: "'") : 0x20)
                } else {
                    out.append(0xC0 | byte >> 6)
                    out.append(0x80 | byte & 0x3F)
                }
            }
            return out
        case "" where String(validating: bytes, as: UTF8.self) != nil: return bytes
        default: return bytes.map { $0 < 0x80 ? $0 : UInt8(ascii: "?") }
        }
    }

    /// Quoted-printable; an `=` that means nothing stands for itself.
    static func quotedPrintable(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(bytes.count)
        var index = bytes.startIndex
        let end = bytes.endIndex
        while index < end {
            let byte = bytes[index]
            index += 1
            guard byte == UInt8(ascii: "=") else {
                out.append(byte)
                continue
            }
            if index + 1 < end, let high = hexValue(bytes[index]), let low = hexValue(bytes[index + 1]) {
                out.append(high << 4 | low)
                index += 2
            } else if index < end, bytes[index] == 0x0A {
                index += 1
            } else if index < end, bytes[index] == 0x0D {
                index += index + 1 < end && bytes[index + 1] == 0x0A ? 2 : 1
            } else if index < end {
                out.append(byte)
            }
        }
        return out
    }

    /// Base64; what does not belong there is passed over, `=` ends a group.
    static func base64(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(bytes.count / 4 * 3 + 3)
        var group: UInt32 = 0
        var bits = 0
        for byte in bytes {
            if byte == UInt8(ascii: "=") {
                group = 0
                bits = 0
                continue
            }
            guard let value = base64Value(byte) else { continue }
            group = (group << 6 | UInt32(value)) & 0xFFFFFF
            bits += 6
            if bits >= 8 {
                bits -= 8
                out.append(UInt8(truncatingIfNeeded: group >> UInt32(bits)))
            }
        }
        return out
    }

    /// A header value with its encoded words read (RFC 2047): `=?utf-8?q?Au=C3=9Fer?=`.
    static func words(_ value: ArraySlice<UInt8>) -> [UInt8] {
        guard value.contains(UInt8(ascii: "=")) else { return Array(value) }
        var out: [UInt8] = []
        out.reserveCapacity(value.count)
        var index = value.startIndex
        while index < value.endIndex {
            if value[index] == UInt8(ascii: "="), let word = word(value[index...]) {
                out.append(contentsOf: word.text)
                index = word.end
                // White space between two encoded words belongs to neither.
                var next = index
                while next < value.endIndex, Octets.isSpace(value[next]) { next += 1 }
                if next < value.endIndex, Octets.starts(value[next...], "=?") { index = next }
            } else {
                out.append(value[index])
                index += 1
            }
        }
        return out
    }

    /// The encoded word that a text begins with; at most 1,000 bytes are looked at.
    private static func word(_ text: ArraySlice<UInt8>) -> (text: [UInt8], end: Int)? {
        let text = text.prefix(1000)
        guard Octets.starts(text, "=?") else { return nil }
        let mark = UInt8(ascii: "?")
        let charsetStart = text.startIndex + 2
        guard let charsetEnd = text[charsetStart...].firstIndex(of: mark), charsetEnd + 2 < text.endIndex, text[charsetEnd + 2] == mark
        else {
            return nil
        }
        let contentStart = charsetEnd + 3
        guard let contentEnd = text[contentStart...].firstIndex(of: mark), contentEnd + 1 < text.endIndex,
            text[contentEnd + 1] == UInt8(ascii: "=")
        else { return nil }
        let content = text[contentStart..<contentEnd]
        let bytes: [UInt8]
        switch Octets.lower(text[charsetEnd + 1]) {
        case UInt8(ascii: "q"): bytes = quotedPrintable(content.map { $0 == UInt8(ascii: "_") ? 0x20 : $0 }[...])
        case UInt8(ascii: "b"): bytes = base64(content)
        default: return nil
        }
        // RFC 2231 5 lets a language follow the charset: `utf-8*en`.
        let charset = text[charsetStart..<charsetEnd].prefix { $0 != UInt8(ascii: "*") }
        return (utf8(bytes, charset: Octets.lowerString(charset)), contentEnd + 2)
    }

    /// The words of an HTML text: tags and what stands in `style` and `script` fall away, a block's end ends a line.
    static func plain(html: ArraySlice<UInt8>) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(html.count / 2)
        var index = html.startIndex
        while index < html.endIndex {
            let byte = html[index]
            if byte == UInt8(ascii: "<") {
                let close = html[index...].firstIndex(of: UInt8(ascii: ">")) ?? html.endIndex
                let tag = html[(index + 1)..<close]
                index = min(close + 1, html.endIndex)
                if Octets.starts(tag, "style") || Octets.starts(tag, "script") {
                    index = Octets.find("</", in: html[index...]) ?? html.endIndex
                } else if ["br", "p", "/p", "div", "/div", "tr", "/tr", "li", "h"].contains(where: { Octets.starts(tag, $0) }) {
                    out.append(0x0A)
                } else if Octets.starts(tag, "td") || Octets.starts(tag, "/td") {
                    out.append(0x20)
                } else if tag.contains(UInt8(ascii: "@")), !tag.contains(UInt8(ascii: "=")) {
                    // An address that somebody wrote without escaping its brackets.
                    out.append(UInt8(ascii: "<"))
                    out.append(contentsOf: tag)
                    out.append(UInt8(ascii: ">"))
                }
            } else if byte == UInt8(ascii: "&"), let entity = entity(html[index...]) {
                out.append(entity.byte)
                index = entity.end
            } else {
                out.append(byte)
                index += 1
            }
        }
        return out
    }

    private static func entity(_ text: ArraySlice<UInt8>) -> (byte: UInt8, end: Int)? {
        let known: [(String, UInt8)] = [
            ("&lt;", 0x3C), ("&gt;", 0x3E), ("&amp;", 0x26), ("&quot;", 0x22), ("&nbsp;", 0x20), ("&#39;", 0x27), ("&#8217;", 0x27),
            ("&rsquo;", 0x27), ("&#64;", 0x40)
        ]
        for (name, byte) in known where Octets.starts(text, name) { return (byte, text.startIndex + name.utf8.count) }
        return nil
    }

    private static func hexValue(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: return byte - 0x30
        case 0x41...0x46: return byte - 0x41 + 10
        case 0x61...0x66: return byte - 0x61 + 10
        default: return nil
        }
    }

    private static func base64Value(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x41...0x5A: return byte - 0x41
        case 0x61...0x7A: return byte - 0x61 + 26
        case 0x30...0x39: return byte - 0x30 + 52
        case UInt8(ascii: "+"), UInt8(ascii: "-"): return 62
        case UInt8(ascii: "/"), UInt8(ascii: "_"): return 63
        default: return nil
        }
    }
}
