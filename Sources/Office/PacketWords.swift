import Elections
import Keys

/// How a checked packet is spoken of, to people who may never have heard of a certificate.
enum PacketWords {
    // MARK: What a packet says

    /// The time of issue that a manifest names.
    static func issuedAt(_ manifest: JSONValue?) -> Instant? {
        manifest?["issued_at"]?.stringValue.flatMap { Instant(rfc3339: $0) }
    }

    /// Which ballot a manifest is of.
    static func describe(_ manifest: JSONValue) -> String {
        let election = manifest["election"]?["name"]?.stringValue ?? "?"
        let jurisdiction = manifest["jurisdiction"]?["name"]?.stringValue ?? "?"
        let style = manifest["style"]?["id"]?.stringValue ?? "?"
        let revision = manifest["style"]?["revision"]?.integerValue ?? 0
        let language = manifest["language"]?.stringValue ?? "?"
        let issued = issuedAt(manifest).map(time) ?? "at an unknown time"
        return "\(election), \(jurisdiction): ballot style \(style) (revision \(revision)) in \(language), issued \(issued)."
    }

    /// `2028-09-18 14:00:00 UTC`.
    static func time(_ moment: Instant) -> String { time(moment.seconds) }

    private static func time(_ seconds: Int64) -> String {
        UTC.text(seconds).replacing("T", with: " ").replacing("Z", with: " UTC")
    }

    /// Who signed, and who vouches for that.
    static func signer(_ signer: Certificate, by authority: Certificate) -> String {
        let sample = signer.isSample ? " SAMPLE: it is the certificate of a test office, and no ballot signed with it counts." : ""
        return
            "Signed with the certificate of \(signer.subject) (fingerprint \(grouped(signer.fingerprint))), issued by \(authority.subject) "
            + "(fingerprint \(grouped(authority.fingerprint))), which was trusted here.\(sample)"
    }

    /// When it was signed, and whether the certificate was valid then. The time is the signer's own word: no third party vouches for it.
    static func time(
        _ moment: Instant, of signer: Certificate, by authority: Certificate, _ fault: KeysError?, _ now: Instant
    ) -> String {
        let when = "Signed \(time(moment)) by the office's own clock"
        guard fault == nil else {
            let wrong = signer.isValid(at: moment.seconds) ? authority : signer
            let word = moment.seconds < wrong.notBefore ? "was not yet valid" : "had expired"
            return "\(when), when the certificate of \(wrong.subject) \(word): it is valid from \(time(wrong.notBefore)) through "
                + "\(time(wrong.notAfter)). No office signs before or after that."
        }
        var text = "\(when); the certificate was valid then (\(time(signer.notBefore)) through \(time(signer.notAfter)))."
        if now.seconds > signer.notAfter { text += " It has expired since, which takes nothing from what was signed before." }
        if now < moment { text += " By this computer's clock that is still to come: is the clock right?" }
        return text
    }

    /// A fingerprint in groups of four, as people read it out; spaces let a table break it.
    private static func grouped(_ fingerprint: String) -> String {
        let digits = Array(fingerprint)
        return stride(from: 0, to: digits.count, by: 4).map { String(digits[$0..<min($0 + 4, digits.count)]) }.joined(separator: " ")
    }

    /// The bytes of hexadecimal digits; nil for any other text.
    static func bytes(_ text: String) -> [UInt8]? {
        let digits = text.utf8.compactMap {
            Unicode.Scalar($0).properties.isASCIIHexDigit ? Character(Unicode.Scalar($0)).hexDigitValue : nil
        }
        guard digits.count == text.utf8.count, digits.count.isMultiple(of: 2) else { return nil }
        return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }

    /// The sentence with a capital letter.
    static func capital(_ text: String) -> String { text.prefix(1).uppercased() + text.dropFirst() }

    // MARK: What is no packet

