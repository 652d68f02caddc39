import NIOCore
import Synchronization

/// How far one response has come: shared by the task that writes it and the connection that it goes out on.
final class Delivery: Sendable {
    /// Where in the body each of the pieces ends that it is written in.
    fileprivate let ends: [Int]
    private let sent = Mutex(0)
    private let onLong: @Sendable () -> Void
    private let outcome: EventLoopPromise<Bool>
    private static let grace = TimeAmount.milliseconds(250)

    /// - Parameters:
    ///   - pieces: the lengths of the pieces that the body will be written in.
    ///   - onLong: told once, where it takes long.
    init(pieces: [Int], on loop: any EventLoop, onLong: @escaping @Sendable () -> Void = {}) {
        self.onLong = onLong
        var end = 0
        ends = pieces.map { length in
            end += length
            return end
        }
        outcome = loop.makePromise(of: Bool.self)
    }

    // A response that is dropped before it was begun: whoever waits is told no.
    deinit { outcome.succeed(false) }

    /// How many bytes of the body are known to have left this machine, from its beginning.
    ///
    /// What waits in its kernel has not: a client that reads nothing never gets it. What left and was lost on the way an honest client asks for
    /// again; and since an acknowledgement may be lost as well, he can have all that left and ask for the rest only.
    var sentCount: Int { sent.withLock { $0 } }

    /// Whether all of it reached the other side; waits until that is known. The connection's end, the caller's cancellation and a client that
    /// reads nothing for long all mean no.
    func arrived() async -> Bool {
        await withTaskCancellationHandler {
            (try? await outcome.futureResult.get()) ?? false
        } onCancel: {
            // A client that has everything and goes may have us cancelled before we are told that it has.
            _ = outcome.futureResult.eventLoop.scheduleTask(in: Self.grace) { [outcome] in outcome.succeed(false) }
        }
    }

    /// Tells that so many bytes from the body's beginning have left; whether that is news.
    fileprivate func haveLeft(upTo count: Int) -> Bool {
        sent.withLock { sent in
            guard count > sent else { return false }
            sent = count
            return true
        }
    }

    fileprivate func takesLong() { onLong() }

    fileprivate func end(_ arrived: Bool) { outcome.succeed(arrived) }
}

