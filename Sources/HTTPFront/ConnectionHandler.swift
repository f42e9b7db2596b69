import DAVService
import HTTPTypes
import NIOCore
import NIOHTTP1

/// Watches over one connection below the framework: requests that memory can answer are answered here, on the thread that
/// has read them, and whoever stays silent in the middle of something is let go.
///
/// Answers keep the order of the requests, because the short way is taken only when nothing else is under way.
final class ConnectionHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private let responder: DAVResponder
    private let patience: TimeAmount
    /// Requests that were handed on and whose answers have not ended.
    private var underWay = 0
    /// The request that is being read has its answer already.
    private var isAnswered = false
    private var isReading = false
    private var lastProgress = NIODeadline.now()
    /// When the head of the request that is being read came, and how much of its body.
    private var began = NIODeadline.now()
    private var received = 0
    private var watch: RepeatedTask?

    /// - Parameter patience: how long a client may do nothing in the middle of a request or of an answer, or keep a
    ///   connection that it does not use.
    init(responder: DAVResponder, patience: TimeAmount = .seconds(60)) {
        self.responder = responder
        self.patience = patience
    }

    // MARK: Requests

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        lastProgress = .now()
        switch unwrapInboundIn(data) {
        case .head(let head):
            isReading = true
            (began, received) = (lastProgress, 0)
            if underWay == 0, let answer = responder.respondAtOnce(to: head, from: context.remoteAddress) {
                isAnswered = true
                write(answer, to: context)
                return
            }
            underWay += 1
        case .body(let buffer):
            received += buffer.readableBytes
            if isAnswered { return }
        case .end:
            isReading = false
            if isAnswered {
                isAnswered = false
                return
            }
        }
        context.fireChannelRead(data)
    }

    private func write(_ answer: DAVResponder.Immediate, to context: ChannelHandlerContext) {
        context.write(wrapOutboundOut(.head(answer.head)), promise: nil)
        if let body = answer.body { context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil) }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }

    // MARK: Answers

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        lastProgress = .now()
        if case .end = unwrapOutboundIn(data) { underWay -= 1 }
        context.write(data, promise: promise)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        lastProgress = .now()
        context.fireChannelWritabilityChanged()
    }

    // MARK: Patience

    func handlerAdded(context: ChannelHandlerContext) {
        let interval = TimeAmount.nanoseconds(max(patience.nanoseconds / 4, 1))
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        watch = context.eventLoop.scheduleRepeatedTask(initialDelay: interval, delay: interval) { _ in
            let (handler, context) = bound.value
            if handler.isGone(context) { context.close(promise: nil) }
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) { watch?.cancel() }

    func channelInactive(context: ChannelHandlerContext) {
        watch?.cancel()
        context.fireChannelInactive()
    }

    private func isGone(_ context: ChannelHandlerContext) -> Bool {
        let now = NIODeadline.now()
        let grace = Int(patience.nanoseconds / 1_000_000_000)
        if isReading,
            SendingPace(grace: grace).isTooSlow(
                received: received, elapsed: Int((now - began).nanoseconds / 1_000_000_000))
        {
            return true
        }
        guard now - lastProgress > patience else { return false }
        // As long as the server is at work, it is not the client that is silent.
        return isReading || underWay == 0 || !context.channel.isWritable
    }
}
