import NIOCore
import NIOHTTP1

/// Takes the host from a request of HTTP/1.1 that names several (RFC 9112, 3.2): of two, a proxy before us may have believed the other. What has
/// none is refused.
///
/// The framework keeps the first and shows us no more than that, so this stands between it and the decoder.
final class OneHost: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart

    /// Puts itself behind the decoder of a connection.
    static func stand(in pipeline: ChannelPipeline) {
        guard let decoder = try? pipeline.syncOperations.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self) else { return }
        try? pipeline.syncOperations.addHandler(OneHost(), position: .after(decoder))
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .head(var head) = unwrapInboundIn(data), head.headers["host"].count > 1 else { return context.fireChannelRead(data) }
        head.headers.remove(name: "host")
        context.fireChannelRead(wrapInboundOut(.head(head)))
    }
}
