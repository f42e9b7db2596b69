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
    ///   - ready: called with the port once connections are accepted; 0 where there is none or it is not ours.
    package init(
        service: DAVService, git: GitTransport? = nil, gate: RequestGate, address: ListenAddress,
        certificate: ServerCertificate? = nil,
        metrics: RequestMetrics = RequestMetrics(), largestBody: Int, logger: Logger,
        ready: @escaping @Sendable (Int) async -> Void
    ) throws {
        let responder = DAVResponder(
            service: service, git: git, gate: gate, largestBody: largestBody,
            bodies: BodyBudget(limit: max(Self.usualBodies, 3 * largestBody)), isSecure: certificate != nil,
            metrics: metrics, logger: logger)
        let configuration = HTTP1Channel.Configuration(
            additionalChannelHandlers: [ConnectionInstaller(responder: responder)])
        let bindAddress: BindAddress
        var mode: UInt32?
        switch address {
        case .host(let host, let port): bindAddress = .hostname(host, port: port)
        case .unixSocket(let path, let given):
            bindAddress = .unixDomainSocket(path: path)
            mode = given
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
        let socketMode = mode
        server = Application(
            responder: responder, server: builder,
            configuration: .init(address: bindAddress, serverName: Self.name, backlog: 1024),
            onServerRunning: { channel in
                if case .unixSocket(let path, _) = address, let socketMode { chmod(path, mode_t(socketMode)) }
                await ready(channel.localAddress?.port ?? 0)
            },
            logger: logger)
    }

    private static let name = "Fasti"
    /// Of the bodies of all requests in memory, in bytes, unless three of the largest need more.
    private static let usualBodies = 32 << 20

    package func run() async throws { try await server.run() }
}

/// Where a server listens.
package enum ListenAddress: Hashable, Sendable {
    case host(String, port: Int)
    /// With the permissions of the socket, where they matter.
    case unixSocket(String, mode: UInt32? = nil)
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
