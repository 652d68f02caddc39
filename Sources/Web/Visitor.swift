import HTTPTypes
import Hummingbird
import Logging
import NIOCore

/// The connection that a request came in on.
struct Visitor: InitializableFromSource, Sendable {
    let channel: any Channel
    let logger: Logger

    init(source: ApplicationRequestContextSource) {
        channel = source.channel
        logger = source.logger
    }
}

/// A request that has been read and sorted: what the desks are given.
struct Call: Sendable {
    let head: HTTPRequest
    let language: PageLanguage
    /// Whether the reader chose the language by a link, so that the next page must keep it.
    let isLanguageChosen: Bool
    /// The fields of a posted form.
    let form: [String: String]
    /// When all of it was here. A refusal is timed from now on, not from the first byte: otherwise somebody who sends his last byte just before
    /// a quarter of a second is over would see which of two answers took longer.
    let receivedAt: ContinuousClock.Instant
    /// Whom wrong answers count against.
    let address: String
    let visitor: Visitor
    /// Held until the response is through.
    let seat: Seat

    /// What the page's own links carry on: the language, where it was chosen.
    var query: String { isLanguageChosen ? "?lang=\(language.tag)" : "" }

    /// The visit's cookie, where the browser sent one.
    func cookie(_ cookies: SiteCookie) -> String? { cookies.value(in: head.headerFields) }
}
