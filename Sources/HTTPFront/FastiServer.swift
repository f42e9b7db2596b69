package import DAVService
package import GitTransport
import Glibc
import Hummingbird
import HummingbirdCore
import HummingbirdTLS
package import Logging
import NIOCore
import ServiceLifecycle

/// The server at its address: HTTP/1.1, with TLS where there is a certificate, one process, all cores.
package struct FastiServer: Service {
    private let server: any Service

    /// - Parameters:
    ///   - address: where to listen.
    ///   - certificate: nil for plain HTTP.
    ///   - largestBody: bytes of the largest request that is read at all. Three of that size are read at the same time, and
    ///     any number of smaller ones up to 32 MiB together.
    ///   - dumpsXML: whether the XML of requests and answers is printed.
    ///   - ready: called with the port once connections are accepted; 0 where there is none or it is not ours.
    package init(
        service: DAVService, git: GitTransport? = nil, gate: RequestGate, address: ListenAddress,
        certificate: ServerCertificate? = nil,
        metrics: RequestMetrics = RequestMetrics(), largestBody: Int, dumpsXML: Bool = false, logger: Logger,
        ready: @escaping @Sendable (Int) async -> Void
    ) throws {
        let responder = DAVResponder(
            service: service, git: git, gate: gate, largestBody: largestBody,
            bodies: BodyBudget(limit: max(Self.usualBodies, 3 * largestBody)), isSecure: certificate != nil,
            dumpsXML: dumpsXML, metrics: metrics, logger: logger)
        let configuration = HTTP1Channel.Configuration(
            additionalChannelHandlers: [ConnectionInstaller(responder: responder)])
        let bindAddress: BindAddress
        switch address {
        case .host(let host, let port): bindAddress = .hostname(host, port: port)
        case .unixSocket(let path, _, _): bindAddress = .unixDomainSocket(path: path)
        case .activated(let sockets):
            server = ActivatedServer(
                sockets: sockets, responder: responder, configuration: configuration, certificate: certificate,
                serverName: Self.name, logger: logger, ready: { await ready(0) })
            return
        }
        let plain = HTTPServerBuilder.http1(configuration: configuration)
        let builder =
            if let certificate {
                try HTTPServerBuilder.tls(plain, tlsConfiguration: certificate.configuration())
            } else { plain }
        server = Application(
            responder: responder, server: builder,
            configuration: .init(address: bindAddress, serverName: Self.name, backlog: 1024),
            onServerRunning: { channel in
                if case .unixSocket(let path, let mode, let group) = address {
                    Self.open(path, to: group, mode: mode, logger)
                }
                await ready(channel.localAddress?.port ?? 0)
            },
            logger: logger)
    }

    private static let name = "Fasti"
    /// Of the bodies of all requests in memory, in bytes, unless three of the largest need more.
    private static let usualBodies = 32 << 20

    /// Decides who may connect to a Unix socket: the group first, since whoever may connect must be in it.
    private static func open(_ path: String, to group: UInt32?, mode: UInt32?, _ logger: Logger) {
        if let group, chown(path, uid_t.max, gid_t(group)) != 0 {
            logger.error("The socket cannot be given to the group \(group): \(String(cString: strerror(errno))).")
        }
        if let mode { chmod(path, mode_t(mode)) }
    }

    package func run() async throws { try await server.run() }
}

/// Where a server listens.
package enum ListenAddress: Hashable, Sendable {
    case host(String, port: Int)
    /// With the permissions and the group of the socket, where they matter.
    case unixSocket(String, mode: UInt32? = nil, group: UInt32? = nil)
    /// Where the service manager says.
    case activated(ActivatedSockets)

    /// Whether only this machine can connect.
    package var isLocal: Bool {
        switch self {
        case .unixSocket: true
        case .host(let host, _): host == "localhost" || host == "::1" || host.hasPrefix("127.")
        case .activated(let sockets): sockets.isLocal
        }
    }
}
