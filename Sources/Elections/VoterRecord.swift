/// One row of the roll: a voter and the request for a ballot, as `voters.csv` gave them.
///
/// Empty strings stand for what was not given. All of it is personal data: it is kept sealed (`encoded`), and nothing here is for a log.
package struct VoterRecord: Sendable, Equatable {
    /// The office's number for the voter.
    package var voterID: VoterID
    /// The family name; never empty.
    package var lastName: String
    /// The given name.
    package var firstName: String
    /// Further given names or initials.
    package var middleName: String
    /// What follows the name, e.g. "Jr.".
    package var suffix: String
    /// In the past and not before 1900.
    package var dateOfBirth: CivilDate
    /// Checked by `EmailAddress`, or empty.
    package var email: String
    /// A telephone number, as it was written.
    package var phone: String
    /// The precinct or precinct split.
    package var precinct: String
    /// The party whose ballot was asked for; not the registration.
    package var party: String
    /// Of the request, not of the voter.
    package var voterClass: VoterClass
    /// Where the voter is, where the roll says it.
    package var location: Location?
    /// The form of the request.
    package var form: RequestForm
    /// How the request came, where the roll says it.
    package var method: RequestMethod?
    /// The day on which the office received the request.
    package var requestDate: CivilDate
    /// What the office made of the request.
    package var status: RequestStatus
    /// Why, in the words of the roll.
    package var statusReason: String
    /// The last day on which the request holds.
    package var validTo: CivilDate
    /// In the voter's order; empty where the voter said nothing.
    package var preference: [Preference]
    /// A language tag, or empty.
    package var language: String
    /// Whether the address is confidential, so that a person must release the ballot.
    package var protected: Bool
    /// The voting residence.
    package var residence: Residence
    /// 0 to 4 lines, none of them empty, without the country.
    package var mailing: [String]
    /// The country's name as the roll has it.
    package var mailingCountry: String
    /// The style that the roll itself names.
    package var ballotStyle: StyleID?

    /// The voting residence.
    package struct Residence: Sendable, Equatable {
        /// House number and street.
        package var line1: String
        /// Flat or unit.
        package var line2: String
        /// The city.
        package var city: String
        /// The State, usually by two letters.
        package var state: String
        /// The ZIP code.
        package var zip: String

        /// A residence with these parts.
        package init(line1: String = "", line2: String = "", city: String = "", state: String = "", zip: String = "") {
            self.line1 = line1
            self.line2 = line2
            self.city = city
            self.state = state
            self.zip = zip
        }
    }

    /// A record with the required columns, and empty or usual values for the others; `validTo` nil: 31 December of the request's year.
    package init(
        voterID: VoterID, lastName: String, firstName: String = "", middleName: String = "", suffix: String = "", dateOfBirth: CivilDate,
        email: String = "", phone: String = "", precinct: String, party: String = "", voterClass: VoterClass, location: Location? = nil,
        form: RequestForm, method: RequestMethod? = nil, requestDate: CivilDate, status: RequestStatus = .accepted,
        statusReason: String = "",
        validTo: CivilDate? = nil, preference: [Preference] = [], language: String = "", protected: Bool = false,
        residence: Residence = Residence(), mailing: [String] = [], mailingCountry: String = "", ballotStyle: StyleID? = nil
    ) {
        self.voterID = voterID
        self.lastName = lastName
        self.firstName = firstName
        self.middleName = middleName
        self.suffix = suffix
        self.dateOfBirth = dateOfBirth
        self.email = email
        self.phone = phone
        self.precinct = precinct
        self.party = party
        self.voterClass = voterClass
        self.location = location
        self.form = form
        self.method = method
        self.requestDate = requestDate
        self.status = status
        self.statusReason = statusReason
        self.validTo = validTo ?? CivilDate(year: requestDate.year, month: 12, day: 31) ?? requestDate
        self.preference = preference
        self.language = language
        self.protected = protected
        self.residence = residence
        self.mailing = mailing
        self.mailingCountry = mailingCountry
        self.ballotStyle = ballotStyle
    }

    /// First, middle and last name and suffix.
    package var fullName: String { joined([firstName, middleName, lastName, suffix]) }

    /// The voting residence as lines of an address; none of them empty.
    package var residenceLines: [String] {
        [residence.line1, residence.line2, joined([residence.city, residence.state, residence.zip])].filter { !$0.isEmpty }
    }

    /// Where the voter gets post: the lines and the country; the latter is left out for the United States' own military post (DMM 703.2).
    package var mailingLines: [String] {
        if mailing.isEmpty || mailingCountry.isEmpty || (isMilitaryPost && Countries.isUnitedStates(mailingCountry)) { return mailing }
        return mailing + [mailingCountry]
    }

    /// Whether a line has APO, FPO or DPO followed by AA, AE or AP: military and diplomatic post.
    package var isMilitaryPost: Bool { mailing.contains(where: VoterRecord.isMilitaryPost) }

    private static func isMilitaryPost(_ line: String) -> Bool {
        var office = false
        var word: UInt32 = 0
        var length = 0
        // Words packed into a number, capital letters only: APO is 0x41504F.
        func endsMilitary() -> Bool {
            defer {
                office = length == 3 && (word == 0x41504F || word == 0x46504F || word == 0x44504F)
                word = 0
                length = 0
            }
            return office && length == 2 && (word == 0x4141 || word == 0x4145 || word == 0x4150)
        }
        for byte in line.utf8 {
            if byte.isASCIILetterOrDigit || byte >= 0x80 {
                length += 1
                word = word << 8 | UInt32(byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "z") ? byte - 0x20 : byte)
            } else if length > 0 {
                if endsMilitary() { return true }
            }
        }
        return length > 0 && endsMilitary()
    }

    private func joined(_ parts: [String]) -> String { parts.filter { !$0.isEmpty }.joined(separator: " ") }
}

