import Foundation
import Synchronization

/// What people call time zones.
package enum ZoneNames {
    /// `Eastern Time`, `hora oriental`; a name that nobody knows as it is.
    package static func name(of identifier: String, language: String) -> String {
        // Foundation knows UTC as GMT, and ICU calls that Greenwich's.
        if identifier == "UTC" || identifier == "GMT" { return "UTC" }
        guard let zone = TimeZone(identifier: identifier) else { return identifier }
        let key = "\(language) \(identifier)"
        if let known = names.withLock({ $0[key] }) { return known }
        let words = zone.localizedName(for: .generic, locale: Locale(identifier: language)) ?? identifier
        names.withLock { $0[key] = words }
        return words
    }

    /// Names that were looked up: an office has one zone, and ICU takes its time.
    private static let names = Mutex<[String: String]>([:])
}
