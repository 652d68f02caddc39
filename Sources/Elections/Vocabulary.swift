/// NIST SP 1500-102's VoterClassificationType, as far as UOCAVA goes.
package enum VoterClass: String, CaseIterable, Sendable, Hashable {
    // The order is part of `VoterRecord.encoded`: add at the end only.
    case activeDuty = "active-duty"
    case activeDutySpouseOrDependent = "active-duty-spouse-or-dependent"
    case activatedNationalGuard = "activated-national-guard"
    case citizenAbroadIntentToReturn = "citizen-abroad-intent-to-return"
    case citizenAbroadReturnUncertain = "citizen-abroad-return-uncertain"
    case citizenAbroadNeverResided = "citizen-abroad-never-resided"
    case other

    /// Whether EAVS counts the voter under "uniformed services".
    package var isMilitary: Bool {
        switch self {
        case .activeDuty, .activeDutySpouseOrDependent, .activatedNationalGuard: true
        default: false
        }
    }

    /// The class in words, for the declaration and the staff's screens; English where the language has none here.
    package func words(language: String) -> String {
        let spanish = language == "es" || language.hasPrefix("es-")
        return switch self {
        case .activeDuty:
            spanish ? "Miembro de las fuerzas uniformadas en servicio activo" : "Member of the uniformed services on active duty"
        case .activeDutySpouseOrDependent:
            spanish ? "Cónyuge o dependiente de un miembro en servicio activo" : "Spouse or dependent of a member on active duty"
        case .activatedNationalGuard:
            spanish ? "Guardia Nacional activada por orden estatal" : "Activated National Guard member on State orders"
        case .citizenAbroadIntentToReturn:
            spanish ? "Ciudadano en el extranjero con intención de regresar" : "U.S. citizen abroad, intends to return"
        case .citizenAbroadReturnUncertain:
            spanish ? "Ciudadano en el extranjero, regreso incierto" : "U.S. citizen abroad, return uncertain"
        case .citizenAbroadNeverResided:
            spanish ? "Ciudadano que nunca ha residido en los Estados Unidos" : "U.S. citizen who has never lived in the United States"
        case .other: spanish ? "Otro" : "Other"
        }
    }
}

/// Where the voter is.
package enum Location: String, CaseIterable, Sendable, Hashable {
    // The order is part of `VoterRecord.encoded`: add at the end only.
    case domestic, overseas
}

/// The form that asked for the ballot; ESB's RequestType.
package enum RequestForm: String, CaseIterable, Sendable, Hashable {
    // The order is part of `VoterRecord.encoded`: add at the end only.
    case fpca, fwab
    case stateApplication = "state-application"
    case informalRequest = "informal-request"
    case nvra
}

/// How the request reached the office; ESB's RequestMethod.
package enum RequestMethod: String, CaseIterable, Sendable, Hashable {
    // The order is part of `VoterRecord.encoded`: add at the end only.
    case mail, email, fax, online
    case inPerson = "in-person"
    case phone
}

/// What the office made of the request; ESB's RequestStatusType. Only accepted ones get a ballot.
package enum RequestStatus: String, CaseIterable, Sendable, Hashable {
    // The order is part of `VoterRecord.encoded`: add at the end only.
    case accepted, pending, rejected, cancelled
}

/// A way in which the voter wants the blank ballot; the first one decides. E-mail and online both mean the link.
package enum Preference: String, CaseIterable, Sendable, Hashable {
    // The order is part of `VoterRecord.encoded`: add at the end only.
    case email, online, mail, fax

    /// Whether the link serves this wish.
    package var isElectronic: Bool { self == .email || self == .online }
}

/// Whether a style holds every contest or the federal ones only.
package enum Scope: String, CaseIterable, Sendable, Hashable {
    case full, federal
}

/// What the voter is asked before the link opens the packet.
package enum IdentityQuestion: String, CaseIterable, Sendable, Hashable {
    case dateOfBirth = "date-of-birth"
    case lastFourOfID = "last-four-of-id"
    case none
}

/// What a voter without any preference gets; 52 USC 20302(f)(2) allows e-mail only where State law does.
package enum NoPreference: String, CaseIterable, Sendable, Hashable {
    case mail, email
}

/// How an e-mailed link is reported in EAVS and ESB.
package enum ReportedMode: String, CaseIterable, Sendable, Hashable {
    case email, online
}

/// NIST SP 1500-100's ElectionType.
package enum ElectionType: String, CaseIterable, Sendable, Hashable {
    case general, other
    case partisanPrimaryClosed = "partisan-primary-closed"
    case partisanPrimaryOpen = "partisan-primary-open"
    case primary, runoff, special
}

/// What kind of id a jurisdiction's id is; ESB's JurisdictionIdType.
package enum JurisdictionIDType: String, CaseIterable, Sendable, Hashable {
    case fips, local
    case ocdID = "ocd-id"
}
