/// An Intelligent Mail barcode (USPS-B-3200): 65 bars of four kinds that say which piece of mail this is and where it goes.
///
/// The digits are checked here, by the rules and in the order of the Postal Service's own encoder; libzint makes the bars.
package struct IntelligentMail: Sendable, Equatable {
    /// Why the Postal Service's encoder refuses digits; the raw values are its return codes.
    package enum Refusal: Int, Sendable, Equatable, CaseIterable {
        /// The tracking code has not 20 characters.
        case trackingLength = 9
        /// The tracking code has something in it that is no digit.
        case trackingDigits = 10
        /// The barcode id's second digit is over 4.
        case barcodeID = 11
        /// The routing code has not 0, 5, 9 or 11 characters.
        case routingLength = 12
        /// The routing code has something in it that is no digit.
        case routingDigits = 13
    }

    /// Barcode id (2 digits), service type (3), Mailer ID (6 or 9) and serial number (9 or 6).
    package let tracking: String
    /// The destination's ZIP code: 0, 5, 9 or 11 digits.
    package let routing: String
    /// The bars: three rows for what rises, what every bar has, and what hangs down; a bar and the space beside it are a module each.
    let symbol: BarcodeSymbol

    /// The barcode of these digits; throws `barcode` with what is wrong, and the Postal Service's return code as the cause.
    package init(tracking: String, routing: String = "") throws(PacketError) {
        if let refusal = Self.refusal(tracking: tracking, routing: routing) { throw refusal.error }
        self.tracking = tracking
        self.routing = routing
        symbol = try BarcodeSymbol.intelligentMail(Array((routing.isEmpty ? tracking : tracking + "-" + routing).utf8))
    }

    /// The barcode of a piece of mail, from the office's settings and the piece's serial number.
    ///
    /// The serial number is below ``serialNumbers(of:)``, and no other piece of the mailer's may have it within 45 days. Throws
    /// `barcode` where a setting is not as it should be.
    package init(barcodeID: String, serviceType: String, mailerID: String, serial: Int, routing: String) throws(PacketError) {
        guard barcodeID.utf8.count == 2, serviceType.utf8.count == 3, let room = Self.serialNumbers(of: mailerID) else {
            throw PacketError(
                .barcode, "the settings of the Intelligent Mail barcode do not have the right lengths",
                hint: "A barcode id has 2 digits, a service type 3, a Mailer ID 9 if it begins with 9, and otherwise 6")
        }
        guard (0..<room).contains(serial) else {
            throw PacketError(
                .barcode, "the Mailer ID \(mailerID) has serial numbers from 0 to \(room - 1), and this is \(serial)",
                hint:
                    "Ask the Postal Service for a shorter Mailer ID, or wait until the numbers may be used again, 45 days after their mail")
        }
        let digits = String(serial)
        let zeros = String(repeating: "0", count: 15 - mailerID.utf8.count - digits.utf8.count)
        try self.init(tracking: barcodeID + serviceType + mailerID + zeros + digits, routing: routing)
    }

    /// How many serial numbers a Mailer ID has: a million with nine digits, which begin with 9; a thousand million with six, which do not.
    ///
    /// nil for what is no Mailer ID.
    package static func serialNumbers(of mailerID: String) -> Int? {
        let beginsWithNine = mailerID.utf8.first == UInt8(ascii: "9")
        return switch mailerID.utf8.count {
        case 6 where !beginsWithNine: 1_000_000_000
        case 9 where beginsWithNine: 1_000_000
        default: nil
        }
    }

    /// Why these digits make no barcode, or nil if they make one; blanks around the tracking code are not counted as part of it.
    package static func refusal(tracking: String, routing: String) -> Refusal? {
        func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
        let blank = UInt8(ascii: " ")
        guard tracking.utf8.count == 20, tracking.utf8.first != blank, tracking.utf8.last != blank else { return .trackingLength }
        guard tracking.utf8.allSatisfy(isDigit) else { return .trackingDigits }
        guard let second = tracking.utf8.dropFirst().first, second <= UInt8(ascii: "4") else { return .barcodeID }
        guard [0, 5, 9, 11].contains(routing.utf8.count) else { return .routingLength }
        return routing.utf8.allSatisfy(isDigit) ? nil : .routingDigits
    }

    /// The 65 bars from left to right: `F` for a full bar, `A` for one that rises, `D` for one that hangs down, `T` for a short one.
    package var bars: String {
        var letters = ""
        for column in stride(from: 0, to: symbol.width, by: 2) {
            switch (symbol.isBlack(column, row: 0), symbol.isBlack(column, row: 2)) {
            case (true, true): letters += "F"
            case (true, false): letters += "A"
            case (false, true): letters += "D"
            case (false, false): letters += "T"
            }
        }
        return letters
    }

    /// Whether the barcode has the ZIP+4 of its destination, so that a sorting machine need not read the address.
    package var hasZIP4: Bool { routing.utf8.count >= 9 }
}

extension IntelligentMail.Refusal {
    /// The same as an error that a person understands.
    fileprivate var error: PacketError {
        let (message, hint) =
            switch self {
            case .trackingLength:
                (
                    "the tracking code of an Intelligent Mail barcode must have 20 digits",
                    "They are barcode id (2), service type (3), Mailer ID (6 or 9) and serial number (9 or 6)"
                )
            case .trackingDigits: ("the tracking code of an Intelligent Mail barcode can have nothing but digits", "")
            case .barcodeID:
                (
                    "the second digit of an Intelligent Mail barcode must be from 0 to 4",
                    "Correct imb.barcode_id in election.yaml; ballot mail has \"00\""
                )
            case .routingLength:
                (
                    "the routing code of an Intelligent Mail barcode must have 5, 9 or 11 digits, or none",
                    "It is the ZIP code of the office: correct imb.routing in election.yaml"
                )
            case .routingDigits:
                (
                    "the routing code of an Intelligent Mail barcode can have nothing but digits",
                    "Write imb.routing in election.yaml without blanks and hyphens"
                )
            }
        return PacketError(.barcode, message, hint: hint, cause: "the Postal Service's return code \(rawValue < 10 ? "0" : "")\(rawValue)")
    }
}
