package import Elections
import Foundation
package import Keys
import Packet
package import Storage

/// Checks a packet, with nothing but the certificate of the office's authority: who signed it, when, over which base, and whether anything
/// changed. In the office itself, the books say as well whether it is one that was issued.
package struct PacketVerifier: Sendable {
    let trust: Certificate
    let now: Instant
    private let books: DatabaseFile?

    /// - Parameters:
    ///   - trust: the certificate of the office's authority (`ca.pem`).
    ///   - now: used only to say whether the certificate is still valid, and where a manifest names no time.
    ///   - books: those of the office whose authority it is; nil for whoever has only the certificate.
    package init(trust: Certificate, at now: Instant, books: DatabaseFile? = nil) {
        self.trust = trust
        self.now = now
        self.books = books
    }

    /// One thing that was checked, in words.
    package struct Check: Sendable, Equatable {
        /// What was checked: `form`, `coverage`, `signature`, `signer`, `time`, `manifest` or `base`; with the office's books also `published`
        /// and `issued`; of a ZIP also `packet.p7s`, `manifest.json` and `archive`.
        package let check: String
        /// Whether it is as it must be.
        package let ok: Bool
        /// What was found, in a sentence or two.
        package let detail: String

        /// `{check, ok, detail}`.
        package var json: JSONValue { ["check": .string(check), "ok": .bool(ok), "detail": .string(detail)] }
    }

    /// Everything that was checked.
    package struct Report: Sendable, Equatable {
        /// In the order in which they were made; a file that has not the form of a packet, or of a packet's ZIP, has only the first.
        package var checks: [Check] = []
        /// Nothing in the file is signed, so nothing speaks for it or against it: a manifest alone.
        package var isUnsigned = false
        /// The certificate in it says SAMPLE: whatever else it is, it is no ballot to vote with.
        package var isSample = false
        /// Every check passed, and there was one.
        package var valid: Bool { !checks.isEmpty && checks.allSatisfy(\.ok) }

        /// `{valid, checks}`.
        package var json: JSONValue { ["valid": .bool(valid), "checks": .array(checks.map(\.json))] }

        mutating func add(_ check: String, _ ok: Bool, _ detail: String) { checks.append(Check(check: check, ok: ok, detail: detail)) }

        /// Whether that check was made and failed.
        package func failed(_ check: String) -> Bool { checks.contains { $0.check == check && !$0.ok } }
    }

    /// Checks a packet's PDF, the ZIP that holds one, or the manifest out of a ZIP. A manifest alone is never valid: nothing vouches for it.
    ///
    /// - Throws: ``OfficeError`` `badInput` for a file that is none of these, with what it seems to be; `StorageError` of the books.
    package func verify(_ bytes: [UInt8]) throws -> Report {
        if PacketArchiveReading.isArchive(bytes) { return try verify(archive: bytes) }
        if let manifest = try? JSONValue.parse(bytes), manifest["format"]?.stringValue == "uocava-packet" {
            var report = Report()
            report.isUnsigned = true
            report.add("manifest", manifest.canonical == bytes, PacketWords.describe(manifest))
            report.add("signature", false, "A manifest carries no signature of its own: check the PDF or the ZIP that it came with.")
            return report
        }
        guard PacketWords.contains(bytes.prefix(1024), "%PDF-") else { throw PacketWords.stranger(bytes) }
        return try check(pdf: bytes).report
    }

    /// The archive first: where it is not certain which file a voter unpacks, there is no packet to speak of. Then the packet, and then
    /// whether the files beside it are the ones that are inside it as well, where the signature covers them.
    private func verify(archive bytes: [UInt8]) throws -> Report {
        let archive: PacketArchiveReading
        do throws(PacketArchiveReading.Fault) {
            archive = try PacketArchiveReading(bytes)
        } catch {
            guard PacketArchiveReading.namesPacket(bytes) else { throw PacketWords.strangeArchive(bytes) }
            var report = Report()
            report.add("archive", false, error.detail)
            return report
        }
        let (packet, parsed) = try check(pdf: archive.pdf)
        var report = packet
        guard let parsed else { return report }
        let isSignature = archive.signature == parsed.cms
        report.add(
            "packet.p7s", isSignature,
            isSignature
                ? "packet.p7s is the signature that is inside the PDF."
                : "packet.p7s is another signature than the one inside the PDF: it was changed or exchanged.")
        let isManifest = archive.manifest == parsed.manifest
        report.add(
            "manifest.json", isManifest,
            isManifest
                ? "manifest.json is the manifest that is inside the PDF."
                : "manifest.json says other things than the manifest inside the PDF, which is the one that was signed: it was changed.")
        let isAsWritten = PacketWords.issuedAt(try? JSONValue.parse(parsed.manifest)).map(archive.isAsWritten) ?? false
        report.add(
            "archive", isAsWritten,
            isAsWritten
                ? "The archive holds packet.pdf, packet.p7s, manifest.json and VERIFY.txt, whole, and nothing else. "
                    + "VERIFY.txt is not signed: get the certificate that it speaks of from the office itself."
                : "The archive's dates or permissions are not those that this office writes: another program made it, or it was changed. "
                    + "Unpack it, and check its packet.pdf by itself.")
        return report
    }

    /// What was found in a PDF, and its parts where it has the form of a packet.
    private func check(pdf: [UInt8]) throws -> (report: Report, parsed: ParsedPacket?) {
        var report = Report()
        let parsed: ParsedPacket
        do {
            parsed = try PacketFile.parse(pdf)
            report.add("form", true, "The file is a packet with one signature, written as this program writes it.")
        } catch {
            let reason = (error as? PacketError).map { "\($0.message). \($0.hint)" } ?? "\(error)"
            report.add("form", false, "\(PacketWords.capital(reason)).")
            return (report, nil)
        }
        report.add(
            "coverage", parsed.signatureCoversWholeFile,
            parsed.signatureCoversWholeFile
                ? "The signature covers every byte of the file." : "Something was added that the signature does not cover.")
        let manifest = (try? JSONValue.parse(parsed.manifest)).flatMap {
            $0["format"]?.stringValue == "uocava-packet" ? $0 : nil
        }
        let isOurs = checkSignature(pdf, parsed, manifest, &report)
        guard let manifest else {
            report.add("manifest", false, "The manifest inside cannot be read.")
            return (report, parsed)
        }
        report.add("manifest", manifest.canonical == parsed.manifest, PacketWords.describe(manifest))
        checkBase(pdf, manifest, parsed, &report)
        // What another office signed is in no book of this one, which the signer's check has said.
        if isOurs, let books { try PacketRecord(manifest, of: pdf).check(in: books, &report) }
        return (report, parsed)
    }

    /// Three checks: the signature fits the bytes, who made it, and when. True where the trusted authority vouches for the signer.
    private func checkSignature(_ pdf: [UInt8], _ parsed: ParsedPacket, _ manifest: JSONValue?, _ report: inout Report) -> Bool {
        let range = parsed.byteRange
        let digest = SHA256.hash(Array(pdf[range.0..<(range.0 + range.1)]), Array(pdf[range.2..<(range.2 + range.3)]))
        let signedAt = Instant(rfc3339: parsed.signedAt)
        let found = CMS.examine(parsed.cms, digest: digest, trust: trust, at: (signedAt ?? now).seconds)
        let broken = found.faults.filter { [.form, .document, .signature].contains($0.aspect) }
        if broken.isEmpty {
            report.add("signature", true, "The signature fits every byte that it covers: nothing was changed since it was made.")
        } else if broken.allSatisfy({ $0.aspect == .document }) {
            report.add(
                "signature", false, "Something in the file was changed after it was signed: the signature is whole, but over other bytes.")
        } else {
            report.add("signature", false, "The signature does not hold: \(broken.map(\.error.message).joined(separator: "; ")).")
        }
        let isOurs = found.signer != nil && found.fault(.authority) == nil
        if let signer = found.signer {
            report.isSample = signer.isSample
            let foreign = [found.fault(.usage), found.fault(.authority)].compactMap { $0 }
            let reasons = foreign.map { PacketWords.capital($0.message) }.joined(separator: ". ")
            report.add("signer", foreign.isEmpty, foreign.isEmpty ? PacketWords.signer(signer, by: trust) : "\(reasons).")
        } else {
            report.add("signer", false, "There is no certificate in the signature that could be read, so nobody vouches for it.")
        }
        if let signedAt, let issuedAt = PacketWords.issuedAt(manifest), issuedAt.seconds != signedAt.seconds {
            report.add(
                "time", false,
                "The packet names two times: signed \(PacketWords.time(signedAt)), issued \(PacketWords.time(issuedAt)). "
                    + "In a packet of an office they are the same.")
        } else if signedAt == nil {
            report.add("time", false, "The signature names no time: \(parsed.signedAt) is none.")
        } else if let signedAt, let signer = found.signer {
            report.add(
                "time", found.fault(.validity) == nil, PacketWords.time(signedAt, of: signer, by: trust, found.fault(.validity), now))
        }
        return isOurs
    }

    /// The first part of the file is the same for every voter of the style; its hash is what the office publishes.
    private func checkBase(_ pdf: [UInt8], _ manifest: JSONValue, _ parsed: ParsedPacket, _ report: inout Report) {
        guard let length = manifest["base"]?["length"]?.integerValue.map(Int.init), length > 0, length <= pdf.count,
            let expected = manifest["base"]?["sha256"]?.stringValue
        else { return report.add("base", false, "The manifest does not say which base the ballot comes from.") }
        let found = hex(SHA256.hash(Array(pdf[..<length])))
        guard found == expected, length == parsed.baseLength else {
            let other =
                length == parsed.baseLength ? "have the SHA-256 \(found) and" : "are not the base, which has \(parsed.baseLength), and"
            report.add(
                "base", false,
                "The first \(length) bytes \(other) not the \(expected) that the manifest names: the ballot pages may be others.")
            return
        }
        let compare =
            books == nil
            ? " Compare it with another voter's, or with the office's: `uocava styles list --format json` shows what it published." : ""
        report.add(
            "base", true,
            "The ballot pages are in the first \(length) bytes, the base, which is the same for every voter of this ballot style, language, "
                + "paper and instructions. Their SHA-256 \(expected) is the one that the manifest names.\(compare)")
    }
}
