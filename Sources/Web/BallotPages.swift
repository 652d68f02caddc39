import Elections
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Office
import Synchronization

// What a visit opens: the packet's page and its two files.
extension PublicResponder {
    /// The page of the packet.
    func ballot(_ call: Call) async throws -> Response {
        guard let visit = try await visit(call) else { return try await noVisit(call) }
        let notice = try await notices.notice()
        let language = call.language
        let card = visit.packet.card
        let archive = try archive(visit, try await shelf.base(visit.baseHash), notice)
        let zone = PageNumbers.zone(visit.election.timeZone, language)
        let until = PageNumbers.moment(visit.expiresAt, zone: visit.election.timeZone, language)
        // A day that has passed would tell the voter to give up.
        let today = clock.now().civilDate(in: TimeZone(identifier: visit.election.timeZone) ?? .gmt)
        let postBy = CivilDate(card.mailBy).flatMap { $0 < today ? nil : $0 }.map {
            PageTexts.sentence("ballot_post_by", language, ["day": PageNumbers.day($0, language)])
        }
        let returnNotice = visit.election.returnNotice[language.tag] ?? PageTexts.sentence("return_notice", language)
        // In the order of the packet.
        let parts = ["cover", "instructions", "declaration", "ballot", "write-ins", "secrecy", "envelope"].filter { part in
            Insert.Folder(rawValue: part).map(card.inserts.contains) ?? true
        }
        let postmark = visit.election.postmark
        let values: [String: Any] = [
            "postmark": postmark.isEmpty ? "" : PageNumbers.day(postmark, language), "secrecy": card.inserts.contains(.secrecy),
            "parts": parts.map { PageTexts.sentence("ballot_part_\($0)", language) },
            "receipt": PageNumbers.moment(visit.election.receipt, zone: visit.election.timeZone, language),
            "overseas": visit.election.receiptOverseas.map { PageNumbers.moment($0, zone: visit.election.timeZone, language) } ?? "",
            "election": visit.election.name, "date": PageNumbers.day(visit.election.date, language), "style_name": card.styleName,
            "language": PageNumbers.languageName(card.language, language), "pdf": "/ballot/\(card.fileName).pdf",
            "zip": "/ballot/\(card.fileName).zip", "pdf_size": PageNumbers.size(visit.length), "zip_size": PageNumbers.size(archive.length),
            "again": PageTexts.sentence("ballot_again", language, ["until": until, "zone": zone]),
            "post_by": postBy ?? PageTexts.sentence("ballot_post", language), "return_notice": returnNotice, "code": card.trackingCode,
            "query": call.query
        ]
        return page(
            .ok,
            pages.render(
                .ballot, title: PageTexts.sentence("ballot_title", language), values, language: language, notice: notice, languages: true))
    }

    /// One of the two files, or a part of it.
    func file(_ call: Call, name: String) async throws -> Response {
        guard let visit = try await visit(call) else { return try await noVisit(call) }
        let base: BaseShelf.Base
        let content: FileContent
        let file: Counter.File
        switch name {
        case "\(visit.packet.card.fileName).pdf":
            base = try await shelf.base(visit.baseHash)
            (file, content) = (.pdf, FileContent.pdf(visit, base: base))
        case "\(visit.packet.card.fileName).zip":
            base = try await shelf.base(visit.baseHash)
            (file, content) = (.zip, FileContent.zip(try archive(visit, base, try await notices.notice()), base: base))
        default:
            return await missing(call)
        }
        guard base.length == visit.baseLength, file == .zip || content.length == visit.length else {
            throw OfficeError(.broken, "A packet's base and tail do not fit together.", hint: "Run `uocava audit`.")
        }
        return send(content, file, name: name, visit: visit, to: call)
    }

    /// Ends the visit, here and at the counter.
    func endVisit(_ call: Call) async throws -> Response {
        if let cookie = call.cookie(cookies) { try await counter.endVisit(cookie: cookie) }
        return await message(.ok, "ended", ["ended_body", "ended_next"], call.language, more: [.setCookie: cookies.ending])
    }

    private func archive(_ visit: Counter.Visit, _ base: BaseShelf.Base, _ notice: PublicNotice) throws -> PacketArchive {
        try PacketArchive(visit: visit, baseCRC: base.crc, officeName: notice.officeName, publicURL: publicURL)
    }

    private func visit(_ call: Call) async throws -> Counter.Visit? {
        guard let cookie = call.cookie(cookies) else { return nil }
        return try await counter.visit(cookie: cookie)
    }

    private func noVisit(_ call: Call) async throws -> Response {
        await message(.forbidden, "novisit", ["novisit_body", "novisit_next"], call.language)
    }

    // MARK: The bytes

