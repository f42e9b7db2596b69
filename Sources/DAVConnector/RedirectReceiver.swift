import DAVClient

#if canImport(Glibc)
    import Glibc
    private let streamSocket = Int32(SOCK_STREAM.rawValue)
#elseif canImport(Musl)
    import Musl
    private let streamSocket = SOCK_STREAM
#else
    import Darwin
    private let streamSocket = SOCK_STREAM
#endif

/// Waits on the loopback interface for the one request with which a browser brings the code of a login
/// (RFC 8252, section 7.3).
package final class RedirectReceiver: Sendable {
    private let descriptor: Int32
    package let port: Int

    /// - Parameter port: 0 for any that is free.
    package init(port: Int = 0) throws {
        let descriptor = socket(AF_INET, streamSocket, 0)
        guard descriptor >= 0 else { throw Self.failure() }
        self.descriptor = descriptor
        var one: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(clamping: port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isListening = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                bind(descriptor, generic, length) == 0 && listen(descriptor, 8) == 0
                    && getsockname(descriptor, generic, &length) == 0
            }
        }
        self.port = Int(UInt16(bigEndian: address.sin_port))
        guard isListening else { throw Self.failure() }
    }

    deinit { close(descriptor) }

    package var address: String { "http://127.0.0.1:\(port)/" }

    /// The query of the address that the browser was sent to.
    ///
    /// - Throws: after `timeout`, or `CancellationError`.
    package func query(timeout: Duration = .seconds(600)) async throws -> String {
        let deadline = ContinuousClock.now + timeout
        while ContinuousClock.now < deadline {
            var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&waiting, 1, 0) > 0 else {
                try await Task.sleep(for: .milliseconds(50))
                continue
            }
            let connection = accept(descriptor, nil, nil)
            guard connection >= 0 else { continue }
            defer { close(connection) }
            if let query = answer(connection) { return query }
        }
        throw DAVClientError(.authentication, "No browser came back in time.", advice: "Begin the login again.")
    }

    /// - Returns: nil for any request but the one that is waited for.
    private func answer(_ connection: Int32) -> String? {
        var limit = timeval(tv_sec: 2, tv_usec: 0)
        setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var head: [UInt8] = []
        while head.count < 32 << 10, !String(decoding: head.suffix(4), as: UTF8.self).hasSuffix("\r\n\r\n") {
            var buffer = [UInt8](repeating: 0, count: 4 << 10)
            let count = recv(connection, &buffer, buffer.count, 0)
            guard count > 0 else { return nil }
            head += buffer.prefix(count)
        }
        let words = String(decoding: head, as: UTF8.self).prefix { $0 != "\r\n" && $0 != "\n" }.split(separator: " ")
        let parts = words.count > 1 ? words[1].split(separator: "?", maxSplits: 1) : []
        let isOurs = words.first == "GET" && parts.first == "/" && parts.count == 2
        let page =
            isOurs
            ? "<!DOCTYPE html><meta charset=utf-8><title>Fasti</title><p>That is all. You can close this window."
            : "<!DOCTYPE html><title>Fasti</title><p>Nothing here."
        let text =
            "HTTP/1.1 \(isOurs ? "200 OK" : "404 Not Found")\r\nContent-Type: text/html; charset=utf-8\r\n"
            + "Cache-Control: no-store\r\nReferrer-Policy: no-referrer\r\nContent-Length: \(page.utf8.count)\r\n"
            + "Connection: close\r\n\r\n\(page)"
        let bytes = Array(text.utf8)
        _ = send(connection, bytes, bytes.count, 0)
        return isOurs ? String(parts[1]) : nil
    }

    private static func failure() -> DAVClientError {
        DAVClientError(
            .unavailable, "Cannot listen for the browser: \(String(cString: strerror(errno))).",
            advice: "Use another redirect_port, or --device.")
    }
}
