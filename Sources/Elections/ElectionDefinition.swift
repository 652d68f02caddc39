package import Foundation

/// An election as the office describes it in `election.yaml`, with every default filled in and every rule checked.
package struct ElectionDefinition: Sendable, Equatable {
    /// Its id within the jurisdiction.
    package var id: ElectionID
    /// Its name, e.g. "General Election".
    package var name: String
    /// Election day.
    package var date: CivilDate
    /// Its kind; `general` where the file says nothing.
    package var type: ElectionType
    /// Whether it belongs into a test office, and only there.
    package var test: Bool
    /// Whose election it is.
    package var jurisdiction: Jurisdiction
    /// The zone of the office's clock, which all local times below mean.
    package var timeZone: TimeZone
    /// When ballots must be back.
    package var deadlines: Deadlines
    /// How to reach the office; 52 USC 20302(e) wants it with all materials.
    package var office: OfficeContact
    /// Language tags, at least one; the order is the order in which a missing language falls back.
    package var languages: [String]
    /// What a voter is asked before the link opens the packet.
    package var identityQuestion: IdentityQuestion
    /// Language tag to the file of the affirmation that the voter signs, relative to the election's folder; has the first language.
    package var declaration: [String: String]
    /// Language tag to the sentence that says how the ballot must come back; has the first language.
    package var returnNotice: [String: String]
    /// How many witnesses sign, 0 to 2.
    package var witnessLines: Int
    /// What a voter without a preference gets.
    package var noPreference: NoPreference
    /// The classes that get the federal-scope style.
    package var federalOnly: Set<VoterClass>
    /// How long the post takes.
    package var mailDays: MailDays
    /// How an e-mailed link is reported.
    package var reportedMode: ReportedMode
    /// The Intelligent Mail barcode's fixed parts, where the office has a Mailer ID.
    package var imb: IntelligentMail?

    /// Which of a posted and an e-mailed ballot counts where both come back.
    package var twoBallots = ReturnRules.TwoBallots.either

    /// The State or county that runs the election.
    package struct Jurisdiction: Sendable, Equatable {
        /// Its name, e.g. "District of Columbia".
        package var name: String
        /// The State's full name.
        package var state: String
        /// Its id, of the kind that `idType` says.
        package var id: JurisdictionID
        /// FIPS, OCD or the office's own.
        package var idType: JurisdictionIDType
    }

    /// Times on the office's clock.
    package struct Deadlines: Sendable, Equatable {
        /// The last moment at which a returned ballot counts.
        package var receipt: LocalTime
        /// The same for ballots from overseas, where the State has a later one.
        package var receiptOverseas: LocalTime?
        /// The last day of posting or postmark, where the State has one.
        package var postmark: CivilDate?
        /// When links stop to open packets; `receipt` where the file says nothing.
        package var linksClose: LocalTime

        /// The last moment for this voter's ballot.
        package func receipt(overseas: Bool) -> LocalTime { overseas ? receiptOverseas ?? receipt : receipt }
    }

    /// How to reach the office.
    package struct OfficeContact: Sendable, Equatable {
        /// Its name, e.g. "Board of Elections".
        package var name: String
        /// Its e-mail address.
        package var email: String
        /// Its telephone number, as people write it.
        package var phone: String
        /// Its fax number.
        package var fax: String?
        /// Its postal address, 1 to 6 lines, without the office's name.
        package var address: [String]
    }

    /// How many days before the deadline a ballot should be posted.
    package struct MailDays: Sendable, Equatable {
        /// From countries that `countries` does not name.
        package var standard: Int
        /// From within the United States and its territories.
        package var domestic: Int
        /// From APO, FPO and DPO addresses.
        package var military: Int
        /// From countries by ISO 3166-1 code.
        package var countries: [String: Int]

        /// What holds where the file says nothing: 21, 7 and 14 days.
        package static let standard = MailDays(standard: 21, domestic: 7, military: 14, countries: [:])
    }

    /// The fixed parts of an Intelligent Mail barcode (USPS-B-3200); digits only.
    package struct IntelligentMail: Sendable, Equatable {
        /// Two digits, the second 0 to 4.
        package var barcodeID: String
        /// Three digits (STID).
        package var serviceType: String
        /// Six digits that begin with 0 to 8, or nine that begin with 9.
        package var mailerID: String
        /// Nothing, or 5, 9 or 11 digits: the office's ZIP.
        package var routing: String
    }

    /// Which style a voter of the class gets.
    package func scope(of voterClass: VoterClass) -> Scope { federalOnly.contains(voterClass) ? .federal : .full }

    /// The last day on which requests of 45 days before are served in time, 52 USC 20302(a)(8)(A); a weekend does not move it.
    package var transmitBy: CivilDate { date.adding(days: -45) }

    /// The day until which all records are kept: 22 months, 52 USC 20701.
    package var keepUntil: CivilDate { date.adding(months: 22) }

    /// The languages to try for a voter who reads this one: it first, where the election has it, then the others in order.
    package func languages(preferring language: String) -> [String] {
        guard let index = Self.place(of: language, among: languages) else { return languages }
        return [languages[index]] + languages[..<index] + languages[(index + 1)...]
    }

    /// Which of these languages a voter gets who reads this one; nil: none fits. Registration systems write regions too: for `es-MX` it is
    /// `es`, where there is none nearer (RFC 4647 3.4).
    package static func place(of language: String, among languages: [String]) -> Int? {
        var range = language[...]
        while true {
            if let index = languages.firstIndex(where: { $0 == range }) { return index }
            guard let hyphen = range.lastIndex(of: "-") else { return nil }
            range = range[..<hyphen]
        }
    }

    /// The day by which a voter should post the ballot: the receipt deadline less the days that the post takes, and not after `postmark`.
    ///
    /// `country` is a name as the roll has it; an empty one, the United States and their territories are domestic. `militaryPost` says that the
    /// address is an APO, FPO or DPO: those count as overseas for the deadline, whatever country stands there. The class decides where the
    /// address does not: a citizen abroad without a country is not domestic.
    package func mailBy(country: String, class voterClass: VoterClass, militaryPost: Bool = false) -> CivilDate {
        let isOverseas = Self.isOverseas(country: country, class: voterClass, militaryPost: militaryPost)
        let days =
            if militaryPost { mailDays.military } else if !isOverseas { mailDays.domestic } else {
                Countries.code(of: country).flatMap { mailDays.countries[$0] } ?? mailDays.standard
            }
        let latest = deadlines.receipt(overseas: isOverseas).date.adding(days: -days)
        return min(latest, deadlines.postmark ?? latest)
    }

    private static func isOverseas(country: String, class voterClass: VoterClass, militaryPost: Bool) -> Bool {
        if militaryPost { return true }
        let isHome = Countries.code(of: country).map(Countries.isUnitedStatesOrTerritory)
        return !(isHome ?? (country.isEmpty && (voterClass.isMilitary || voterClass == .other)))
    }

    /// Whether the later of two receipt deadlines is this voter's: by the address on the roll, as in ``mailBy(country:class:militaryPost:)``.
    package func isOverseas(_ voter: VoterRecord) -> Bool {
        Self.isOverseas(country: voter.mailingCountry, class: voter.voterClass, militaryPost: voter.isMilitaryPost)
    }

    /// The same for the address that is on the roll.
    package func mailBy(for voter: VoterRecord) -> CivilDate {
        mailBy(country: voter.mailingCountry, class: voter.voterClass, militaryPost: voter.isMilitaryPost)
    }
}
