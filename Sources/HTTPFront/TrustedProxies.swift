import Glibc
import NIOCore

/// Who may say for others who they are: reverse proxies that have asked for the password themselves, by address or network.
package struct TrustedProxies: Sendable {
    private struct Network: Sendable {
        let bytes: [UInt8]
        let prefix: Int

        func contains(_ address: [UInt8]) -> Bool {
            guard address.count == bytes.count else { return false }
            for (index, byte) in bytes.enumerated() {
                let bits = min(max(prefix - index * 8, 0), 8)
                let mask = UInt8(truncatingIfNeeded: 0xFF00 >> bits)
                if byte & mask != address[index] & mask { return false }
            }
            return true
        }
    }

    private var networks: [Network] = []
    private let includesUnixSocket: Bool

    /// - Parameter addresses: `127.0.0.1`, `10.0.0.0/8`, `::1`, `fd00::/8`.
    /// - Returns: nil when one of them is none of these.
    package init?(_ addresses: [String], unixSocket: Bool) {
        includesUnixSocket = unixSocket
        for address in addresses {
            let parts = address.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
            guard parts.count <= 2, let bytes = Self.bytes(of: parts[0]) else { return nil }
            let prefix = parts.count == 2 ? Int(parts[1]) : bytes.count * 8
            guard let prefix, (0...bytes.count * 8).contains(prefix) else { return nil }
            networks.append(Network(bytes: bytes, prefix: prefix))
        }
    }

    package var isEmpty: Bool { networks.isEmpty && !includesUnixSocket }

    func contains(_ peer: SocketAddress?) -> Bool {
        guard let peer else { return false }
        if case .unixDomainSocket = peer { return includesUnixSocket }
        guard let text = peer.ipAddress, var bytes = Self.bytes(of: text) else { return false }
        // An IPv4 address as an IPv6 socket shows it.
        if bytes.count == 16, bytes.prefix(10).allSatisfy({ $0 == 0 }), bytes[10] == 0xFF, bytes[11] == 0xFF {
            bytes = Array(bytes[12...])
        }
        return networks.contains { $0.contains(bytes) }
    }

    private static func bytes(of text: String) -> [UInt8]? {
        var short = [UInt8](repeating: 0, count: 4)
        if inet_pton(AF_INET, text, &short) == 1 { return short }
        var long = [UInt8](repeating: 0, count: 16)
        return inet_pton(AF_INET6, text, &long) == 1 ? long : nil
    }
}
