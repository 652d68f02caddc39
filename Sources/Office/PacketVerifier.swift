package import Elections
import Foundation
package import Keys
import Packet

/// Checks a packet offline, with nothing but the office's certificate: who signed it, when, over which base, and whether anything changed.
package struct PacketVerifier: Sendable {
    private let trust: Certificate
    private let now: Instant

    /// - Parameters:
    ///   - trust: the certificate of the office's authority (`ca.pem`).
    ///   - now: used only to say whether the certificate is still valid.
    package init(trust: Certificate, at now: Instant) {
        self.trust = trust
        self.now = now
    }

    /// One thing that was checked, in words.
    package struct Check: Sendable, Equatable {
        /// What was checked: `form`, `coverage`, `signature`, `manifest` or `base`; of a ZIP also `packet.p7s`, `manifest.json` and `archive`.
        package let check: String
        /// Whether it is as it must be.
        package let ok: Bool
        /// What was found, in a sentence.
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
        /// Every check passed, and there was one.
        package var valid: Bool { !checks.isEmpty && checks.allSatisfy(\.ok) }

        /// `{valid, checks}`.
        package var json: JSONValue { ["valid": .bool(valid), "checks": .array(checks.map(\.json))] }

        mutating func add(_ check: String, _ ok: Bool, _ detail: String) { checks.append(Check(check: check, ok: ok, detail: detail)) }
    }

    /// Checks a packet's PDF, the ZIP that holds one, or the manifest out of a ZIP. A manifest alone is never valid: nothing vouches for it.
    ///
    /// - Throws: ``OfficeError`` `badInput` for a file that is none of these.
    package func verify(_ bytes: [UInt8]) throws -> Report {
        if PacketArchiveReading.isArchive(bytes) { return try verify(archive: bytes) }
        if let manifest = try? JSONValue.parse(bytes), manifest["format"]?.stringValue == "uocava-packet" {
            var report = Report()
            report.isUnsigned = true
            report.add("manifest", manifest.canonical == bytes, describe(manifest))
            report.add("signature", false, "A manifest carries no signature of its own: check the PDF or the ZIP that it came with.")
            return report
        }
        guard bytes.prefix(1024).containsSequence(Array("%PDF-".utf8)) else {
            throw OfficeError(
                .badInput, "This is no packet: neither its PDF, nor its ZIP, nor its manifest.",
                hint: "Choose the file as it was downloaded.")
        }
        return verify(pdf: bytes)
    }

    /// The archive first: where it is not certain which file a voter unpacks, there is no packet to speak of. Then the packet, and then
    /// whether the files beside it are the ones that are inside it as well, where the signature covers them.
    private func verify(archive bytes: [UInt8]) throws -> Report {
        let archive: PacketArchiveReading
        do throws(PacketArchiveReading.Fault) {
            archive = try PacketArchiveReading(bytes)
        } catch {
            guard PacketArchiveReading.namesPacket(bytes) else {
                throw OfficeError(.badInput, "This ZIP holds no packet.pdf.", hint: "Choose the packet's ZIP as it was downloaded.")
            }
            var report = Report()
            report.add("archive", false, error.detail)
            return report
        }
        let (packet, parsed) = check(pdf: archive.pdf)
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
        let isAsWritten = issuedAt(parsed).map(archive.isAsWritten) ?? false
        report.add(
            "archive", isAsWritten,
            isAsWritten
                ? "The archive holds packet.pdf, packet.p7s, manifest.json and VERIFY.txt, whole, and nothing else. "
                    + "VERIFY.txt is not signed: get the certificate that it speaks of from the office itself."
                : "The archive's dates or permissions are not those that this office writes: another program made it, or it was changed. "
                    + "Unpack it, and check its packet.pdf by itself.")
        return report
    }

    /// The time of issue that the signed manifest names.
    private func issuedAt(_ parsed: ParsedPacket) -> Instant? {
        (try? JSONValue.parse(parsed.manifest))?["issued_at"]?.stringValue.flatMap { Instant(rfc3339: $0) }
    }

    private func verify(pdf: [UInt8]) -> Report { check(pdf: pdf).report }

    /// What was found in a PDF, and its parts where it has the form of a packet.
    private func check(pdf: [UInt8]) -> (report: Report, parsed: ParsedPacket?) {
        var report = Report()
        let parsed: ParsedPacket
        do {
            parsed = try PacketFile.parse(pdf)
            report.add("form", true, "The file is a packet with one signature, written as this program writes it.")
        } catch {
            let reason = (error as? PacketError).map { "\($0.message). \($0.hint)" } ?? "\(error)"
            report.add("form", false, "\(reason.prefix(1).uppercased())\(reason.dropFirst()).")
            return (report, nil)
        }
        report.add(
            "coverage", parsed.signatureCoversWholeFile,
            parsed.signatureCoversWholeFile
                ? "The signature covers every byte of the file." : "Something was added that the signature does not cover.")
        let range = parsed.byteRange
        let digest = SHA256.hash(Array(pdf[range.0..<(range.0 + range.1)]), Array(pdf[range.2..<(range.2 + range.3)]))
        let manifest = try? JSONValue.parse(parsed.manifest)
        do {
            let signature = try CMS.verify(parsed.cms, digest: digest, trust: trust, at: (issuedAt(parsed) ?? now).seconds)
            report.add("signature", true, "Signed by \(signature.signer.subject), whom \(trust.subject) vouches for.")
        } catch {
            let reason = (error as? KeysError)?.message ?? "\(error)"
            report.add("signature", false, "The signature does not hold: \(reason).")
        }
        guard let manifest, manifest["format"]?.stringValue == "uocava-packet" else {
            report.add("manifest", false, "The manifest inside cannot be read.")
            return (report, parsed)
        }
        report.add("manifest", manifest.canonical == parsed.manifest, describe(manifest))
        checkBase(pdf, manifest, parsed, &report)
        return (report, parsed)
    }

    private func describe(_ manifest: JSONValue) -> String {
        let election = manifest["election"]?["name"]?.stringValue ?? "?"
        let style = manifest["style"]?["id"]?.stringValue ?? "?"
        let revision = manifest["style"]?["revision"]?.integerValue ?? 0
        let issued = manifest["issued_at"]?.stringValue ?? "?"
        return "\(election), ballot style \(style) (revision \(revision)), issued \(issued)."
    }

    /// The first part of the file is the same for every voter of the style; its hash is what the office publishes.
    private func checkBase(_ pdf: [UInt8], _ manifest: JSONValue, _ parsed: ParsedPacket, _ report: inout Report) {
        guard let length = manifest["base"]?["length"]?.integerValue.map(Int.init), length > 0, length <= pdf.count,
            let expected = manifest["base"]?["sha256"]?.stringValue
        else { return report.add("base", false, "The manifest does not say which base the ballot comes from.") }
        let found = hex(SHA256.hash(Array(pdf[..<length])))
        report.add(
            "base", found == expected && length == parsed.baseLength,
            found == expected && length == parsed.baseLength
                ? "The ballot pages are in the base \(expected.prefix(16))…, the same for every voter of the style."
                : "The first \(length) bytes are not the base that the manifest names.")
    }
}

extension Sequence where Element == UInt8 {
    /// Whether the bytes occur in this order.
    fileprivate func containsSequence(_ wanted: [UInt8]) -> Bool {
        let bytes = Array(self)
        guard bytes.count >= wanted.count else { return false }
        return (0...(bytes.count - wanted.count)).contains { Array(bytes[$0..<($0 + wanted.count)]) == wanted }
    }
}
