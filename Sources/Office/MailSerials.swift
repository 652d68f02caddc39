import Elections
import Packet
import Storage
import Synchronization

/// Numbers the envelopes of an office that has a Mailer ID, and makes their Intelligent Mail barcodes.
///
/// The Postal Service wants no serial number of a Mailer ID twice within 45 days: so they are counted on over all elections of the office, and
/// begin again only when the Mailer ID's digits are used up (a million or a thousand million).
final class MailSerials: Sendable {
    private let settings: ElectionDefinition.IntelligentMail
    private let capacity: Int64
    private let last: Atomic<Int64>

    /// nil for an election without `imb`. The caller holds the lock on issuing, so that nobody else counts on.
    init?(for election: ElectionDefinition, in books: Transaction) throws {
        guard let settings = election.imb else { return nil }
        guard let capacity = IntelligentMail.serialNumbers(of: settings.mailerID) else {
            throw OfficeError(
                .badInput, "The Mailer ID \(settings.mailerID) of \(election.id) has neither 6 nor 9 digits.",
                hint: "Correct imb.mailer_id in election.yaml and import the election again.")
        }
        self.settings = settings
        self.capacity = Int64(capacity)
        last = Atomic(Int64(try books.count("SELECT max(mail_serial) FROM ballot WHERE mail_serial IS NOT NULL")))
    }

    /// The next envelope's number and barcode.
    func next() throws -> (number: Int64, barcode: IntelligentMail) {
        let number = last.add(1, ordering: .relaxed).newValue
        return (
            number,
            try IntelligentMail(
                barcodeID: settings.barcodeID, serviceType: settings.serviceType, mailerID: settings.mailerID,
                serial: Int(number % capacity), routing: settings.routing)
        )
    }
}
