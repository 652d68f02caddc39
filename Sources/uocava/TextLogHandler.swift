import Elections
import Foundation
import Logging
import Office

/// The log of the services: one line an event on stderr, `time level message key=value …`, for people and for grep.
///
/// Control characters are escaped, so that nothing a stranger sends can forge a line.
struct TextLogHandler: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level = .info

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// Makes this the log of the process; once, before the first logger.
    static func install() { LoggingSystem.bootstrap { _ in TextLogHandler() } }

    /// Writes one line.
    func log(event: LogEvent) {
        var all = metadata
        if let more = event.metadata { all.merge(more) { _, own in own } }
        Output.raw(Self.line(at: WallClock.system.now(), event.level, event.message.description, all) + "\n")
    }

    /// `2028-09-18T13:00:00.123Z info    listening port=8080`
    static func line(at moment: Instant, _ level: Logger.Level, _ message: String, _ metadata: Logger.Metadata) -> String {
        var text = "\(moment.rfc3339) \(level.rawValue.padding(toLength: 8, withPad: " ", startingAt: 0))\(Printable.escape(message))"
        for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
            let shown = Printable.escape(value.description)
            text += " \(key)=\(shown.contains(" ") ? "\"\(shown)\"" : shown)"
        }
        return text
    }
}
