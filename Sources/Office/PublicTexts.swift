package import Elections
import Foundation
import Packet
import Storage

/// What the public pages say about the office, whoever asks: the same for every link.
package struct PublicNotice: Sendable, Equatable {
    /// The office's name, as letters and pages give it.
    package var officeName = ""
    /// The county or city.
    package var jurisdiction = ""
    /// Where voters write to.
    package var email = ""
    /// Where voters call.
    package var phone = ""
    /// Where voters send a fax; nil: nowhere.
    package var fax: String?
    /// The lines of the postal address.
    package var address: [String] = []
    /// Language tags, the office's own first.
    package var languages = ["en"]
    /// What every link page asks; the same for the whole office, so that no page tells which election a link is for.
    package var identityQuestion = IdentityQuestion.dateOfBirth
    /// Whether every page says SAMPLE.
    package var test = false
    /// The office's time zone, e.g. `America/New_York`: pages tell times in it where they do not know the election.
    package var timeZone = "UTC"
    /// The certificate of the office's authority, in PEM, with which anybody can check a packet; empty before it is known.
    package var authority = ""

    /// An empty notice, to be filled in.
    package init() {}

    /// What an office with this election says of itself.
    init(_ definition: ElectionDefinition, isTest: Bool, authority: String) {
        let office = definition.office
        officeName = office.name
        jurisdiction = definition.jurisdiction.name
        email = office.email
        phone = office.phone
        fax = office.fax
        address = office.address
        languages = definition.languages
        identityQuestion = definition.identityQuestion
        test = isTest
        timeZone = definition.timeZone.identifier
        self.authority = authority
    }

    /// As it is kept in `counter.sqlite`.
    package var json: JSONValue {
        [
            "office": .string(officeName), "jurisdiction": .string(jurisdiction), "email": .string(email), "phone": .string(phone),
            "fax": .optional(fax), "address": .array(address.map(JSONValue.string)), "languages": .array(languages.map(JSONValue.string)),
            "identity_question": .string(identityQuestion.rawValue), "test": .bool(test), "time_zone": .string(timeZone),
            "authority": .string(authority)
        ]
    }

    /// From what `json` wrote; throws where a member is missing.
    package init(json: JSONValue) throws {
        officeName = try json.requiredText("office")
        jurisdiction = try json.requiredText("jurisdiction")
        email = try json.requiredText("email")
        phone = try json.requiredText("phone")
        fax = json["fax"]?.stringValue
        address = json["address"]?.arrayValue?.compactMap(\.stringValue) ?? []
        languages = json["languages"]?.arrayValue?.compactMap(\.stringValue) ?? ["en"]
        identityQuestion = IdentityQuestion(rawValue: try json.requiredText("identity_question")) ?? .dateOfBirth
        test = json["test"]?.boolValue ?? false
        // A notice from before these were kept: the next import writes them.
        timeZone = json["time_zone"]?.stringValue ?? "UTC"
        authority = json["authority"]?.stringValue ?? ""
    }
}

