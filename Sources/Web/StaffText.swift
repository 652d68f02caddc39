import Elections
import Foundation
import Office

/// How the desk writes numbers, days and the words of the books.
enum StaffText {
    /// `24,604`
    static func number(_ number: Int) -> String {
        let digits = Array(String(abs(number)))
        var text = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { text.append(",") }
            text.append(digit)
        }
        return number < 0 ? "-\(text)" : text
    }

    /// `Sep 18`
    static func shortDay(_ date: CivilDate) -> String { "\(months[date.month - 1]) \(date.day)" }

    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    /// `September 18, 2028`
    static func day(_ date: CivilDate) -> String { date.long(language: "en") }

    /// `Sep 18, 2028, 9:00 a.m.` on the office's wall.
    static func moment(_ moment: Instant, _ zone: TimeZone) -> String {
        let local = moment.localTime(in: zone)
        let hour = local.hour % 12 == 0 ? 12 : local.hour % 12
        let minute = local.minute < 10 ? "0\(local.minute)" : "\(local.minute)"
        return "\(shortDay(local.date)), \(local.date.year), \(hour):\(minute) \(local.hour < 12 ? "a.m." : "p.m.")"
    }

    /// How far off a day is: `in 12 days`, `today`, `3 days ago`.
    static func away(_ days: Int) -> String {
        switch days {
        case 0: "today"
        case 1: "tomorrow"
        case -1: "yesterday"
        case 2...: "in \(number(days)) days"
        default: "\(number(-days)) days ago"
        }
    }

    /// Where a ballot stands, in a clerk's words.
    static func status(_ status: BallotStatus?) -> String {
        switch status {
        case nil: "No ballot"
        case .issued: "Issued, letter waiting"
        case .sent: "Letter sent"
        case .undeliverable: "Letter undeliverable"
        case .claimed: "Opened"
        case .delivered: "Downloaded"
        case .received: "Came back, undecided"
        case .held: "On hold"
        case .accepted: "Accepted"
        case .rejected: "Rejected"
        case .replaced: "Replaced"
        case .cancelled: "Cancelled"
        }
    }

    /// What happened, from the journal's word, in a clerk's.
    static func event(_ word: String) -> String {
        switch word {
        case "letter_sent": "Letter taken by the relay"
        case "letter_queued": "Letter put into the outbox"
        case "letter_deferred": "Letter put off by the relay"
        case "letter_withdrawn": "Letter withdrawn"
        case "notice_letter": "A letter about the ballot"
        case "link_replaced": "New link"
        case "claimed": "Opened"
        case "delivered": "Downloaded in full"
        case "received": "Envelope came"
        case "held": "Put on hold"
        case "reversed": "Decision taken back"
        case "noted": "Note"
        case "replacement_queued": "Another ballot asked for"
        case "replacement_ended": "Other ballot not made"
        case "released": "Released, though protected"
        case "approval_asked": "A second person asked"
        case "approval_decided": "The second person decided"
        case "transmitted": "Sent elsewhere"
        case "counter_event_refused": "The site reported what cannot have happened"
        case _ where word.hasPrefix("piece_"): "Envelope without a code: \(word.dropFirst("piece_".count))"
        default: words(word)
        }
    }

    /// A word of the books as people read it: `letter_bounced` → `Letter bounced`.
    static func words(_ word: String) -> String {
        let text = word.replacingOccurrences(of: "_", with: " ").replacingOccurrences(of: "-", with: " ")
        return text.prefix(1).uppercased() + text.dropFirst()
    }
}