/// Watches a response reach the other side. One on each connection, just above the HTTP encoder; with HTTP/2 one on each stream, which carries
/// one response and is over before its bytes are through: so the connection is what is asked.
///
/// What the socket took may still lie in the kernel: 400 KB do, at once, while the client has read nothing. So a response has arrived when the
/// other side's kernel has acknowledged every byte and the connection is still whole a moment later; a client that goes away with bytes unread
/// resets it. A proxy in front of us answers for itself: then this tells that the proxy has it.
///
/// The task that writes announces its response with a user event that carries a ``Delivery``; the next writes are its pieces and its end.
final class DeliveryHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = NIOAny
    typealias OutboundIn = NIOAny

    /// How long after the last acknowledgement a reset may still come. On one machine it takes microseconds; this much nobody notices.
    private static let settling = TimeAmount.milliseconds(100)
    /// A connection that takes not one byte for this long is closed: a ship's link at its worst takes some.
    private static let patience = TimeAmount.seconds(120)
    /// How often a connection that has not taken everything is asked how much has left; it is asked once more when it ends.
    private static let glance = TimeAmount.milliseconds(100)
    /// What takes longer than this takes long.
    private static let long = TimeAmount.milliseconds(300)

    private var delivery: Delivery?
    private var piecesSeen = 0
    private var isHeadWritten = false
    /// When this takes long, unless that is told already.
    private var isLongAt: NIODeadline?
    /// How many bytes of the body were handed to the connection to be sent.
    private var flushedLength = 0
    /// Where the last piece ends that the kernel has taken whole, and how many bytes it had been given on the connection by then.
    private var taken: (length: Int, position: UInt64?) = (0, nil)
    private var lastProgress = NIODeadline.now()
    private var lastAcknowledged: UInt64 = 0
    /// How many bytes the other side has acknowledged on the connection when the response's last is among them; nil until it was written.
    private var goal: UInt64?
    private var endReached = false
    private var isWhole = true
    /// The client has asked for something else or has closed its side: what a client does that has read everything.
    private var movedOn = false
    private var timer: Scheduled<Void>?
    private var postponedClose: EventLoopPromise<Void>?
    /// As long as this handler is in its pipeline.
    private var context: ChannelHandlerContext?
    /// The TCP connection, and who stands at its door.
    private var wire: (any Channel)?
    private var keeper: DoorKeeper?
    /// Whether this is a stream of HTTP/2.
    private var isStream = false

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        isStream = context.channel.isStream
        if isStream {
            try? context.pipeline.syncOperations.addHandler(StreamEnding(), position: .first)
        } else {
            OneHost.stand(in: context.pipeline)
        }
        let wire = isStream ? context.channel.parent ?? context.channel : context.channel
        self.wire = wire
        keeper = try? wire.pipeline.syncOperations.handler(type: DoorKeeper.self)
        keeper?.understood()
    }

    // MARK: Our side

    func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
        guard let delivery = event as? Delivery else {
            context.triggerUserOutboundEvent(event, promise: promise)
            return
        }
        self.delivery = delivery
        piecesSeen = 0
        isHeadWritten = false
        isLongAt = .now() + Self.long
        flushedLength = 0
        taken = (0, nil)
        endReached = false
        goal = nil
        movedOn = false
        lastProgress = .now()
        guard isWhole, context.channel.isActive else {
            finish(false)
            promise?.succeed()
            return
        }
        watch()
        promise?.succeed()
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard let delivery, piecesSeen <= delivery.ends.count else {
            context.write(data, promise: promise)
            return
        }
        guard isHeadWritten else {
            isHeadWritten = true
            context.write(data, promise: promise)
            return
        }
        let index = piecesSeen
        piecesSeen += 1
        let written = promise ?? context.eventLoop.makePromise(of: Void.self)
        written.futureResult.assumeIsolated().whenComplete { result in
            guard self.delivery === delivery else { return }
            guard case .success = result else { return self.finish(self.hasEndedWell) }
            self.lastProgress = .now()
            if index < delivery.ends.count {
                let isLast = index == delivery.ends.count - 1
                self.taken = (delivery.ends[index], nil)
                if isLast || self.isStream, let wire = self.wire {
                    TCPProgress.of(wire) { progress in
                        self.taken.position = progress?.bytesHandedOver
                        if isLast { self.goal = progress?.bytesHandedOver }
                    }
                }
            } else {
                self.endReached = true
                // Not everything is acknowledged the moment it is written. A client that moves on says so first.
                self.schedule(in: .milliseconds(2)) { self.look(pause: .milliseconds(4)) }
            }
        }
        context.write(data, promise: written)
    }

    func flush(context: ChannelHandlerContext) {
        // The head waits for the first bytes: one call to the kernel, and one wake-up of the client.
        if delivery != nil, piecesSeen == 0 { return }
        if let delivery { flushedLength = delivery.ends.prefix(piecesSeen).last ?? 0 }
        context.flush()
    }

    /// A close while bytes are under way would cut them off; Hummingbird asks for one when the service is told to stop.
    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        guard mode == .all, !isStream, let delivery, isWhole, piecesSeen > delivery.ends.count, postponedClose == nil else {
            context.close(mode: mode, promise: promise)
            return
        }
        postponedClose = promise ?? context.eventLoop.makePromise(of: Void.self)
    }

    // MARK: Their side

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        context.fireChannelRead(data)
        if endReached { clientMovedOn() }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        context.fireUserInboundEventTriggered(event)
        if endReached, case .inputClosed? = event as? ChannelEvent { clientMovedOn() }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        finish(hasEndedWell)
        isWhole = false
        context.fireErrorCaught(error)
    }

    func channelInactive(context: ChannelHandlerContext) {
        // Over TLS an orderly goodbye closes the connection at once; a reset would have come as an error first.
        if !isUnderWay {
            finish(hasEndedWell)
            isWhole = false
        }
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        if !isUnderWay { finish(false) }
        self.context = nil
    }

    /// A stream ends with the last byte that we hand over; what becomes of it the connection tells.
    private var isUnderWay: Bool { isStream && isWhole && (delivery.map { piecesSeen > $0.ends.count } ?? false) }

    private func clientMovedOn() {
        guard delivery != nil, !movedOn else { return }
        movedOn = true
        look(pause: .milliseconds(2))
    }

    // MARK: Looking

    /// Asks the kernel what is still under way, and again after a pause that doubles.
    private func look(pause: TimeAmount) {
        guard let delivery, let wire else { return }
        guard wire.isActive else { return finish(hasEndedWell) }
        tell(delivery)
        TCPProgress.of(wire) { progress in
            guard self.delivery != nil else { return }
            // A connection that is no TCP connection cannot say; then what the kernel took counts.
            guard let progress else { return self.settle() }
            if progress.bytesAcknowledged >= self.goal ?? progress.bytesHandedOver { return self.settle() }
            if progress.bytesAcknowledged != self.lastAcknowledged {
                self.lastAcknowledged = progress.bytesAcknowledged
                self.lastProgress = .now()
            }
            guard self.lastProgress + Self.patience > .now() else { return self.giveUp() }
            self.schedule(in: pause) { self.look(pause: min(pause * 2, .milliseconds(250))) }
        }
    }

    private func settle() {
        if movedOn {
            finish(true)
        } else {
            schedule(in: Self.settling) { self.finish(self.keeper?.wasBrokenOff != true) }
        }
    }

    /// Whether a connection that is over had brought everything.
    private var hasEndedWell: Bool {
        guard let keeper, let goal, let acknowledged = keeper.acknowledgedAtEnd else { return false }
        return !keeper.wasBrokenOff && acknowledged >= goal
    }

    /// While pieces are being written, sees how far they are, and drops a client that takes nothing for long.
    private func watch() {
        schedule(in: Self.glance) {
            guard let delivery = self.delivery, !self.endReached else { return }
            self.noteProgress()
            if self.lastProgress + Self.patience < .now() { return self.giveUp() }
            self.tell(delivery)
            self.watch()
        }
    }

    private func tell(_ delivery: Delivery) {
        guard let moment = isLongAt, moment <= .now() else { return }
        isLongAt = nil
        delivery.takesLong()
    }

    /// Asks how much of the body has left.
    ///
    /// At the end it matters who ended it. What the kernel holds when we close still goes out; when the client breaks off, or cancels a stream
    /// of HTTP/2, it has not gone. A connection that is over tells nothing any more: then its keeper has asked. Too little would leave a gap
    /// that an honest client never fills, since he has what he got.
    private func noteProgress(isLast: Bool = false) {
        guard let delivery, let wire else { return }
        var (length, position) = taken
        // Of what was flushed this waits in our own memory; the kernel has the rest. Heads and TLS add to it, so it errs on the safe side. A
        // stream of HTTP/2 cannot tell: more of it waits for the client's window. But its pieces are small.
        let waiting = isStream ? nil : try? wire.syncOptions?.getOption(.bufferedWritableBytes)
        if let waiting, flushedLength - waiting >= length { (length, position) = (flushedLength - waiting, nil) }
        let isBrokenOff = keeper?.wasReset == true || isStream && wire.isActive
        if isLast, !isBrokenOff {
            _ = delivery.haveLeft(upTo: length)
            return
        }
        TCPProgress.of(wire) { progress in
            guard let progress = progress ?? self.keeper?.progressAtEnd else { return }
            // Of each byte on the connection at most one is the body's.
            let behind = (position ?? progress.bytesHandedOver).subtractingReportingOverflow(progress.bytesThatLeft)
            if delivery.haveLeft(upTo: length - (behind.overflow ? 0 : Int(behind.partialValue))) { self.lastProgress = .now() }
        }
    }

    private func giveUp() {
        isWhole = false
        finish(false)
        context?.close(promise: nil)
        if isStream { wire?.close(promise: nil) }
    }

    private func schedule(in pause: TimeAmount, _ body: @escaping () -> Void) {
        timer?.cancel()
        timer = wire?.eventLoop.assumeIsolated().scheduleTask(in: pause, body)
    }

    private func finish(_ arrived: Bool) {
        timer?.cancel()
        timer = nil
        if !arrived { noteProgress(isLast: true) }
        delivery?.end(arrived)
        delivery = nil
        if let promise = postponedClose {
            postponedClose = nil
            if let context { context.close(promise: promise) } else { promise.succeed() }
        }
    }
}

extension Channel {
    /// Whether this is a stream of an HTTP/2 connection: its parent is the connection, whose parent is the listener.
    var isStream: Bool { parent?.parent != nil }
}
