import Dispatch

#if canImport(Glibc)
    import Glibc
    private let datagram = Int32(SOCK_DGRAM.rawValue)
    private let stream = Int32(SOCK_STREAM.rawValue)
#elseif canImport(Musl)
    import Musl
    private let datagram = SOCK_DGRAM
    private let stream = SOCK_STREAM
#else
    import Darwin
    private let datagram = SOCK_DGRAM
    private let stream = SOCK_STREAM
#endif

/// Asks the name servers of this machine, over UDP, and over TCP when an answer does not fit.
///
/// The C library's own functions for records other than addresses differ between systems and cannot be pointed at
/// another server, which the tests and some users want.
package struct DNSResolver: Sendable {
    /// Addresses, each with a port.
    package let servers: [(address: String, port: UInt16)]

    private static let attempts = 2
    private static let timeout = 3

    /// - Parameter servers: `ADDRESS` or `ADDRESS:PORT`; those of `/etc/resolv.conf` when it is empty.
    /// - Throws: for something that is no address.
    package init(servers: [String] = []) throws(DAVClientError) {
        var found: [(String, UInt16)] = []
        for text in servers {
            guard let server = Self.parse(text) else {
                throw DAVClientError(
                    .invalidConfiguration, "\"\(text)\" is no address of a name server.",
                    advice: "It looks like 192.0.2.1 or 192.0.2.1:53.")
            }
            found.append(server)
        }
        self.servers = found.isEmpty ? Self.systemServers() : found
    }

    private static func parse(_ text: String) -> (String, UInt16)? {
        if isAddress(text) { return (text, 53) }
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
            return nil
        }
        let host = text[..<colon].filter { $0 != "[" && $0 != "]" }
        return isAddress(host) ? (host, port) : nil
    }

    private static func isAddress(_ text: String) -> Bool {
        var buffer = in6_addr()
        return inet_pton(AF_INET, text, &buffer) == 1 || inet_pton(AF_INET6, text, &buffer) == 1
    }

    private static func systemServers() -> [(String, UInt16)] {
        var servers: [(String, UInt16)] = []
        if let file = fopen("/etc/resolv.conf", "r") {
            defer { fclose(file) }
            var line = [CChar](repeating: 0, count: 512)
            while fgets(&line, Int32(line.count), file) != nil, servers.count < 3 {
                let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
                let words = text.split { $0 == " " || $0 == "\t" || $0 == "\n" }
                if words.count >= 2, words[0] == "nameserver", isAddress(String(words[1])) {
                    servers.append((String(words[1]), 53))
                }
            }
        }
        return servers.isEmpty ? [("127.0.0.1", 53)] : servers
    }

    // MARK: Questions

    /// The places where a service is, best first (RFC 2782); empty when the domain names none.
    func services(_ name: String) async throws -> [DNSMessage.Service] {
        let services = try await ask(name, .srv).services.filter { !$0.target.isEmpty && $0.port > 0 }
        return services.sorted { ($0.priority, $1.weight) < ($1.priority, $0.weight) }
    }

    /// The strings of all TXT records.
    func texts(_ name: String) async throws -> [String] { try await ask(name, .txt).texts.flatMap { $0 } }

    /// - Throws: when no server answers.
    private func ask(_ name: String, _ type: DNSMessage.RecordType) async throws -> DNSMessage {
        let identifier = UInt16.random(in: 0...UInt16.max)
        guard let question = DNSMessage.question(name, type, identifier: identifier) else {
            throw DAVClientError(.invalidConfiguration, "\"\(name)\" is no name that could be looked up.")
        }
        let servers = servers
        let answer: DNSMessage? = await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                for _ in 0..<Self.attempts {
                    for server in servers {
                        if let answer = Self.exchange(question, server) {
                            continuation.resume(returning: answer)
                            return
                        }
                    }
                }
                continuation.resume(returning: nil)
            }
        }
        guard let answer else {
            throw DAVClientError(
                .unavailable, "No name server answers the question for \(name).",
                advice: "Check the network, or give the address of the calendar server itself.")
        }
        return answer
    }

    /// - Returns: nil when there is no answer, or one that says "ask somebody else".
    private static func exchange(_ question: [UInt8], _ server: (address: String, port: UInt16)) -> DNSMessage? {
        guard let bytes = overUDP(question, server), var answer = DNSMessage(bytes, to: question) else { return nil }
        if answer.isTruncated {
            guard let bytes = overTCP(question, server), let whole = DNSMessage(bytes, to: question), !whole.isTruncated
            else { return nil }
            answer = whole
        }
        return answer.code == 0 || answer.code == 3 ? answer : nil
    }

    // MARK: Sockets

    private static func overUDP(_ question: [UInt8], _ server: (address: String, port: UInt16)) -> [UInt8]? {
        guard let socket = Socket(datagram, server) else { return nil }
        guard send(socket.descriptor, question, question.count, 0) == question.count else { return nil }
        let deadline = ContinuousClock.now + .seconds(timeout)
        return withExtendedLifetime(socket) {
            while ContinuousClock.now < deadline {
                var buffer = [UInt8](repeating: 0, count: 4_096)
                let count = recv(socket.descriptor, &buffer, buffer.count, 0)
                guard count > 0 else { return nil }
                // Somebody may be guessing; the right answer may still come.
                if buffer.prefix(2).elementsEqual(question.prefix(2)) { return Array(buffer.prefix(count)) }
            }
            return nil
        }
    }

    private static func overTCP(_ question: [UInt8], _ server: (address: String, port: UInt16)) -> [UInt8]? {
        guard let socket = Socket(stream, server) else { return nil }
        let message = [UInt8(question.count >> 8), UInt8(question.count & 0xFF)] + question
        return withExtendedLifetime(socket) {
            guard send(socket.descriptor, message, message.count, 0) == message.count, let head = socket.read(2) else {
                return nil
            }
            return socket.read(Int(head[0]) << 8 | Int(head[1]))
        }
    }

    /// Connected, so that answers of others are not seen.
    private final class Socket {
        let descriptor: Int32

        init?(_ type: Int32, _ server: (address: String, port: UInt16)) {
            var four = sockaddr_in()
            var six = sockaddr_in6()
            let isSix = inet_pton(AF_INET6, server.address, &six.sin6_addr) == 1
            guard isSix || inet_pton(AF_INET, server.address, &four.sin_addr) == 1 else { return nil }
            let descriptor = socket(isSix ? AF_INET6 : AF_INET, type, 0)
            guard descriptor >= 0 else { return nil }
            self.descriptor = descriptor
            var limit = timeval(tv_sec: timeout, tv_usec: 0)
            setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
            setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
            four.sin_family = sa_family_t(AF_INET)
            four.sin_port = server.port.bigEndian
            six.sin6_family = sa_family_t(AF_INET6)
            six.sin6_port = server.port.bigEndian
            let isConnected = isSix ? Self.connects(descriptor, &six) : Self.connects(descriptor, &four)
            guard isConnected else { return nil }
        }

        private static func connects<Address>(_ descriptor: Int32, _ address: inout Address) -> Bool {
            withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(descriptor, $0, socklen_t(MemoryLayout<Address>.size)) == 0
                }
            }
        }

        func read(_ count: Int) -> [UInt8]? {
            var bytes: [UInt8] = []
            while bytes.count < count {
                var buffer = [UInt8](repeating: 0, count: count - bytes.count)
                let got = recv(descriptor, &buffer, buffer.count, 0)
                guard got > 0 else { return nil }
                bytes += buffer.prefix(got)
            }
            return bytes
        }

        deinit { close(descriptor) }
    }
}