/// What the public pages say about one election to somebody who has claimed a ballot of it or tracks one.
package struct PublicElection: Sendable, Equatable {
    /// The election's id, as in addresses and file names.
    package var code = ""
    /// The election's name.
    package var name = ""
    /// Election day, `YYYY-MM-DD`.
    package var date = ""
    /// The office's time zone, e.g. `America/New_York`: pages tell times in it.
    package var timeZone = ""
    /// The last moment at which a returned ballot counts.
    package var receipt: Instant
    /// The same for ballots from overseas, where the State has a later one.
    package var receiptOverseas: Instant?
    /// The last day of the postmark, `YYYY-MM-DD`, where the State has one; empty: it has none.
    package var postmark = ""
    /// From this moment no link opens.
    package var linksClose: Instant
    /// How the ballot must come back, by language.
    package var returnNotice: [String: String] = [:]

    /// An election of these parts.
    package init(
        code: String, name: String, date: String, timeZone: String, receipt: Instant, linksClose: Instant, returnNotice: [String: String]
    ) {
        self.code = code
        self.name = name
        self.date = date
        self.timeZone = timeZone
        self.receipt = receipt
        self.linksClose = linksClose
        self.returnNotice = returnNotice
    }

    /// What the pages say of this election.
    init(_ definition: ElectionDefinition) {
        let zone = definition.timeZone
        self.init(
            code: definition.id.text, name: definition.name, date: definition.date.description, timeZone: zone.identifier,
            receipt: definition.deadlines.receipt.instant(in: zone), linksClose: definition.deadlines.linksClose.instant(in: zone),
            returnNotice: definition.returnNotice)
        receiptOverseas = definition.deadlines.receiptOverseas?.instant(in: zone)
        postmark = definition.deadlines.postmark?.description ?? ""
    }

    /// As it is kept in `counter.sqlite`; times in milliseconds since 1970.
    package var json: JSONValue {
        [
            "code": .string(code), "name": .string(name), "date": .string(date), "time_zone": .string(timeZone),
            "receipt": .integer(receipt.milliseconds), "receipt_overseas": receiptOverseas.map { .integer($0.milliseconds) } ?? .null,
            "postmark": .string(postmark), "links_close": .integer(linksClose.milliseconds),
            "return_notice": .object(returnNotice.mapValues(JSONValue.string))
        ]
    }

    /// From what `json` wrote; throws where a text is missing.
    package init(json: JSONValue) throws {
        code = try json.requiredText("code")
        name = try json.requiredText("name")
        date = try json.requiredText("date")
        timeZone = try json.requiredText("time_zone")
        receipt = Instant(milliseconds: json["receipt"]?.integerValue ?? 0)
        // An election from before these were kept: the next import writes them.
        receiptOverseas = json["receipt_overseas"]?.integerValue.map { Instant(milliseconds: $0) }
        postmark = json["postmark"]?.stringValue ?? ""
        linksClose = Instant(milliseconds: json["links_close"]?.integerValue ?? 0)
        returnNotice = json["return_notice"]?.objectValue?.compactMapValues(\.stringValue) ?? [:]
    }
}

/// What the public pages must know about a packet after its claim; sealed with it.
package struct PacketCard: Sendable, Equatable {
    /// The ballot style's id.
    package var style: String
    /// The ballot style's name.
    package var styleName: String
    /// The packet's language tag.
    package var language: String
    /// The mailing country as the roll has it; empty: in the United States or not given.
    package var country: String
    /// The day by which to post it, `YYYY-MM-DD`.
    package var mailBy: String
    /// The code that opens the timeline; a secret of the voter.
    package var trackingCode: String
    /// `<election>-<style>`, without an ending.
    package var fileName: String
    /// Which of the office's own PDFs are in the packet.
    package var inserts: Set<Insert.Folder>

    /// A card of these parts.
    package init(
        style: String, styleName: String, language: String, country: String, mailBy: String, trackingCode: String, fileName: String,
        inserts: Set<Insert.Folder> = []
    ) {
        self.style = style
        self.styleName = styleName
        self.language = language
        self.country = country
        self.mailBy = mailBy
        self.trackingCode = trackingCode
        self.fileName = fileName
        self.inserts = inserts
    }

    /// As it is sealed with the packet.
    package var json: JSONValue {
        [
            "style": .string(style), "style_name": .string(styleName), "language": .string(language), "country": .string(country),
            "mail_by": .string(mailBy), "tracking_code": .string(trackingCode), "file_name": .string(fileName),
            "inserts": .array(inserts.map(\.rawValue).sorted().map(JSONValue.string))
        ]
    }

    /// From what `json` wrote; throws where a text is missing.
    package init(json: JSONValue) throws {
        self.init(
            style: try json.requiredText("style"), styleName: try json.requiredText("style_name"),
            language: try json.requiredText("language"), country: try json.requiredText("country"),
            mailBy: try json.requiredText("mail_by"),
            trackingCode: try json.requiredText("tracking_code"), fileName: try json.requiredText("file_name"),
            // A card from before these were kept names none.
            inserts: Set((json["inserts"]?.arrayValue ?? []).compactMap { $0.stringValue.flatMap(Insert.Folder.init) }))
    }
}

extension JSONValue {
    /// The text under a key of what we wrote ourselves; missing, the database was changed behind our back.
    func requiredText(_ key: String) throws -> String {
        guard let text = self[key]?.stringValue else {
            throw OfficeError(.broken, "A record in the database lacks \"\(key)\".", hint: "Run `uocava audit`.")
        }
        return text
    }
}

/// Text as it is sent to whoever takes it compressed.
package enum CompressedText {
    /// A gzip file (RFC 1952) of some bytes.
    package static func gzip(_ bytes: [UInt8]) -> [UInt8] { Deflate.gzip(bytes) }
}
