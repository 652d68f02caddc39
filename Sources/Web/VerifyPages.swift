import Elections
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Office

// Whether a file is one that the office issued. The file stays with whoever has it: only its SHA-256 comes here.
extension PublicResponder {
    /// The form.
    func verifyForm(_ call: Call) async throws -> Response {
        let notice = try await notices.notice()
        let form = notices.page("verify \(call.language.tag) \(call.query)", notice: notice) {
            verifyPage(call, notice, [:], languages: true)
        }
        return page(.ok, form, for: call.head, more: headers.withScript(VerifyScript.hash))
    }

    /// What the office knows of a file with this SHA-256.
    ///
    /// - Parameter typed: 64 hexadecimal digits; blanks, colons and line breaks between them, as some programs print them, do no harm.
    func verify(_ call: Call, typed: String) async throws -> Response {
        let notice = try await notices.notice()
        let language = call.language
        func answer(_ name: String, _ head: String, _ body: [String], _ values: [String: String] = [:]) -> [String: Any] {
            [
                name: [
                    "head": PageTexts.sentence(head, language, values), "body": body.map { PageTexts.sentence($0, language, values) }
                ] as [String: Any]
            ]
        }
        guard let sha256 = Self.fingerprint(typed) else {
            return verifyPage(
                .unprocessableContent, verifyPage(call, notice, answer("alert", "verify_unclear", ["verify_unclear_body"])))
        }
        let found = try await counter.issuedPacket(sha256: sha256)
        tally.count(found == nil ? .verifiedForeign : .verifiedOurs)
        guard let packet = found else {
            return verifyPage(
                .notFound, verifyPage(call, notice, answer("alert", "verify_unknown", ["verify_unknown_pdf", "verify_unknown_body"])))
        }
        let values = [
            "election": packet.election.name, "when": PageNumbers.moment(packet.issuedAt, zone: packet.election.timeZone, language),
            "zone": PageNumbers.zone(packet.election.timeZone, language)
        ]
        let body = packet.isSuperseded ? ["verify_found_body", "verify_superseded"] : ["verify_found_body"]
        return verifyPage(.ok, verifyPage(call, notice, answer("found", "verify_found", body, values)))
    }

    private func verifyPage(_ call: Call, _ notice: PublicNotice, _ values: [String: Any], languages: Bool = false) -> ByteBuffer {
        pages.render(
            .verify, title: PageTexts.sentence("verify_title", call.language),
            values.merging(["script": VerifyScript.text, "query": call.query]) { $1 }, language: call.language, notice: notice,
            languages: languages)
    }

    /// The one page with a script says so in its content security policy; no other lets one run.
    private func verifyPage(_ status: HTTPResponse.Status, _ content: ByteBuffer) -> Response {
        page(status, content, more: headers.withScript(VerifyScript.hash))
    }

    private static func fingerprint(_ typed: String) -> [UInt8]? {
        let digits = typed.lowercased().filter { !$0.isWhitespace && $0 != ":" && $0 != "-" }
        guard digits.utf8.count == 64 else { return nil }
        var bytes: [UInt8] = []
        var rest = digits[...]
        while !rest.isEmpty {
            // `UInt8("+1", radix: 16)` is a number, too.
            guard rest.prefix(2).allSatisfy(\.isHexDigit), let byte = UInt8(rest.prefix(2), radix: 16) else { return nil }
            bytes.append(byte)
            rest = rest.dropFirst(2)
        }
        return bytes
    }
}

/// Computes a chosen file's SHA-256 in the browser and asks for it. Without it, or in a browser that cannot, the field is typed into.
package enum VerifyScript {
    /// No page content is put into it: its hash is fixed.
    package static let text = """
        (function(){var f=document.getElementById("file"),h=document.getElementById("sha256"),s=document.getElementById("state");\
        if(!window.crypto||!crypto.subtle||!window.Blob||!Blob.prototype.arrayBuffer)return;\
        document.getElementById("choose").hidden=false;\
        f.addEventListener("change",function(){var x=f.files[0];if(!x)return;\
        if(/\\.zip$/i.test(x.name)){s.textContent=s.dataset.zip;return}s.textContent=s.dataset.busy;\
        x.arrayBuffer().then(function(b){return crypto.subtle.digest("SHA-256",b)}).then(function(d){\
        h.value=[].map.call(new Uint8Array(d),function(n){return(n+256).toString(16).slice(1)}).join("");h.form.submit()},\
        function(){s.textContent=s.dataset.failed})})})()
        """

    /// SHA-256 of ``text`` as the content security policy writes it; a test holds the two together.
    package static let hash = "sha256-lnP8bWywJmzm5IFoH0DCS/lTApJdQieIYkSjpD0b+o0="
}
