extension VoterRecord {
    /// The whole record in a few hundred bytes, to be sealed: the same record gives the same bytes.
    ///
    /// Version 1: the byte 1; class, location, form, method, status as their places in `allCases` (255: none); protected 0 or 1; birthday, request
    /// date and last day of validity as days since 1970, four bytes each, little-endian; number of preferences and each one's place; number of
    /// mailing lines; then the texts, each as its length in UTF-8 bytes (LEB128) and the bytes.
    package var encoded: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(384)
        bytes.append(VoterRecord.version)
        bytes.append(place(voterClass))
        bytes.append(location.map(place) ?? VoterRecord.none)
        bytes.append(place(form))
        bytes.append(method.map(place) ?? VoterRecord.none)
        bytes.append(place(status))
        bytes.append(protected ? 1 : 0)
        for date in [dateOfBirth, requestDate, validTo] {
            let days = UInt32(bitPattern: Int32(date.daysSince1970))
            for shift in [0, 8, 16, 24] as [UInt32] { bytes.append(UInt8(truncatingIfNeeded: days >> shift)) }
        }
        bytes.append(UInt8(clamping: preference.count))
        for wish in preference.prefix(255) { bytes.append(place(wish)) }
        bytes.append(UInt8(clamping: mailing.count))
        for text in [
            voterID.text, lastName, firstName, middleName, suffix, email, phone, precinct, party, statusReason, language, residence.line1,
            residence.line2, residence.city, residence.state, residence.zip, mailingCountry, ballotStyle?.text ?? ""
        ] { VoterRecord.append(text, to: &bytes) }
        for line in mailing.prefix(255) { VoterRecord.append(line, to: &bytes) }
        return bytes
    }

    /// The record that `encoded` wrote; throws a `Problem` where the bytes are no such record, or not to their last byte.
    package init(encoded: [UInt8]) throws(Problem) {
        var source = Source(bytes: encoded)
        guard try source.byte() == VoterRecord.version else { throw source.damaged }
        let voterClass: VoterClass = try source.word()
        let location: Location? = try source.optionalWord()
        let form: RequestForm = try source.word()
        let method: RequestMethod? = try source.optionalWord()
        let status: RequestStatus = try source.word()
        let protected = try source.byte()
        guard protected <= 1 else { throw source.damaged }
        let dateOfBirth = try source.date()
        let requestDate = try source.date()
        let validTo = try source.date()
        var preference: [Preference] = []
        for _ in 0..<(try source.byte()) { preference.append(try source.word()) }
        let mailingCount = try source.byte()
        let voterID = VoterID(try source.text())
        let lastName = try source.text()
        let firstName = try source.text()
        let middleName = try source.text()
        let suffix = try source.text()
        let email = try source.text()
        let phone = try source.text()
        let precinct = try source.text()
        let party = try source.text()
        let statusReason = try source.text()
        let language = try source.text()
        let residence = Residence(
            line1: try source.text(), line2: try source.text(), city: try source.text(), state: try source.text(), zip: try source.text())
        let mailingCountry = try source.text()
        let style = try source.text()
        var mailing: [String] = []
        for _ in 0..<mailingCount { mailing.append(try source.text()) }
        guard source.index == encoded.count else { throw source.damaged }
        self.init(
            voterID: voterID, lastName: lastName, firstName: firstName, middleName: middleName, suffix: suffix, dateOfBirth: dateOfBirth,
            email: email, phone: phone, precinct: precinct, party: party, voterClass: voterClass, location: location, form: form,
            method: method,
            requestDate: requestDate, status: status, statusReason: statusReason, validTo: validTo, preference: preference,
            language: language,
            protected: protected == 1, residence: residence, mailing: mailing, mailingCountry: mailingCountry,
            ballotStyle: style.isEmpty ? nil : StyleID(style))
    }

    private static let version: UInt8 = 1
    private static let none: UInt8 = 255

    private func place<Word: CaseIterable & Equatable>(_ word: Word) -> UInt8 {
        var place: UInt8 = 0
        for other in Word.allCases {
            if other == word { return place }
            place += 1
        }
        return VoterRecord.none
    }

    private static func append(_ text: String, to bytes: inout [UInt8]) {
        var length = text.utf8.count
        while length >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: length) | 0x80)
            length >>= 7
        }
        bytes.append(UInt8(length))
        bytes.append(contentsOf: text.utf8)
    }

    /// Reads the parts of an encoded record, never past its end.
    private struct Source {
        let bytes: [UInt8]
        var index = 0

        var damaged: Problem { Problem(what: "a voter's record is damaged at byte \(index) of \(bytes.count)") }

        mutating func byte() throws(Problem) -> UInt8 {
            guard index < bytes.count else { throw damaged }
            defer { index += 1 }
            return bytes[index]
        }

        mutating func word<Word: CaseIterable>() throws(Problem) -> Word where Word.AllCases == [Word] {
            let place = Int(try byte())
            guard place < Word.allCases.count else { throw damaged }
            return Word.allCases[place]
        }

        mutating func optionalWord<Word: CaseIterable>() throws(Problem) -> Word? where Word.AllCases == [Word] {
            guard index < bytes.count else { throw damaged }
            if bytes[index] == VoterRecord.none {
                index += 1
                return nil
            }
            return try word()
        }

        mutating func date() throws(Problem) -> CivilDate {
            guard index + 4 <= bytes.count else { throw damaged }
            var days: UInt32 = 0
            for offset in 0..<4 { days |= UInt32(bytes[index + offset]) << UInt32(8 * offset) }
            let date = CivilDate(daysSince1970: Int(Int32(bitPattern: days)))
            guard date.daysSince1970 == Int(Int32(bitPattern: days)) else { throw damaged }
            index += 4
            return date
        }

        mutating func text() throws(Problem) -> String {
            var length = 0
            var shift = 0
            while true {
                let part = try byte()
                length |= Int(part & 0x7F) << shift
                if part < 0x80 { break }
                shift += 7
                guard shift <= 21 else { throw damaged }
            }
            guard index + length <= bytes.count else { throw damaged }
            if length == 0 { return "" }
            let text = String(validating: bytes[index..<(index + length)], as: UTF8.self)
            guard let text else { throw damaged }
            index += length
            return text
        }
    }
}
