import Elections
import Mail
import Storage

/// Whom the letters of an election come from, and who gets the answers.
struct LetterSender {
    let from: MailAddress
    let replyTo: MailAddress

    /// - Throws: ``OfficeError`` `badInput`, which names the setting or the file that is wrong.
    init(of definition: ElectionDefinition, _ settings: Configuration.SMTP) throws {
        let isSet = !settings.from.isEmpty
        do {
            from = try Self.address(isSet ? settings.from : definition.office.email, name: definition.office.name)
        } catch let error as MailError {
            let place = isSet ? "smtp.from of \(Configuration.fileName)" : "office.email of \(definition.id) (election.yaml)"
            throw OfficeError(
                .badInput, "\(place): no letter can come from this address. \(error.message)",
                hint:
                    "The letters stay in the queue. Set smtp.from in \(Configuration.fileName) to an address of the office, then run this again."
            )
        }
        // Once ballots are out, office.email stays as it is. Where relays cannot carry it, answers go where the letters came from.
        replyTo = (try? Self.address(definition.office.email, name: definition.office.name)) ?? from
    }

    /// The address alone where the office's name cannot stand beside it, which must keep no letter back.
    private static func address(_ address: String, name: String) throws -> MailAddress {
        try (try? MailAddress(address, name: name)) ?? MailAddress(address)
    }

    /// Every election with a letter that waits has a sender: without one no letter is taken in hand, for it is no fault of theirs.
    static func check(in office: Office) throws {
        let elections = try office.books.read { transaction in
            let waiting = Set(
                try transaction.all("SELECT DISTINCT election FROM letter WHERE ended_at IS NULL") {
                    try $0.integer("election")
                })
            return try ElectionBook.all(in: transaction).filter { waiting.contains($0.id) }
        }
        for election in elections { _ = try LetterSender(of: election.definition, office.configuration.smtp) }
    }
}
