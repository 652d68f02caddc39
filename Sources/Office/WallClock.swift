package import Elections
import Foundation

/// What time it is, passed in: rules never ask the system.
package struct WallClock: Sendable {
    /// The moment now.
    package let now: @Sendable () -> Instant

    /// A clock of one's own: tests move theirs by hand.
    package init(now: @escaping @Sendable () -> Instant) { self.now = now }

    /// The system's clock, in whole milliseconds.
    package static let system = WallClock { Instant(milliseconds: Int64((Date().timeIntervalSince1970 * 1000).rounded(.down))) }
}
