import NIOCore
import Synchronization

/// How far one response has come: shared by the task that writes it and the connection that it goes out on.
final class Delivery: Sendable {
    /// Where in the body each of the pieces ends that it is written in.
    fileprivate let ends: [Int]
    private let accepted = Mutex(0)
    private let outcome: EventLoopPromise<Bool>

    /// - Parameter pieces: the lengths of the pieces that the body will be written in.
    init(pieces: [Int], on loop: any EventLoop) {
        var end = 0
        ends = pieces.map { length in
            end += length
            return end
        }
        outcome = loop.makePromise(of: Bool.self)
    }

    // A response that is dropped before it was begun: whoever waits is told no.
    deinit { outcome.succeed(false) }

    /// How many bytes of the body the socket has taken, from its beginning.
    var acceptedCount: Int { accepted.withLock { $0 } }

    /// Whether all of it reached the other side; waits until that is known. The connection's end, the caller's cancellation and a client that
    /// reads nothing for long all mean no.
    func arrived() async -> Bool {
        await withTaskCancellationHandler {
            (try? await outcome.futureResult.get()) ?? false
        } onCancel: {
            outcome.succeed(false)
        }
    }

    /// Tells that the socket has taken so many bytes from the body's beginning; whether that is news.
    fileprivate func accept(upTo count: Int) -> Bool {
        accepted.withLock { accepted in
            guard count > accepted else { return false }
            accepted = count
            return true
        }
    }

    fileprivate func end(_ arrived: Bool) { outcome.succeed(arrived) }
}

/// Watches a response reach the other side. One on each connection, just above the HTTP encoder.
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
    /// How often a connection that has not taken everything is asked how much it has. What a voter got must be known to have left when the
    /// connection breaks off, or the rest that he fetches later would not complete it; what lies in the kernel between us lasts longer than this.
    private static let glance = TimeAmount.milliseconds(100)

    private var delivery: Delivery?
    private var piecesSeen = 0
    /// How many bytes of the body were handed to the connection to be sent.
    private var flushedLength = 0
    private var lastProgress = NIODeadline.now()
    private var lastAcknowledged: UInt64 = 0
    private var endReached = false
    private var isWhole = true
    /// The client has asked for something else or has closed its side: what a client does that has read everything.
    private var movedOn = false
    private var timer: Scheduled<Void>?
    private var postponedClose: EventLoopPromise<Void>?

    // MARK: Our side

    func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
        guard let delivery = event as? Delivery else {
            context.triggerUserOutboundEvent(event, promise: promise)
            return
        }
        self.delivery = delivery
        piecesSeen = 0
        flushedLength = 0
        endReached = false
        movedOn = false
        lastProgress = .now()
        guard isWhole, context.channel.isActive else {
            finish(context, false)
            promise?.succeed()
            return
        }
        watch(context)
        promise?.succeed()
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard let delivery, piecesSeen <= delivery.ends.count else {
            context.write(data, promise: promise)
            return
        }
        let index = piecesSeen
        piecesSeen += 1
        let written = promise ?? context.eventLoop.makePromise(of: Void.self)
        written.futureResult.assumeIsolated().whenSuccess {
            guard self.delivery === delivery else { return }
            self.lastProgress = .now()
            if index < delivery.ends.count {
                _ = delivery.accept(upTo: delivery.ends[index])
            } else {
                self.endReached = true
                self.look(context, pause: .milliseconds(2))
            }
        }
        context.write(data, promise: written)
    }

    func flush(context: ChannelHandlerContext) {
        if let delivery, piecesSeen > 0 { flushedLength = delivery.ends.prefix(piecesSeen).last ?? 0 }
        context.flush()
    }

    /// A close while bytes are under way would cut them off; Hummingbird asks for one when the service is told to stop.
    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        guard mode == .all, let delivery, isWhole, piecesSeen > delivery.ends.count, postponedClose == nil else {
            context.close(mode: mode, promise: promise)
            return
        }
        postponedClose = promise ?? context.eventLoop.makePromise(of: Void.self)
    }

    // MARK: Their side

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        context.fireChannelRead(data)
        if endReached { clientMovedOn(context) }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        context.fireUserInboundEventTriggered(event)
        if endReached, case .inputClosed? = event as? ChannelEvent { clientMovedOn(context) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        isWhole = false
        finish(context, false)
        context.fireErrorCaught(error)
    }

    func channelInactive(context: ChannelHandlerContext) {
        // Over TLS an orderly goodbye closes the connection at once; a reset would have come as an error first.
        finish(context, endReached && isWhole)
        isWhole = false
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        finish(context, false)
    }

    private func clientMovedOn(_ context: ChannelHandlerContext) {
        guard delivery != nil, !movedOn else { return }
        movedOn = true
        look(context, pause: .milliseconds(2))
    }

    // MARK: Looking

    /// Asks the kernel what is still under way, and again after a pause that doubles.
    private func look(_ context: ChannelHandlerContext, pause: TimeAmount) {
        guard delivery != nil, let socket = context.channel as? any SocketOptionProvider else {
            finish(context, true)
            return
        }
        let question: EventLoopFuture<TCPProgress> = socket.unsafeGetSocketOption(level: .tcp, name: .tcp_info)
        question.assumeIsolated().whenComplete { result in
            guard self.delivery != nil else { return }
            // A socket that is no TCP socket cannot say; then what the kernel took counts.
            guard case .success(let progress) = result else { return self.settle(context) }
            if progress.isEverythingAcknowledged { return self.settle(context) }
            if progress.bytesAcknowledged != self.lastAcknowledged {
                self.lastAcknowledged = progress.bytesAcknowledged
                self.lastProgress = .now()
            }
            guard self.lastProgress + Self.patience > .now() else { return self.giveUp(context) }
            self.schedule(context, in: pause) { self.look(context, pause: min(pause * 2, .milliseconds(250))) }
        }
    }

    private func settle(_ context: ChannelHandlerContext) {
        if movedOn {
            finish(context, true)
        } else {
            schedule(context, in: Self.settling) { self.finish(context, true) }
        }
    }

    /// While pieces are being written, sees how far they are, and drops a client that takes nothing for long.
    private func watch(_ context: ChannelHandlerContext) {
        schedule(context, in: Self.glance) {
            guard let delivery = self.delivery, !self.endReached else { return }
            // Of what was handed over this waits in our own memory; the kernel has the rest. Heads and TLS add to it, so it errs on the safe side.
            if let waiting = try? context.channel.syncOptions?.getOption(.bufferedWritableBytes),
                delivery.accept(upTo: self.flushedLength - waiting)
            {
                self.lastProgress = .now()
            }
            if self.lastProgress + Self.patience < .now() { return self.giveUp(context) }
            self.watch(context)
        }
    }

    private func giveUp(_ context: ChannelHandlerContext) {
        isWhole = false
        finish(context, false)
        context.close(promise: nil)
    }

    private func schedule(_ context: ChannelHandlerContext, in pause: TimeAmount, _ body: @escaping () -> Void) {
        timer?.cancel()
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: pause, body)
    }

    private func finish(_ context: ChannelHandlerContext, _ arrived: Bool) {
        timer?.cancel()
        timer = nil
        delivery?.end(arrived)
        delivery = nil
        if let promise = postponedClose {
            postponedClose = nil
            context.close(promise: promise)
        }
    }
}

