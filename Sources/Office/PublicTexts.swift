package import Elections
import Storage

/// What the public pages say about the office, whoever asks: the same for every link.
package struct PublicNotice: Sendable, Equatable {
    package var officeName = ""
    package var jurisdiction = ""
    package var email = ""
    package var phone = ""
    package var fax: String?
    package var address: [String] = []
    package var languages = ["en"]
    package var identityQuestion = IdentityQuestion.dateOfBirth
    package var test = false

    package init() {}

    package var json: JSONValue {
        [
            "office": .string(officeName), "jurisdiction": .string(jurisdiction), "email": .string(email), "phone": .string(phone),
            "fax": .optional(fax), "address": .array(address.map(JSONValue.string)), "languages": .array(languages.map(JSONValue.string)),
            "identity_question": .string(identityQuestion.rawValue), "test": .bool(test),
        ]
    }

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
    }
}

/// What the public pages say about one election to somebody who has claimed a ballot of it or tracks one.
package struct PublicElection: Sendable, Equatable {
    package var code = ""
    package var name = ""
    package var date = ""
    package var timeZone = ""
    package var receipt: Instant
    package var linksClose: Instant
    package var returnNotice: [String: String] = [:]

    package init(code: String, name: String, date: String, timeZone: String, receipt: Instant, linksClose: Instant, returnNotice: [String: String]) {
        self.code = code
        self.name = name
        self.date = date
        self.timeZone = timeZone
        self.receipt = receipt
        self.linksClose = linksClose
        self.returnNotice = returnNotice
    }

    package var json: JSONValue {
        [
            "code": .string(code), "name": .string(name), "date": .string(date), "time_zone": .string(timeZone),
            "receipt": .integer(receipt.milliseconds), "links_close": .integer(linksClose.milliseconds),
            "return_notice": .object(returnNotice.mapValues(JSONValue.string)),
        ]
    }

    package init(json: JSONValue) throws {
        code = try json.requiredText("code")
        name = try json.requiredText("name")
        date = try json.requiredText("date")
        timeZone = try json.requiredText("time_zone")
        receipt = Instant(milliseconds: json["receipt"]?.integerValue ?? 0)
        linksClose = Instant(milliseconds: json["links_close"]?.integerValue ?? 0)
        returnNotice = json["return_notice"]?.objectValue?.compactMapValues(\.stringValue) ?? [:]
    }
}

/// What the public pages must know about a packet after its claim; sealed with it.
package struct PacketCard: Sendable, Equatable {
    package var style: String
    package var styleName: String
    package var language: String
    package var country: String
    /// The day by which to post it, `YYYY-MM-DD`.
    package var mailBy: String
    package var trackingCode: String
    /// `<election>-<style>`, without an ending.
    package var fileName: String

    package init(
        style: String, styleName: String, language: String, country: String, mailBy: String, trackingCode: String, fileName: String
    ) {
        self.style = style
        self.styleName = styleName
        self.language = language
        self.country = country
        self.mailBy = mailBy
        self.trackingCode = trackingCode
        self.fileName = fileName
    }

    package var json: JSONValue {
        [
            "style": .string(style), "style_name": .string(styleName), "language": .string(language), "country": .string(country),
            "mail_by": .string(mailBy), "tracking_code": .string(trackingCode), "file_name": .string(fileName),
        ]
    }

    package init(json: JSONValue) throws {
        self.init(
            style: try json.requiredText("style"), styleName: try json.requiredText("style_name"),
            language: try json.requiredText("language"), country: try json.requiredText("country"), mailBy: try json.requiredText("mail_by"),
            trackingCode: try json.requiredText("tracking_code"), fileName: try json.requiredText("file_name"))
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
