import Hummingbird
import NIOCore

/// What the framework knows of a request, and from where it comes.
struct FrontContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// The other end of the connection; nil when the system does not say.
    let peer: SocketAddress?

    init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        peer = source.channel.remoteAddress
    }
}