    /// What a file seems to be that is no packet's PDF, ZIP or manifest, and what to look for instead.
    static func stranger(_ bytes: [UInt8]) -> OfficeError {
        let head = bytes.prefix(4096)
        let pictures: [[UInt8]] = [
            [0xFF, 0xD8, 0xFF], [0x89, 0x50, 0x4E, 0x47], Array("GIF8".utf8), Array("II*\0".utf8), Array("MM\0*".utf8)
        ]
        let usual = "Choose the file as it was downloaded: its name ends in .pdf or .zip."
        if bytes.isEmpty {
            return OfficeError(.badInput, "The file is empty: this is no packet.", hint: "The download broke off. Download it again.")
        }
        if pictures.contains(where: head.starts) || head.dropFirst(4).starts(with: Array("ftyphei".utf8)) {
            return OfficeError(
                .badInput, "This is a picture, and no packet.",
                hint: "A photograph or a scan of a packet carries no signature. \(usual)")
        }
        if contains(head, "<html") || contains(head, "<!DOCTYPE") || contains(head, "<!doctype") || contains(head, "<HTML") {
            return OfficeError(
                .badInput, "This is a web page, and no packet.",
                hint: "The page was saved instead of the file that it offers: choose \"download\" on it. \(usual)")
        }
        if contains(head, "-----BEGIN ") || contains(head, "How to check that this ballot packet is genuine")
            || bytes.starts(with: [0x30, 0x82])
        {
            return OfficeError(
                .badInput,
                "This is a file that comes with a packet (a certificate, a signature, or VERIFY.txt), and not the packet itself.",
                hint: "Check the PDF or the ZIP that it belongs to.")
        }
        return OfficeError(.badInput, "This is no packet: neither its PDF, nor its ZIP, nor its manifest.", hint: usual)
    }

    /// The same of a ZIP in which no file has a packet's name.
    static func strangeArchive(_ bytes: [UInt8]) -> OfficeError {
        guard contains(bytes.prefix(4096), "[Content_Types].xml") || contains(bytes.prefix(4096), "mimetypeapplication/") else {
            return OfficeError(.badInput, "This ZIP holds no packet.pdf.", hint: "Choose the packet's ZIP as it was downloaded.")
        }
        return OfficeError(
            .badInput, "This is a document of an office program, and no packet.",
            hint: "Choose the file as it was downloaded: its name ends in .pdf or .zip.")
    }

    /// Whether the bytes hold this text.
    static func contains(_ bytes: ArraySlice<UInt8>, _ text: String) -> Bool {
        let wanted = Array(text.utf8)
        return bytes.indices.contains { bytes[$0] == wanted[0] && bytes[$0...].starts(with: wanted) }
    }
}

extension PacketVerifier.Report {
    /// What a person does with a packet that is not in order, one piece of advice a line; empty where all is well.
    package var advice: [String] {
        if valid || isUnsigned { return [] }
        var lines: [String] = []
        if failed("signer") {
            lines.append(
                "Somebody else than the trusted office signed it, or it is a packet of another office. Get the certificate from the office that "
                    + "the packet should come from, and check again; if that fails too, do not vote with it, and tell the office.")
        } else if failed("form") {
            lines.append(
                "Download it again, and check that file. A packet that was printed to PDF, saved by a PDF viewer or sent through a "
                    + "program that changes attachments is no longer the file that was signed.")
        } else if failed("signature") || failed("coverage") || failed("base") || failed("manifest") {
            lines.append(
                "It was changed after it was signed, by somebody or by damage on its way: the ballot in it may be another. Do not print it or "
                    + "mark it. Download it again, and check that file; if that fails too, tell the office.")
        }
        if failed("time") {
            lines.append("Nobody can vouch for a signature outside its certificate's time. Tell the office, which can issue it again.")
        }
        if lines.isEmpty, failed("published") || failed("issued") {
            lines.append("Keep the file as it is, for whoever looks into it: `uocava audit` shows what the books and the counter say.")
        }
        if failed("archive") || failed("packet.p7s") || failed("manifest.json"), lines.isEmpty {
            lines.append("Do not use what the ZIP holds. Download it again, or download the PDF, which carries everything that counts.")
        }
        return lines
    }
}