extension VoterRecord {
    /// The columns of `voters.csv`, in the order of the documentation.
    package enum Field: String, CaseIterable, Sendable, Hashable {
        case voterID = "voter_id"
        case lastName = "last_name"
        case firstName = "first_name"
        case middleName = "middle_name"
        case suffix
        case dateOfBirth = "date_of_birth"
        case email, phone, precinct, party
        case voterClass = "class"
        case location
        case requestForm = "request_form"
        case requestMethod = "request_method"
        case requestDate = "request_date"
        case requestStatus = "request_status"
        case requestStatusReason = "request_status_reason"
        case validTo = "valid_to"
        case preference, language, protected
        case residenceLine1 = "residence_line1"
        case residenceLine2 = "residence_line2"
        case residenceCity = "residence_city"
        case residenceState = "residence_state"
        case residenceZip = "residence_zip"
        case mailingLine1 = "mailing_line1"
        case mailingLine2 = "mailing_line2"
        case mailingLine3 = "mailing_line3"
        case mailingLine4 = "mailing_line4"
        case mailingCountry = "mailing_country"
        case ballotStyle = "ballot_style"

        /// The columns that a file must have, and that no row may leave empty.
        package static let required: [Field] = [
            .voterID, .lastName, .dateOfBirth, .precinct, .voterClass, .requestForm, .requestDate
        ]
    }

    /// The columns in which this record differs from the one before; what an import compares.
    package func changes(from old: VoterRecord) -> Set<Field> {
        Set(Field.allCases.filter { self[$0] != old[$0] })
    }

    /// The cell of a column as the file would hold it.
    package subscript(field: Field) -> String {
        switch field {
        case .voterID: voterID.text
        case .lastName: lastName
        case .firstName: firstName
        case .middleName: middleName
        case .suffix: suffix
        case .dateOfBirth: dateOfBirth.description
        case .email: email
        case .phone: phone
        case .precinct: precinct
        case .party: party
        case .voterClass: voterClass.rawValue
        case .location: location?.rawValue ?? ""
        case .requestForm: form.rawValue
        case .requestMethod: method?.rawValue ?? ""
        case .requestDate: requestDate.description
        case .requestStatus: status.rawValue
        case .requestStatusReason: statusReason
        case .validTo: validTo.description
        case .preference: preference.map(\.rawValue).joined(separator: ";")
        case .language: language
        case .protected: protected ? "yes" : "no"
        case .residenceLine1: residence.line1
        case .residenceLine2: residence.line2
        case .residenceCity: residence.city
        case .residenceState: residence.state
        case .residenceZip: residence.zip
        case .mailingLine1: mailingLine(0)
        case .mailingLine2: mailingLine(1)
        case .mailingLine3: mailingLine(2)
        case .mailingLine4: mailingLine(3)
        case .mailingCountry: mailingCountry
        case .ballotStyle: ballotStyle?.text ?? ""
        }
    }

    private func mailingLine(_ index: Int) -> String { mailing.indices.contains(index) ? mailing[index] : "" }
}
