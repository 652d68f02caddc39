/// The sheet that the office's own pages are laid out for.
package enum Paper: String, Sendable, Codable, CaseIterable {
    /// 8.5 × 11 inches.
    case letter
    /// 210 × 297 mm.
    case a4

    /// Width and height upright, in points.
    var size: (width: Double, height: Double) {
        switch self {
        case .letter: (612, 792)
        case .a4: (595.28, 841.89)
        }
    }
}

/// What the office says on the packet's pages: the same for every voter of an election and a language.
package struct OfficeText: Sendable, Codable, Equatable {
    /// The office, e.g. `Board of Elections`.
    package var officeName: String
    /// The election, e.g. `General Election`.
    package var electionName: String
    /// Election day as it is to be read, e.g. `November 7, 2028`.
    package var electionDate: String
    /// The jurisdiction, e.g. `District of Columbia`.
    package var jurisdiction: String
    /// The office's postal address, one line each, without its name.
    package var address: [String]
    /// The office's e-mail address (52 USC 20302(e) wants an electronic contact on all materials).
    package var email: String
    /// The office's telephone.
    package var phone: String
    /// The office's fax, if it has one.
    package var fax: String?
    /// Where the office's public pages are.
    package var publicURL: String
    /// How the ballot must come back, in the packet's language.
    package var returnNotice: String
    /// The affirmation that the voter signs, in Markdown: paragraphs, lists, headings, `**bold**`, `*italic*`.
    package var declaration: String
    /// How many witnesses must sign: 0, 1 or 2.
    package var witnessLines: Int
    /// BCP 47 language of the packet; captions exist in `en` and `es`, other languages get the English ones without ``captions``.
    package var language: String
    /// The office's own captions in the packet's language.
    package var captions: BaseWording?
    /// A test office's packet: SAMPLE is on every page.
    package var sample: Bool
    /// Whether the office has a Mailer ID: then the envelopes for the U.S. mail have a place for an Intelligent Mail barcode.
    package var imbConfigured: Bool
    /// Whether that barcode has the ZIP+4 of the office in it, as ``IntelligentMail/hasZIP4`` says: the facing mark tells the machines.
    package var imbHasZIP4: Bool

    /// All of it.
    package init(
        officeName: String, electionName: String, electionDate: String, jurisdiction: String, address: [String], email: String,
        phone: String, fax: String? = nil, publicURL: String, returnNotice: String, declaration: String, witnessLines: Int = 0,
        language: String = "en", captions: BaseWording? = nil, sample: Bool = false, imbConfigured: Bool = false, imbHasZIP4: Bool = false
    ) {
        self.officeName = officeName
        self.electionName = electionName
        self.electionDate = electionDate
        self.jurisdiction = jurisdiction
        self.address = address
        self.email = email
        self.phone = phone
        self.fax = fax
        self.publicURL = publicURL
        self.returnNotice = returnNotice
        self.declaration = declaration
        self.witnessLines = witnessLines
        self.language = language
        self.captions = captions
        self.sample = sample
        self.imbConfigured = imbConfigured
        self.imbHasZIP4 = imbHasZIP4
    }
}

