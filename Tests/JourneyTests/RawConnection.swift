import Foundation
import Glibc
import PeerPrograms

/// A connection on which any bytes can be sent, also those that no HTTP client would.
final class RawConnection {
    private let descriptor: Int32

    init(port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let isConnected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        guard isConnected else { throw PeerError(reason: "the server on port \(port) takes no connection") }
        var limit = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close(descriptor) }

    /// - Returns: false when the server has closed the connection before it had everything.
    @discardableResult
    func send(_ bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    /// Nothing more will be sent.
    func endSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// What comes first, as far as it comes at once; nil when the server stays silent.
    func receiveSome() -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = buffer.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress, $0.count, 0) }
        return count > 0 ? Array(buffer[..<count]) : nil
    }

    /// Everything until the server closes the connection; nil when it stays silent.
    func receiveAll() -> [UInt8]? {
        var result: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = buffer.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress, $0.count, 0) }
            if count == 0 { return result }
            // A connection that is reset is closed too.
            guard count > 0 else { return errno == ECONNRESET ? result : nil }
            result += buffer[..<count]
        }
    }
}

/// The answers on a connection, told apart as HTTP/1.1 tells them apart.
struct RawAnswer {
    let status: Int
    let headers: [String: String]
    let body: [UInt8]

    /// The first answer; nil when there is none, or half of one.
    init?(_ bytes: [UInt8], toHead: Bool = false) {
        let mark = Array("\r\n\r\n".utf8)
        guard let end = bytes.indices.first(where: { bytes[$0...].starts(with: mark) }) else { return nil }
        let lines = String(decoding: bytes[..<end], as: UTF8.self).split(separator: "\r\n")
        let words = lines.first?.split(separator: " ") ?? []
        guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]) else { return nil }
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { return nil }
            headers[parts[0].lowercased()] = parts[1].trimmingCharacters(in: .whitespaces)
        }
        self.status = status
        self.headers = headers
        let rest = bytes[(end + 4)...]
        if toHead || status == 204 || status == 304 {
            body = []
        } else if let length = headers["content-length"].flatMap(Int.init) {
            guard rest.count >= length else { return nil }
            body = Array(rest.prefix(length))
        } else if headers["transfer-encoding"] == "chunked" {
            guard let body = Self.unchunked(rest) else { return nil }
            self.body = body
        } else {
            body = Array(rest)
        }
    }

    private static func unchunked(_ bytes: ArraySlice<UInt8>) -> [UInt8]? {
        var (result, rest): ([UInt8], ArraySlice<UInt8>) = ([], bytes)
        while let end = rest.firstIndex(of: 0x0A) {
            let line = String(decoding: rest[rest.startIndex..<end], as: UTF8.self).filter(\.isHexDigit)
            guard let size = Int(line, radix: 16), rest.endIndex - end > size + 2 else { return nil }
            if size == 0 { return result }
            result += rest[(end + 1)...].prefix(size)
            rest = rest[(end + 1 + size + 2)...]
        }
        return nil
    }
}
