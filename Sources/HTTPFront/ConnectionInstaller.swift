import NIOCore
import NIOHTTP1

/// Puts our handlers where requests have been decoded but are not yet what the framework makes of them, which has no place
/// for an answer before the answer. It does nothing else.
final class ConnectionInstaller: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = NIOAny

    private let responder: DAVResponder

    init(responder: DAVResponder) { self.responder = responder }

    func handlerAdded(context: ChannelHandlerContext) {
        let pipeline = context.pipeline.syncOperations
        do {
            let decoder = try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
            let (waiting, connection) = (ContinueHandler(), ConnectionHandler(responder: responder))
            try pipeline.addHandler(waiting, position: .after(decoder))
            try pipeline.addHandler(connection, position: .after(waiting))
        } catch {
            context.fireErrorCaught(error)
        }
    }
}
