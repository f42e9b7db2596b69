import HTTPTypes
import Hummingbird
import NIOCore

/// What the framework knows of a request, and from where it comes.
struct FrontContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// The other end of the connection; nil when the system does not say.
    let peer: SocketAddress?
    private let channel: any Channel

    init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        peer = source.channel.remoteAddress
        channel = source.channel
    }

    /// Lets a client that waits with the body of its request send it.
    func askForBody(of request: Request) async throws {
        guard request.headers[.expect] != nil else { return }
        try await channel.triggerUserOutboundEvent(ContinueHandler.BodyIsWanted())
    }
}
