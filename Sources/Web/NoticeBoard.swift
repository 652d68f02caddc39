import NIOCore
import Office
import Synchronization

/// The office's notice and its elections, kept for a moment, and the pages that depend on nothing else, rendered once.
///
/// A flood of requests for link pages reaches neither the database nor the templates.
final class NoticeBoard: Sendable {
    private let counter: Counter
    private let state = Mutex(State())
    /// How long a change by the office may take to show.
    private static let fresh = Duration.seconds(2)

    /// Every page in every language, a few times over.
    private static let most = 2048

    private struct State {
        var notice: PublicNotice?
        var elections: [PublicElection] = []
        var readAt: ContinuousClock.Instant?
        var pages: [String: KeptPage] = [:]
    }

    init(counter: Counter) { self.counter = counter }

    /// The notice; an empty one before the first election is imported.
    ///
    /// - Throws: what the database throws, where there is no earlier notice to go on with.
    func notice() async throws -> PublicNotice {
        let known = state.withLock { state in
            state.readAt.map { $0.duration(to: .now) < Self.fresh } ?? false ? state.notice : nil
        }
        if let known { return known }
        do {
            let notice = try await counter.notice() ?? PublicNotice()
            let elections = try await counter.elections()
            state.withLock { state in
                if state.notice != notice || state.elections != elections { state.pages = [:] }
                state.notice = notice
                state.elections = elections
                state.readAt = .now
            }
            return notice
        } catch {
            guard let last = state.withLock({ $0.notice }) else { throw error }
            return last
        }
    }

    /// The office's elections, as of the last look for the notice.
    var elections: [PublicElection] { state.withLock { $0.elections } }

    /// A page that depends only on the notice and its key; rendered when it is first asked for.
    func page(_ key: String, notice: PublicNotice, render: () -> ByteBuffer) -> KeptPage {
        let known = state.withLock { $0.notice == notice ? $0.pages[key] : nil }
        if let known { return known }
        let page = KeptPage(render())
        state.withLock { state in
            // The start page has a key for each day: what nobody asks for any more goes with the rest.
            if state.pages.count >= Self.most { state.pages = [:] }
            if state.notice == notice { state.pages[key] = page }
        }
        return page
    }
}

/// A page that is the same for everybody, ready to be sent in either way.
///
/// Only such pages are compressed. One that holds a secret beside something a stranger chose would tell by its length what they have in common.
struct KeptPage: Sendable {
    let plain: ByteBuffer
    let gzip: ByteBuffer

    init(_ page: ByteBuffer) {
        plain = page
        gzip = ByteBuffer(bytes: CompressedText.gzip(Array(page.readableBytesView)))
    }

    /// Whether a request takes gzip (RFC 9110, 12.5.3).
    static func isGzipWelcome(_ acceptEncoding: String?) -> Bool {
        guard let acceptEncoding else { return false }
        return acceptEncoding.split(separator: ",").prefix(32).contains { item in
            let parts = item.lowercased().split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" } }
            guard parts.first == "gzip" else { return false }
            return parts.dropFirst().allSatisfy { !$0.hasPrefix("q=") || Double($0.dropFirst(2)) ?? 0 > 0 }
        }
    }
}