/// The beginning of Linux's `struct tcp_info` (linux/tcp.h), as far as it is needed; glibc's own stops before what we ask for.
private struct TCPProgress: Sendable {
    // Eight fields of a byte each, the last of them flags: state, congestion, retransmits, probes, backoff, options, scales.
    private var states: UInt64 = 0
    // rto, ato, snd_mss, rcv_mss
    private var timing: (UInt32, UInt32, UInt32, UInt32) = (0, 0, 0, 0)
    /// Segments that were sent and not acknowledged.
    private var unacknowledgedSegments: UInt32 = 0
    // sacked, lost, retrans, fackets; last data sent, ack sent, data received, ack received
    private var losses: (UInt32, UInt32, UInt32, UInt32) = (0, 0, 0, 0)
    private var lasts: (UInt32, UInt32, UInt32, UInt32) = (0, 0, 0, 0)
    // pmtu, rcv_ssthresh, rtt, rttvar, snd_ssthresh, snd_cwnd, advmss, reordering; rcv_rtt, rcv_space, total_retrans
    private var path: (UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32) = (0, 0, 0, 0, 0, 0, 0, 0)
    private var more: (UInt32, UInt32, UInt32) = (0, 0, 0)
    private var pacing: (UInt64, UInt64) = (0, 0)
    /// Bytes that the other side has acknowledged since the connection began.
    var bytesAcknowledged: UInt64 = 0
    private var bytesReceived: UInt64 = 0
    private var segments: (UInt32, UInt32) = (0, 0)
    /// Bytes that wait in the kernel to be sent.
    private var unsentBytes: UInt32 = 0
    private var leastRTT: UInt32 = 0

    var isEverythingAcknowledged: Bool { unacknowledgedSegments == 0 && unsentBytes == 0 }
}
