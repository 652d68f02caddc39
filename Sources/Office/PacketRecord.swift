import Elections
import Keys
import Storage

/// What a packet's signed manifest says of it, to be held against the books of the office that is said to have issued it.
struct PacketRecord {
    private let ballot: [UInt8]?
    private let base: [UInt8]?
    private let vendor: [UInt8]?
    private let election: String
    private let style: String
    private let revision: Int64
    private let language: String
    private let packet: [UInt8]

    init(_ manifest: JSONValue, of pdf: [UInt8]) {
        func bytes(_ value: JSONValue?) -> [UInt8]? { value?.stringValue.flatMap(PacketWords.bytes) }
        ballot = bytes(manifest["ballot"])
        base = bytes(manifest["base"]?["sha256"])
        vendor = bytes(manifest["vendor_ballot"]?["sha256"])
        election = manifest["election"]?["id"]?.stringValue ?? ""
        style = manifest["style"]?["id"]?.stringValue ?? ""
        revision = manifest["style"]?["revision"]?.integerValue ?? 0
        language = manifest["language"]?.stringValue ?? ""
        packet = SHA256.hash(pdf)
    }

    /// Adds the checks `published` and `issued`. No voter is named: who may verify a packet need not know whose it is.
    func check(in books: DatabaseFile, _ report: inout PacketVerifier.Report) throws {
        try books.read { transaction in
            try checkPublished(in: transaction, &report)
            try checkIssued(in: transaction, &report)
        }
    }

    /// Whether the base is one that the office made of this revision of the style, from this file of the vendor.
    private func checkPublished(in books: Transaction, _ report: inout PacketVerifier.Report) throws {
        let known = try books.first(
            """
            SELECT b.paper, f.sha256, s.superseded_at,
                (SELECT max(n.revision) FROM ballot_style n WHERE n.election = s.election AND n.code = s.code) AS newest
            FROM base b JOIN ballot_style s ON s.id = b.style JOIN election e ON e.id = s.election
                LEFT JOIN style_file f ON f.style = s.id AND f.language = b.language
            WHERE b.hash = $1 AND e.code = $2 AND s.code = $3 AND s.revision = $4 AND b.language = $5
            """, .blob(base ?? []), .text(election), .text(style), .integer(revision), .text(language)
        ) {
            (
                paper: try $0.text("paper"), vendor: try $0.optionalBlob("sha256"),
                superseded: try $0.optionalInteger("superseded_at"), newest: try $0.integer("newest")
            )
        }
        let name = "ballot style \(style), revision \(revision), in \(language)"
        guard let known else {
            return report.add(
                "published", false,
                "This office never published the base that the manifest names for \(name) of \(election). Run `uocava audit`, and find out how it came to be signed."
            )
        }
        guard known.vendor == vendor else {
            return report.add(
                "published", false,
                "The manifest names another file of the vendor than the one that this office took \(name) from: run `uocava audit`.")
        }
        let standing =
            known.superseded == nil
            ? "the current one" : "which revision \(known.newest) has superseded; a ballot issued from it before is good"
        report.add(
            "published", true,
            "The base that the manifest names is one that this office published, for \(name) (\(known.paper)), \(standing). "
                + "The vendor's file with the SHA-256 \(hex(vendor ?? [])) is what it was made from.")
    }

    /// Whether the books hold this very file.
    private func checkIssued(in books: Transaction, _ report: inout PacketVerifier.Report) throws {
        let known = try books.first(
            "SELECT packet, status, issued_at FROM ballot WHERE id = $1", .blob(ballot ?? []),
            decode: {
                (
                    packet: try $0.blob("packet"), status: try $0.text("status"),
                    issuedAt: Instant(milliseconds: try $0.integer("issued_at"))
                )
            })
        guard let known else {
            return report.add(
                "issued", false,
                "It is signed with this office's certificate, but its books hold no such ballot. "
                    + "Run `uocava audit`, and find out who else can use the signing key.")
        }
        guard known.packet == packet else {
            return report.add("issued", false, "The books hold another file for this ballot, issued \(PacketWords.time(known.issuedAt)).")
        }
        var detail = "The books hold this very file, issued \(PacketWords.time(known.issuedAt))."
        if known.status == "replaced" || known.status == "cancelled" {
            detail += " The ballot has been \(known.status) since: it is genuine, and no longer the one that counts."
        }
        report.add("issued", true, detail)
    }
}
