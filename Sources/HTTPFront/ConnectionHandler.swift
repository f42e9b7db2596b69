import DAVService
import HTTPTypes
import NIOCore
import NIOHTTP1

/// Watches over one connection below the framework: requests that memory can answer, and small changes, are answered here,
/// on the thread that has read them, and whoever stays silent in the middle of something is let go.
///
/// Answers keep the order of the requests: the short way is taken only when nothing else is under way, and what comes
/// while a small change is being made waits here for its answer.
final class ConnectionHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private let responder: DAVResponder
    /// Requests whose answers have not ended.
    private var underWay = 0
    /// The request that is being read has its answer already.
    private var isAnswered = false
    /// The small change that is being read or made.
    private var change: SmallWrite?
    /// It is being made.
    private var isChanging = false
    /// What came while it was, in order.
    private var waiting: [Waiting] = []
    private var wantsRead = false
    private var isRemoved = false
    private var executor: EventLoopExecutor?
    private var pace: ClientPace
    private var watch: RepeatedTask?

    private enum Waiting {
        case part(NIOAny)
        case event(Any)
        case error(any Error)
    }

    /// - Parameter patience: see `ClientPace`.
    init(responder: DAVResponder, patience: TimeAmount = .seconds(60)) {
        self.responder = responder
        pace = ClientPace(patience: patience, now: .now())
    }

    // MARK: Requests

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isChanging else { return waiting.append(.part(data)) }
        switch unwrapInboundIn(data) {
        case .head(let head):
            pace.requestBegins(.now())
            if underWay == 0 {
                if let answer = responder.respondAtOnce(to: head, from: context.remoteAddress) {
                    isAnswered = true
                    return write(answer, to: context)
                }
                change = responder.smallWrite(head, from: context.remoteAddress)
            }
            underWay += 1
            if change != nil { return }
        case .body(let part):
            pace.bodyGrows(by: part.readableBytes, .now())
            if isAnswered { return }
            if let change {
                if change.take(part) { return }
                // The long way knows how to say that there is no room.
                handOver(context)
            }
        case .end:
            pace.requestEnds(.now())
            if isAnswered {
                isAnswered = false
                return
            }
            if let change { return make(change, context) }
        }
        context.fireChannelRead(data)
    }

    private func write(_ answer: DAVResponder.Immediate, to context: ChannelHandlerContext) {
        context.write(wrapOutboundOut(.head(answer.head)), promise: nil)
        if let body = answer.body { context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil) }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }

    // MARK: Small changes

    private func make(_ change: SmallWrite, _ context: ChannelHandlerContext) {
        isChanging = true
        let executor = executor ?? EventLoopExecutor(context.eventLoop)
        self.executor = executor
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        let (responder, request, start) = (responder, change.request, change.start)
        Task(executorPreference: executor) {
            let answer = await responder.respond(to: request, since: start)
            let (handler, context) = bound.value
            handler.finish(answer, context)
        }
    }

    private func finish(_ answer: DAVResponder.Immediate, _ context: ChannelHandlerContext) {
        change = nil
        isChanging = false
        underWay -= 1
        guard !isRemoved else { return }
        pace.progress(.now())
        write(answer, to: context)
        if !waiting.isEmpty {
            passOn(context)
            context.fireChannelReadComplete()
        }
        guard wantsRead, !isChanging else { return }
        wantsRead = false
        context.read()
    }

    /// Goes on with what has waited; the next change may stop it again.
    private func passOn(_ context: ChannelHandlerContext) {
        let waiting = waiting
        self.waiting = []
        for item in waiting {
            switch item {
            case .part(let data): channelRead(context: context, data: data)
            case .event(let event): userInboundEventTriggered(context: context, event: event)
            case .error(let error): errorCaught(context: context, error: error)
            }
        }
    }

    /// Lets a change that has not come as a whole go the long way.
    private func handOver(_ context: ChannelHandlerContext) {
        guard let change, !isChanging else { return }
        self.change = nil
        for part in change.parts { context.fireChannelRead(wrapInboundOut(part)) }
    }

    /// That the server is being stopped, or that the client sends no more, is told to nobody before the answer is out.
    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard !isChanging else { return waiting.append(.event(event)) }
        if change != nil {
            handOver(context)
            context.fireChannelReadComplete()
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard !isChanging else { return waiting.append(.error(error)) }
        handOver(context)
        context.fireErrorCaught(error)
    }

    func read(context: ChannelHandlerContext) {
        if isChanging { wantsRead = true } else { context.read() }
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

    func handlerRemoved(context: ChannelHandlerContext) {
        isRemoved = true
        watch?.cancel()
    }

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