    /// RFC 9110, 13.2.2: first `If-None-Match`, then `If-Range` and `Range`.
    private func send(_ content: FileContent, _ file: Counter.File, name: String, visit: Counter.Visit, to call: Call) -> Response {
        var fields = headers.with([.eTag: content.etag, .acceptRanges: "bytes"])
        // Of the whole file, whatever part of it is sent (RFC 9530): who has put parts together can check them.
        if file == .pdf { fields[.reprDigest] = "sha-256=:\(Data(visit.sha256).base64EncodedString()):" }
        if names(call.head.headerFields[.ifNoneMatch], content.etag) { return Response(status: .notModified, headers: fields) }
        fields[.contentType] = file == .pdf ? "application/pdf" : "application/zip"
        // The name is made of an election's and a style's id, both [A-Za-z0-9_-].
        fields[.contentDisposition] = "attachment; filename=\"\(name)\""
        var range = ByteRange.whole
        if call.head.method == .get, call.head.headerFields[.ifRange].map({ $0 == content.etag }) ?? true {
            range = ByteRange(call.head.headerFields[.range], length: content.length)
        }
        switch range {
        case .whole:
            return Response(status: .ok, headers: fields, body: body(content, 0..<content.length, file, visit: visit, to: call))
        case .part(let part):
            fields[.contentRange] = "bytes \(part.lowerBound)-\(part.upperBound - 1)/\(content.length)"
            return Response(status: .partialContent, headers: fields, body: body(content, part, file, visit: visit, to: call))
        case .unsatisfiable:
            var fields = headers.with([.eTag: content.etag, .acceptRanges: "bytes"])
            fields[.contentRange] = "bytes */\(content.length)"
            return Response(status: .rangeNotSatisfiable, headers: fields)
        }
    }

    /// How many bytes to hand to the connection at once: what a slow client over TLS makes us hold for him.
    private static let handful = 1 << 20

    private func body(_ content: FileContent, _ range: Range<Int>, _ file: Counter.File, visit: Counter.Visit, to call: Call)
        -> ResponseBody
    {
        // Nothing will be served, so nobody must wait for it, or write it down.
        guard call.head.method == .get else { return ResponseBody(contentLength: range.count) { _ in } }
        let channel = call.visitor.channel
        let slices = content.slices(range, of: channel.isStream ? FileContent.streamPieceLength : FileContent.pieceLength)
        let ledger = ServedLedger(
            counter: counter, file: file, range: range, fileLength: content.length, visit: visit, logger: call.visitor.logger)
        let delivery = Delivery(pieces: slices.map(\.readableBytes), on: channel.eventLoop) { ledger.note() }
        // Before the head is written, so that it goes out together with the first bytes.
        channel.triggerUserOutboundEvent(delivery, promise: nil)
        return ResponseBody(contentLength: range.count) { writer in
            // The seat is given back when this closure is released.
            defer { withExtendedLifetime(call) {} }
            var failure: (any Error)?
            do {
                var index = 0
                while index < slices.count {
                    var count = 0
                    let start = index
                    while index < slices.count, count < Self.handful {
                        count += slices[index].readableBytes
                        index += 1
                    }
                    try await writer.write(contentsOf: slices[start..<index])
                }
                try await writer.finish(nil)
            } catch {
                failure = error
            }
            let hasArrived = await delivery.arrived()
            ledger.close(sentCount: delivery.sentCount, hasArrived: hasArrived && failure == nil)
            if let failure { throw failure }
        }
    }
}

/// Writes down at the counter which bytes of a download left.
///
/// The last byte of a response counts only when all of it arrived, so a download that breaks off after the kernel took everything is no
/// delivery; the rest counts when it left, so that the voter may go on where he was cut off.
final class ServedLedger: Sendable {
    private let counter: Counter
    private let file: Counter.File
    private let range: Range<Int>
    private let fileLength: Int
    private let visit: Counter.Visit
    private let logger: Logger
    private let response: Int
    private let isNoted = Mutex(false)

    init(counter: Counter, file: Counter.File, range: Range<Int>, fileLength: Int, visit: Counter.Visit, logger: Logger) {
        self.counter = counter
        self.file = file
        self.range = range
        self.fileLength = fileLength
        self.visit = visit
        self.logger = logger
        response = counter.nextResponse()
    }

    /// The response takes long, and may outlive us: what the kernel has of it then goes out, and nobody can say how much that was. So all of
    /// it counts but the last byte, as long as nothing better is known.
    func note() {
        guard !visit.hasServed(part(range.count - 1), of: file) else { return }
        isNoted.withLock { $0 = true }
        record(part(range.count - 1), isOver: false)
    }

    /// The response is over.
    func close(sentCount: Int, hasArrived: Bool) {
        let served = part(hasArrived ? range.count : min(sentCount, range.count - 1))
        // A note must not stand that is not true any more.
        let isNews = !served.isEmpty && !visit.hasServed(served, of: file)
        if isNews || isNoted.withLock(\.self) { record(served, isOver: true) }
    }

    /// So many bytes from the response's beginning, where they are in the file.
    private func part(_ count: Int) -> Range<Int> { range.lowerBound..<(range.lowerBound + max(0, count)) }

    private func record(_ served: Range<Int>, isOver: Bool) {
        counter.served(
            served, of: file, length: fileLength, link: visit.link, ballot: visit.ballot, response: response, isOver: isOver
        ) { [logger] error in
            guard let error else { return }
            // The voter has the bytes; only the books lack them. A second download mends that.
            logger.error("served bytes could not be recorded", metadata: ["error": "\(error)"])
        }
    }
}
