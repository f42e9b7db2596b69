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
    /// Requests that were handed on and whose answers have not ended.
    private var underWay = 0
    /// The request that is being read has its answer already.
    private var isAnswered = false
    private var pace: ClientPace
    private var watch: RepeatedTask?

    /// - Parameter patience: see `ClientPace`.
    init(responder: DAVResponder, patience: TimeAmount = .seconds(60)) {
        self.responder = responder
        pace = ClientPace(patience: patience, now: .now())
    }

    // MARK: Requests

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            pace.requestBegins(.now())
            if underWay == 0, let answer = responder.respondAtOnce(to: head, from: context.remoteAddress) {
                isAnswered = true
                write(answer, to: context)
                return
            }
            underWay += 1
        case .body(let part):
            pace.bodyGrows(by: part.readableBytes, .now())
            if isAnswered { return }
        case .end:
            pace.requestEnds(.now())
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
        pace.progress(.now())
        if case .end = unwrapOutboundIn(data) { underWay -= 1 }
        context.write(data, promise: promise)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        pace.progress(.now())
        context.fireChannelWritabilityChanged()
    }

    // MARK: Patience

    func handlerAdded(context: ChannelHandlerContext) {
        let interval = TimeAmount.nanoseconds(max(pace.patience.nanoseconds / 4, 1))
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
        if pace.isTooSlow(now) { return true }
        guard pace.isSilent(now) else { return false }
        // As long as the server is at work, it is not the client that is silent.
        return pace.isReading || underWay == 0 || !context.channel.isWritable
    }
}
