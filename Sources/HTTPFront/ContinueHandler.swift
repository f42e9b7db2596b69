import NIOCore
import NIOHTTP1

/// Tells clients that wait before they send a body to go on (`Expect: 100-continue`; RFC 9110, 10.1.1), once somebody is
/// going to read it. Who is refused before, by name, password or size, sends nothing.
final class ContinueHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    /// Sent down the pipeline by whoever reads the body of the request.
    struct BodyIsWanted: Sendable {}

    /// Of the request that is being read, when its client waits.
    private var waiting: HTTPVersion?

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): waiting = Self.waits(head) ? head.version : nil
        // It has not waited.
        case .body, .end: waiting = nil
        }
        context.fireChannelRead(data)
    }

    func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
        guard event is BodyIsWanted else {
            context.triggerUserOutboundEvent(event, promise: promise)
            return
        }
        promise?.succeed()
        guard let version = waiting else { return }
        waiting = nil
        context.writeAndFlush(
            wrapOutboundOut(.head(HTTPResponseHead(version: version, status: .continue))), promise: nil)
    }

    private static func waits(_ head: HTTPRequestHead) -> Bool {
        head.version == .http1_1
            && head.headers[canonicalForm: "expect"].contains { $0.lowercased() == "100-continue" }
    }
}
