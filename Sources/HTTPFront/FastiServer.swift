package import DAVService
package import GitTransport
import Hummingbird
import HummingbirdCore
import HummingbirdTLS
package import Logging
import NIOCore
import ServiceLifecycle

/// The server at its address: HTTP/1.1, with TLS where there is a certificate, one process, all cores.
package struct FastiServer: Service {
    private let application: Application<DAVResponder>

    /// - Parameters:
    ///   - address: where to listen.
    ///   - certificate: nil for plain HTTP.
    ///   - largestBody: bytes of the largest request that is read at all.
    ///   - ready: called with the port once connections are accepted; 0 for a Unix socket.
    package init(
        service: DAVService, git: GitTransport? = nil, gate: RequestGate, address: ListenAddress,
        certificate: ServerCertificate? = nil,
        metrics: RequestMetrics = RequestMetrics(), largestBody: Int, logger: Logger,
        ready: @escaping @Sendable (Int) async -> Void
    ) throws {
        let bindAddress: BindAddress =
            switch address {
            case .host(let host, let port): .hostname(host, port: port)
            case .unixSocket(let path): .unixDomainSocket(path: path)
            }
        // A client that stays silent for a minute in the middle of a request is gone.
        let plain = HTTPServerBuilder.http1(
            configuration: .init(
                additionalChannelHandlers: [ContinueInstaller(largestBody: largestBody)], idleTimeout: .seconds(60)))
        let builder =
            if let certificate {
                try HTTPServerBuilder.tls(plain, tlsConfiguration: certificate.configuration())
            } else { plain }
        application = Application(
            responder: DAVResponder(
                service: service, git: git, gate: gate, largestBody: largestBody, isSecure: certificate != nil,
                metrics: metrics),
            server: builder,
            configuration: .init(address: bindAddress, serverName: "Fasti", backlog: 1024),
            onServerRunning: { channel in await ready(channel.localAddress?.port ?? 0) },
            logger: logger)
    }

    package func run() async throws { try await application.run() }
}

/// Where a server listens.
package enum ListenAddress: Hashable, Sendable {
    case host(String, port: Int)
    case unixSocket(String)

    /// Whether only this machine can connect.
    package var isLocal: Bool {
        switch self {
        case .unixSocket: true
        case .host(let host, _): host == "localhost" || host == "::1" || host.hasPrefix("127.")
        }
    }
}
