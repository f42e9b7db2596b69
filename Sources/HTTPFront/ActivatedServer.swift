import Glibc
import HTTPTypes
import Hummingbird
import HummingbirdCore
import HummingbirdTLS
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import Synchronization
import WebDAV

/// Accepts connections on sockets that the service manager has bound. The framework's own server can only bind by itself;
/// what happens on a connection is the framework's here too.
struct ActivatedServer: Service {
    let sockets: ActivatedSockets
    let responder: DAVResponder
    let configuration: HTTP1Channel.Configuration
    let certificate: ServerCertificate?
    let serverName: String
    let logger: Logger
    let ready: @Sendable () async -> Void

    func run() async throws {
        let plain = HTTP1Channel(responder: answer, configuration: configuration)
        if let certificate {
            try await serve(TLSChannel(plain, tlsConfiguration: certificate.configuration()))
        } else {
            try await serve(plain)
        }
    }

    @Sendable
    private func answer(_ request: Request, _ writer: consuming ResponseWriter, _ channel: any Channel) async throws {
        var logger = logger
        logger[metadataKey: "hb.request.id"] = .stringConvertible(RequestID())
        let context = FrontContext(source: ApplicationRequestContextSource(channel: channel, logger: logger))
        var response = try await responder.respond(to: request, context: context)
        response.headers[.date] = HTTPDate.format(Int64(time(nil)))
        response.headers[.server] = serverName
        try await writer.write(response: response.head, body: response.body)
    }

    private func serve<Child: ServerChildChannel>(_ child: Child) async throws {
        let connections = OpenConnections()
        var servers: [NIOAsyncChannel<Child.Value, Never>] = []
        for descriptor in sockets.descriptors {
            servers.append(
                try await ServerBootstrap(group: NIOSingletons.posixEventLoopGroup)
                    .childChannelOption(.allowRemoteHalfClosure, value: true)
                    .bind(descriptor) { channel in
                        connections.add(channel)
                        return child.setup(channel: channel, logger: logger)
                    })
        }
        let listening = servers
        await withGracefulShutdownHandler {
            await ready()
            await withDiscardingTaskGroup { group in
                for server in listening { group.addTask { await accept(server, child) } }
            }
        } onGracefulShutdown: {
            for server in listening { server.channel.close(promise: nil) }
            connections.finish()
        }
    }

    private func accept<Child: ServerChildChannel>(
        _ server: NIOAsyncChannel<Child.Value, Never>, _ child: Child
    ) async {
        do {
            try await server.executeThenClose { inbound in
                try await withThrowingDiscardingTaskGroup { group in
                    for try await connection in inbound {
                        group.addTask { await child.handle(value: connection, logger: logger) }
                    }
                }
            }
        } catch {
            logger.error("Waiting for connections: \(error)")
        }
    }
}

/// Connections that are told when no more requests are wanted: they answer what they have and end.
private final class OpenConnections: Sendable {
    private let channels = Mutex<[ObjectIdentifier: any Channel]>([:])

    func add(_ channel: any Channel) {
        let key = ObjectIdentifier(channel)
        channels.withLock { $0[key] = channel }
        channel.closeFuture.whenComplete { _ in self.channels.withLock { _ = $0.removeValue(forKey: key) } }
    }

    func finish() {
        for channel in channels.withLock({ Array($0.values) }) {
            channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        }
    }
}
