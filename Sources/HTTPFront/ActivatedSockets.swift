import Glibc

/// Sockets that the service manager has opened and bound before it started this process (sd_listen_fds).
package struct ActivatedSockets: Hashable, Sendable {
    let descriptors: [Int32]
    /// Whether only this machine can connect to all of them.
    package let isLocal: Bool
    /// Whether all are Unix sockets, which no web page can reach.
    package let areUnix: Bool

    /// The first one that a service manager hands over.
    private static let first: Int32 = 3
    private static let most: Int32 = 64

    /// Takes the sockets over that the variables LISTEN_PID and LISTEN_FDS tell of.
    ///
    /// - Returns: nil when there are none, or they are meant for another process.
    /// - Throws: when one of them is no stream socket that listens.
    package init?(environment: [String: String]) throws {
        guard environment["LISTEN_PID"] == String(getpid()), let count = environment["LISTEN_FDS"].flatMap(Int32.init),
            count > 0
        else { return nil }
        guard count <= Self.most else { throw SocketError(reason: "\(count) sockets are more than this server takes.") }
        descriptors = Array(Self.first..<(Self.first + count))
        var (isLocal, areUnix) = (true, true)
        for descriptor in descriptors {
            guard Self.number(SO_TYPE, of: descriptor) == Int32(SOCK_STREAM.rawValue),
                Self.number(SO_ACCEPTCONN, of: descriptor) == 1
            else {
                throw SocketError(
                    reason: "Descriptor \(descriptor) is no listening stream socket; use ListenStream= and Accept=no.")
            }
            // Programs that are started from here have no business with them.
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            let address = Self.address(of: descriptor)
            isLocal = isLocal && Self.isLocal(address)
            areUnix = areUnix && Self.family(address) == AF_UNIX
        }
        (self.isLocal, self.areUnix) = (isLocal, areUnix)
    }

    private static func number(_ option: Int32, of descriptor: Int32) -> Int32? {
        var value: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        return getsockopt(descriptor, SOL_SOCKET, option, &value, &size) == 0 ? value : nil
    }

    /// As the system has it; all zeros when it does not say.
    private static func address(of descriptor: Int32) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: MemoryLayout<sockaddr_storage>.size)
        var size = socklen_t(bytes.count)
        let isKnown = bytes.withUnsafeMutableBytes { buffer in
            buffer.baseAddress.map {
                getsockname(descriptor, $0.assumingMemoryBound(to: sockaddr.self), &size) == 0
            } ?? false
        }
        return isKnown ? bytes : [UInt8](repeating: 0, count: bytes.count)
    }

    private static func family(_ address: [UInt8]) -> Int32 { Int32(UInt16(address[0]) | UInt16(address[1]) << 8) }

    private static func isLocal(_ bytes: [UInt8]) -> Bool {
        switch family(bytes) {
        case AF_UNIX: return true
        // The port stands in front of the address; in IPv6 the flow too.
        case AF_INET: return bytes[4] == 127
        case AF_INET6: return bytes[8..<23].allSatisfy { $0 == 0 } && bytes[23] == 1
        default: return false
        }
    }
}

/// Why a socket cannot be used, in words for an administrator.
package struct SocketError: Error, CustomStringConvertible {
    package let reason: String
    package var description: String { reason }
}
