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
        /// What was checked: `form`, `coverage`, `signature`, `manifest` or `base`.
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
        /// In the order in which they were made; a file that has not the form of a packet has only the first.
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
        if bytes.starts(with: Array("PK".utf8)) {
            guard let pdf = Self.firstStoredEntry(of: bytes) else {
                throw OfficeError(.badInput, "This ZIP holds no packet.pdf that can be read.", hint: "Download the packet again.")
            }
            var report = verify(pdf: pdf)
            let whole = Self.unpacksOnlyItsFirstEntry(bytes)
            report.add(
                "archive", whole,
                whole
                    ? "packet.pdf in it was checked, and is what unpacking gives; of the other files nothing is said."
                    : "The archive was changed: unpacking it may give another file than the one that was checked.")
            return report
        }
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

    /// The first file of a ZIP that is stored as it is, as our ZIPs begin (APPNOTE 4.3.7); nil for any other.
    private static func firstStoredEntry(of zip: [UInt8]) -> [UInt8]? {
        func number(at offset: Int, _ count: Int) -> Int { zip[offset..<(offset + count)].reversed().reduce(0) { $0 << 8 | Int($1) } }
        guard zip.count > 30, zip.starts(with: [0x50, 0x4B, 3, 4]), number(at: 8, 2) == 0 else { return nil }
        let start = 30 + number(at: 26, 2) + number(at: 28, 2)
        let length = number(at: 18, 4)
        guard length > 0, start + length <= zip.count else { return nil }
        return Array(zip[start..<(start + length)])
    }

    /// Whether every program that unpacks the archive finds the first entry under its name: the directory ends the file, holds our four
    /// entries and no name twice, and its first record is the first entry (APPNOTE 4.3.12, 4.3.16).
    private static func unpacksOnlyItsFirstEntry(_ zip: [UInt8]) -> Bool {
        func number(at offset: Int, _ count: Int) -> Int { zip[offset..<(offset + count)].reversed().reduce(0) { $0 << 8 | Int($1) } }
        let end = zip.count - 22
        guard end > 0, zip[end...].starts(with: [0x50, 0x4B, 5, 6]), number(at: end + 10, 2) == 4, number(at: end + 20, 2) == 0 else {
            return false
        }
        var position = number(at: end + 16, 4)
        var names: Set<[UInt8]> = []
        for index in 0..<4 {
            guard position + 46 <= end, zip[position...].starts(with: [0x50, 0x4B, 1, 2]) else { return false }
            let next = position + 46 + number(at: position + 28, 2) + number(at: position + 30, 2) + number(at: position + 32, 2)
            guard next <= end else { return false }
            let name = Array(zip[(position + 46)..<(position + 46 + number(at: position + 28, 2))])
            guard names.insert(name).inserted else { return false }
            if index == 0, name != Array("packet.pdf".utf8) || number(at: position + 42, 4) != 0 { return false }
            position = next
        }
        return position == end
    }

    private func verify(pdf: [UInt8]) -> Report {
        var report = Report()
        let parsed: ParsedPacket
        do {
            parsed = try PacketFile.parse(pdf)
            report.add("form", true, "The file is a packet with one signature, written as this program writes it.")
        } catch {
            let reason = (error as? PacketError)?.message ?? "\(error)"
            report.add("form", false, "The file is not a packet as this office makes them, or was changed: \(reason).")
            return report
        }
        report.add(
            "coverage", parsed.signatureCoversWholeFile,
            parsed.signatureCoversWholeFile
                ? "The signature covers every byte of the file." : "Something was added that the signature does not cover.")
        let range = parsed.byteRange
        let digest = SHA256.hash(Array(pdf[range.0..<(range.0 + range.1)]), Array(pdf[range.2..<(range.2 + range.3)]))
        let manifest = try? JSONValue.parse(parsed.manifest)
        let issuedAt = manifest?["issued_at"]?.stringValue.flatMap { Instant(rfc3339: $0) }
        do {
            let signature = try CMS.verify(parsed.cms, digest: digest, trust: trust, at: (issuedAt ?? now).seconds)
            report.add("signature", true, "Signed by \(signature.signer.subject), whom \(trust.subject) vouches for.")
        } catch {
            let reason = (error as? KeysError)?.message ?? "\(error)"
            report.add("signature", false, "The signature does not hold: \(reason)")
        }
        guard let manifest, manifest["format"]?.stringValue == "uocava-packet" else {
            report.add("manifest", false, "The manifest inside cannot be read.")
            return report
        }
        report.add("manifest", manifest.canonical == parsed.manifest, describe(manifest))
        checkBase(pdf, manifest, parsed, &report)
        return report
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
