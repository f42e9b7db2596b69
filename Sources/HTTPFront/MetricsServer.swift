import HTTPTypes
import Hummingbird
package import Logging
import NIOCore
import ServiceLifecycle

/// `/health` and `/metrics` on a port of their own, which nobody but the watchers should reach.
package struct MetricsServer: Service {
    private let application: Application<MetricsResponder>

    package init(host: String, port: Int, metrics: RequestMetrics, logger: Logger) {
        application = Application(
            responder: MetricsResponder(metrics: metrics),
            configuration: .init(address: .hostname(host, port: port), serverName: "Fasti"), logger: logger)
    }

    package func run() async throws { try await application.run() }
}

struct MetricsResponder: HTTPResponder {
    let metrics: RequestMetrics

    func respond(to request: Request, context: BasicRequestContext) async throws -> Response {
        switch (request.head.path ?? "").prefix(while: { $0 != "?" }) {
        case "/health": text("ok\n", "text/plain; charset=utf-8")
        case "/metrics": text(metrics.text, "text/plain; version=0.0.4; charset=utf-8")
        default: Response(status: .notFound)
        }
    }

    private func text(_ text: String, _ type: String) -> Response {
        Response(
            status: .ok, headers: [.contentType: type], body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }
}
