import Elections
import Office

/// A voter's number as somebody typed or pasted it.
enum TypedVoter {
    /// The number.
    ///
    /// - Throws: ``OfficeError`` `usage` where it only looks like what it says.
    static func id(_ text: String) throws -> VoterID {
        if let fault = VoterID.fault(in: text) {
            throw OfficeError(.usage, "The voter_id \(Printable.quote(text)) \(fault.what).", hint: fault.hint)
        }
        return VoterID(text)
    }
}
