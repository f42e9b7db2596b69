import NIOCore
import NIOHTTP1

/// Sends the head of a request together with its body when that is short: one packet, one reading for the server. The
/// library alone would send the head at once.
final class RequestGathering: ChannelOutboundHandler {
    typealias OutboundIn = HTTPClientRequestPart
    typealias OutboundOut = HTTPClientRequestPart

    /// In bytes: less than what a connection takes before it asks to wait, or the end would never be written.
    private static let largestBody = 32 << 10

    private var isGathering = false

    /// Takes its place in the pipeline of a new connection.
    static func install(on channel: any Channel) -> EventLoopFuture<Void> {
        channel.eventLoop.makeCompletedFuture {
            let pipeline = channel.pipeline.syncOperations
            let encoder = try pipeline.handler(type: HTTPRequestEncoder.self)
            try pipeline.addHandler(RequestGathering(), position: .after(encoder))
        }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(let head):
            let size = head.headers.first(name: "Content-Length").flatMap(Int.init) ?? 0
            isGathering = (1...Self.largestBody).contains(size)
        case .body: break
        case .end: isGathering = false
        }
        context.write(data, promise: promise)
    }

    func flush(context: ChannelHandlerContext) {
        if !isGathering { context.flush() }
    }
}
