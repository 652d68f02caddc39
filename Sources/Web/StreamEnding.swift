import NIOCore
import NIOHTTP2

/// Ends a stream of HTTP/2 with the frame that carries the body's last bytes, and not with an empty one behind it.
///
/// A client that knows the length may go away as soon as it has counted its bytes. An empty frame would lie unread in its system, which would
/// then answer it with a reset, and nobody could tell that from a client that went away in the middle.
final class StreamEnding: ChannelOutboundHandler, RemovableChannelHandler {
    typealias OutboundIn = HTTP2Frame.FramePayload
    typealias OutboundOut = HTTP2Frame.FramePayload

    /// The bytes written last: they go out with what follows them.
    private var waiting: (frame: HTTP2Frame.FramePayload.Data, promise: EventLoopPromise<Void>?)?

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let payload = unwrapOutboundIn(data)
        guard case .data(let frame) = payload else {
            release(context)
            context.write(data, promise: promise)
            return
        }
        if frame.endStream, frame.data.readableBytes == 0, var last = waiting?.frame {
            let earlier = waiting?.promise
            waiting = nil
            last.endStream = true
            let written = promise ?? context.eventLoop.makePromise(of: Void.self)
            if let earlier { written.futureResult.cascade(to: earlier) }
            context.write(wrapOutboundOut(.data(last)), promise: written)
        } else if frame.endStream {
            release(context)
            context.write(data, promise: promise)
        } else {
            release(context)
            waiting = (frame, promise)
        }
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        release(context)
        context.close(mode: mode, promise: promise)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        waiting?.promise?.fail(ChannelError.ioOnClosedChannel)
        waiting = nil
    }

    private func release(_ context: ChannelHandlerContext) {
        guard let last = waiting else { return }
        waiting = nil
        context.write(wrapOutboundOut(.data(last.frame)), promise: last.promise)
    }
}
