/// What a packet says of its voter.
///
/// Plain text in any Unicode form; it is set in Normalization Form C. Empty lines are left out.
package struct VoterText: Sendable, Equatable {
    /// The voter's full name; a character that no font has makes the packet impossible.
    package var name: String
    /// The voting residence, up to four lines.
    package var residence: [String]
    /// The voter's class in words, in the packet's language.
    package var voterClass: String
    /// The present mailing address without name and country, up to five lines.
    package var mailing: [String]
    /// The country, as the last line of the address; nil or empty at home.
    package var mailingCountry: String?
    /// `R-XXXX-XXXX-XXXX`.
    package var returnCode: String
    /// `T-XXXX-XXXX-XXXX-XXXX-XXXX`.
    package var trackingCode: String
    /// The tracking page's address with the code in it; goes into the QR code too.
    package var trackingURL: String
    /// The last day of posting, as it is to be read; nil prints "the earliest day you can".
    package var postBy: String?
    /// The barcode for the Postal Service; nil, or a base without a place for it (``OfficeText/imbConfigured``), prints none.
    package var imb: IntelligentMail?

    /// All of it.
    package init(
        name: String, residence: [String], voterClass: String, mailing: [String], mailingCountry: String? = nil, returnCode: String,
        trackingCode: String, trackingURL: String, postBy: String? = nil, imb: IntelligentMail? = nil
    ) {
        self.name = name
        self.residence = residence
        self.voterClass = voterClass
        self.mailing = mailing
        self.mailingCountry = mailingCountry
        self.returnCode = returnCode
        self.trackingCode = trackingCode
        self.trackingURL = trackingURL
        self.postBy = postBy
        self.imb = imb
    }
}

/// One voter's part of a packet: appended to the base, it is the PDF.
package struct Tail: Sendable {
    /// The incremental update, signature and all.
    package var bytes: [UInt8]
    /// The signature's CMS, as the closure gave it.
    package var cms: [UInt8]
    /// The address lines that became ruled lines to fill in, because no font has a character of theirs: numbered from 0 through `residence`,
    /// then `mailing`, then the country.
    package var addressByHand: [Int]
}