/// All that a base is made of.
package struct BaseInput: Sendable {
    /// The office's words.
    package var text: OfficeText
    /// The sheet for the office's own pages; the ballot keeps its own size.
    package var paper: Paper
    /// The vendor's ballot as ``BallotReader`` cleaned it.
    package var ballotPDF: [UInt8]
    /// The ballot style's id, shown on the cover.
    package var styleLabel: String
    /// The office's instruction pages as PDFs (cleaned as well), put behind the cover.
    package var instructionPDFs: [[UInt8]]
    /// Certified write-in candidates, secrecy sheets and the like (cleaned as well), put behind the ballot.
    package var writeInPDFs: [[UInt8]]

    /// All of it; the last two may be empty.
    package init(
        text: OfficeText, paper: Paper, ballotPDF: [UInt8], styleLabel: String, instructionPDFs: [[UInt8]] = [],
        writeInPDFs: [[UInt8]] = []
    ) {
        self.text = text
        self.paper = paper
        self.ballotPDF = ballotPDF
        self.styleLabel = styleLabel
        self.instructionPDFs = instructionPDFs
        self.writeInPDFs = writeInPDFs
    }

    /// The same without SAMPLE.
    ///
    /// In a test office SAMPLE is drawn over the ballot's pages too, which is the one thing ever added to them. An
    /// import first makes the base of this, compares its ballot pages with the vendor's file, and then makes the real one.
    package func withoutSample() -> BaseInput {
        var plain = self
        plain.text.sample = false
        return plain
    }
}

/// The part of a packet that all voters of one style, language, instruction set and paper share.
package struct Base: Sendable {
    /// The PDF; its SHA-256 is what the office publishes.
    package var bytes: [UInt8]
    /// What a tail must know of it.
    package var plan: BasePlan
    /// The ballot's pages, counted from 1.
    package var ballotPages: ClosedRange<Int>
    /// All pages.
    package var pageCount: Int
    /// Where the overlays are drawn.
    package var places: [Place]

    /// A page that has an overlay on it, upright and at its true size.
    package struct Place: Sendable, Equatable {
        /// Index into the plan's `overlays`.
        package var overlay: Int
        /// The page, counted from 1.
        package var page: Int
        /// The overlay's left edge, in points from the page's.
        package var x: Double
        /// The overlay's lower edge, in points from the page's.
        package var y: Double
    }
}

/// What a tail must know of its base: object numbers, places and words. A few kilobytes; kept as JSON.
///
/// A plan belongs to exactly one base: used with another, the composer throws or the packet does not open.
package struct BasePlan: Sendable, Codable, Equatable {
    /// What is written into a box.
    package enum Field: String, Sendable, Codable {
        case name, residence, voterClass, mailing, sender, returnCode, returnBarcode, trackingCode, trackingURL, trackingQR, postBy,
            intelligentMail
    }

    /// A rectangle that the tail fills, in points from the overlay's lower left corner.
    package struct Box: Sendable, Codable, Equatable {
        /// What goes in.
        package var field: Field
        /// Index into `overlays`.
        package var overlay: Int
        /// The left edge.
        package var x: Double
        /// The lower edge.
        package var y: Double
        /// Width.
        package var width: Double
        /// Height.
        package var height: Double
        /// Type size before shrinking; 0 for barcodes.
        package var size: Double
    }

    /// A form XObject that the tail redefines: a whole page that carries something of the voter's, or a part of all fronts of the envelope.
    package struct Overlay: Sendable, Codable, Equatable {
        /// Its object number.
        package var object: Int
        /// Its width.
        package var width: Double
        /// Its height.
        package var height: Double
    }

    /// The overlays, in page order.
    package var overlays: [Overlay]
    /// What the tail fills.
    package var boxes: [Box]
    /// Object number of the signature dictionary.
    package var signature: Int
    /// Object number of the manifest's stream.
    package var manifest: Int
    /// Object number of the resources that all overlays share.
    package var resources: Int
    /// Object number of the base's font, called `/F1` in the resources.
    package var font: Int
    /// ``TypeFace/fingerprint`` of the font that was embedded; text shaped with another version would be garbled.
    package var fontFingerprint: String
    /// The trailer's `/Size`, the number of the first object that a tail may add.
    package var size: Int
    /// Where the base's cross-reference table begins.
    package var startXRef: Int
    /// The rest of the trailer, copied: `/Root 1 0 R /Info 2 0 R /ID [<…> <…>]`.
    package var trailer: String
    /// The base's length in bytes.
    package var length: Int
    /// What stands in the box for the last day of posting if there is none, in the packet's language.
    package var postSoon: String
}
