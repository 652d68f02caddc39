import HummingbirdCore
import Logging
import NIOCore
import Synchronization

/// Lets connections in, so many from each address and so many in all, and hands them on to what speaks with them.
///
/// Whoever is over the limit is hung up on before a byte is read: an answer over TLS would cost us more than it costs him.
struct FrontDoor<Inside: ServerChildChannel>: ServerChildChannel {
    let inside: Inside
    let guests: Guests
    let addresses: ClientAddress

    struct Value: ServerChildChannelValue {
        /// Nil where the connection was not let in.
        let inside: Inside.Value?
        let channel: any Channel
    }

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        guard let guest = guests.enter(addresses.counted(channel.remoteAddress)) else {
            channel.close(promise: nil)
            return channel.eventLoop.makeSucceededFuture(Value(inside: nil, channel: channel))
        }
        do {
            // First of all handlers, so that it sees what befalls the TCP connection itself.
            try channel.pipeline.syncOperations.addHandler(DoorKeeper(guest))
        } catch {
            return channel.eventLoop.makeFailedFuture(error)
        }
        return inside.setup(channel: channel, logger: logger).map { Value(inside: $0, channel: channel) }
    }

    func handle(value: Value, logger: Logger) async {
        guard let inside = value.inside else { return }
        await withTaskExecutorPreference(LoopExecutor(value.channel.eventLoop)) {
            await self.inside.handle(value: inside, logger: logger)
        }
    }
}

/// Stands at the door of one connection as long as it lasts: gives its place back at the end, hangs up on who never gets as far as a request,
/// and remembers how the connection ended.
final class DoorKeeper: ChannelDuplexHandler {
    typealias InboundIn = NIOAny
    typealias OutboundIn = NIOAny

    /// How long a client may take until the two sides understand each other: the handshake of TLS has no limit of its own.
    private static let patience = TimeAmount.seconds(20)

    /// How many bytes the other side had acknowledged when one of us closed; nil before.
    private(set) var acknowledgedAtEnd: UInt64?
    /// How far the connection was when it was last seen to end: by a close, a goodbye or a reset.
    private(set) var progressAtEnd: TCPProgress?
    /// Whether the other side broke off: a reset before any goodbye, as a client sends that goes away with bytes unread. After its goodbye a
    /// reset only answers what we send too late.
    private(set) var wasBrokenOff = false
    /// Whether there was an error, before a goodbye or after it: what our kernel held then did not go out.
    private(set) var wasReset = false
    private var guest: Guest?
    private var timer: Scheduled<Void>?

    init(_ guest: Guest) { self.guest = guest }

    func handlerAdded(context: ChannelHandlerContext) {
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: Self.patience) { context.close(promise: nil) }
    }

    func handlerRemoved(context: ChannelHandlerContext) { leave() }

    /// A request is being read on this connection; from now on others see to it that it does not drag on.
    func understood() {
        timer?.cancel()
        timer = nil
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .inputClosed? = event as? ChannelEvent { takeNote(context) }
        context.fireUserInboundEventTriggered(event)
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        if mode != .input { takeNote(context) }
        context.close(mode: mode, promise: promise)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        TCPProgress.of(context.channel) { self.progressAtEnd = $0 ?? self.progressAtEnd }
        wasReset = true
        if acknowledgedAtEnd == nil { wasBrokenOff = true }
        context.fireErrorCaught(error)
    }

    func channelInactive(context: ChannelHandlerContext) {
        leave()
        context.fireChannelInactive()
    }

    private func takeNote(_ context: ChannelHandlerContext) {
        TCPProgress.of(context.channel) { progress in
            self.progressAtEnd = progress ?? self.progressAtEnd
            if self.acknowledgedAtEnd == nil, !self.wasBrokenOff { self.acknowledgedAtEnd = progress?.bytesAcknowledged }
        }
    }

    private func leave() {
        understood()
        guest = nil
    }
}

/// The connections that are open, in all and by address.
final class Guests: Sendable {
    private let state = Mutex(State())
    private let most: Int
    private let mostOfOne: Int

    private struct State {
        var all = 0
        var byAddress: [String: Int] = [:]
    }

    /// - Parameters:
    ///   - most: `limits.connections`.
    ///   - mostOfOne: `limits.connections_per_address`.
    init(most: Int, mostOfOne: Int) {
        self.most = most
        self.mostOfOne = mostOfOne
    }

    /// A place for a connection, given back when nobody holds it any more; nil where there is none.
    ///
    /// - Parameter address: nil for one that is not counted, as a trusted proxy's.
    func enter(_ address: String?) -> Guest? {
        let isLetIn = state.withLock { state in
            guard state.all < most else { return false }
            if let address {
                guard state.byAddress[address, default: 0] < mostOfOne else { return false }
                state.byAddress[address, default: 0] += 1
            }
            state.all += 1
            return true
        }
        return isLetIn ? Guest(self, address) : nil
    }

    fileprivate func leave(_ address: String?) {
        state.withLock { state in
            state.all -= 1
            guard let address, let count = state.byAddress[address] else { return }
            state.byAddress[address] = count > 1 ? count - 1 : nil
        }
    }
}

/// One connection's place.
final class Guest: Sendable {
    private let guests: Guests
    private let address: String?

    fileprivate init(_ guests: Guests, _ address: String?) {
        self.guests = guests
        self.address = address
    }

    deinit { guests.leave(address) }
}
