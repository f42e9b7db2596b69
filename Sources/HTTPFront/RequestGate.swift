package import Accounts
import HTTPTypes
import NIOCore

/// Decides, before anything else looks at a request, whose request it is.
package struct RequestGate: Sendable {
    package let policy: Policy
    /// Proxies that have asked for the password themselves and say in `X-Remote-User` who it is.
    private let proxies: TrustedProxies?

    package init(_ policy: Policy, proxies: TrustedProxies? = nil) {
        self.policy = policy
        self.proxies = proxies
    }

    package enum Policy: Sendable {
        /// Everyone who can connect is the one user of this server. Only names in `hosts` are answered, so that a
        /// web page which makes its own name point at this machine cannot reach the calendars through a browser.
        case open(hosts: Set<String>?)
        /// Basic authentication against a users file.
        case basic(Authenticator)
        /// Nobody but whom a trusted proxy names.
        case proxiesOnly
    }

    enum Verdict: Sendable {
        /// Go on; nil for the single user, and for what may be asked before logging in.
        case admitted(user: String?)
        case unauthenticated(reason: String)
        case foreignHost
    }

    func judge(
        method: HTTPRequest.Method, target: String, authority: String?, headers: HTTPFields, peer: SocketAddress?
    ) async -> Verdict {
        if let proxies, proxies.contains(peer), let user = headers[.remoteUser], !user.isEmpty {
            return .admitted(user: user)
        }
        switch policy {
        case .open(let hosts):
            guard let hosts else { return .admitted(user: nil) }
            return hosts.contains(RequestGate.host(of: authority ?? "")) ? .admitted(user: nil) : .foreignHost
        case .proxiesOnly:
            return RequestGate.isPublic(method: method, target: target)
                ? .admitted(user: nil)
                : .unauthenticated(reason: "This server is to be asked through its proxy, which asks who you are.")
        case .basic(let authenticator):
            guard let field = headers[.authorization] else {
                return RequestGate.isPublic(method: method, target: target)
                    ? .admitted(user: nil) : .unauthenticated(reason: "This server asks for a name and a password.")
            }
            guard let (name, password) = BasicCredentials.parse(field) else {
                return .unauthenticated(reason: "Only Basic authentication is understood here.")
            }
            return await authenticator.authenticate(name, password)
                ? .admitted(user: name) : .unauthenticated(reason: "The name or the password is wrong.")
        }
    }

    /// The same, as far as it can be said without waiting: whose password was right before, and what needs none.
    func judgeAtOnce(
        method: HTTPRequest.Method, target: String, authority: String, headers: HTTPFields, peer: SocketAddress?
    ) -> Verdict? {
        if let proxies, proxies.contains(peer), let user = headers[.remoteUser], !user.isEmpty {
            return .admitted(user: user)
        }
        switch policy {
        case .open(let hosts):
            guard let hosts else { return .admitted(user: nil) }
            return hosts.contains(RequestGate.host(of: authority)) ? .admitted(user: nil) : nil
        case .proxiesOnly: return nil
        case .basic(let authenticator):
            guard let field = headers[.authorization], let (name, password) = BasicCredentials.parse(field),
                authenticator.remembers(name, password)
            else { return nil }
            return .admitted(user: name)
        }
    }

    /// What clients ask before they log in: where to look (RFC 6764), and what the server can do.
    static func isPublic(method: HTTPRequest.Method, target: String) -> Bool {
        let path = target.prefix { $0 != "?" }
        return method == .options || path.hasSuffix("/.well-known/caldav") || path.hasSuffix("/.well-known/carddav")
    }

    /// The host of an authority, without port, in lower case and without the brackets of an IPv6 address.
    static func host(of authority: String) -> String {
        if authority.hasPrefix("["), let end = authority.firstIndex(of: "]") {
            return authority[authority.index(after: authority.startIndex)..<end].lowercased()
        }
        return authority.prefix { $0 != ":" }.lowercased()
    }
}

extension HTTPField.Name {
    fileprivate static let remoteUser = HTTPField.Name("X-Remote-User") ?? .allow
}

/// Name and password of an `Authorization: Basic` field (RFC 7617).
enum BasicCredentials {
    static func parse(_ field: String) -> (name: String, password: [UInt8])? {
        let parts = field.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "basic", parts[1].utf8.count <= 4096,
            let decoded = decodeBase64(parts[1].utf8), let colon = decoded.firstIndex(of: UInt8(ascii: ":")),
            let name = String(validating: decoded[..<colon], as: UTF8.self)
        else { return nil }
        return (name, Array(decoded[(colon + 1)...]))
    }

    private static func decodeBase64(_ text: Substring.UTF8View) -> [UInt8]? {
        var result: [UInt8] = []
        var accumulator: UInt32 = 0
        var bits = 0
        var padding = 0
        for character in text where character != UInt8(ascii: " ") {
            let value: UInt32
            switch character {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): value = UInt32(character - UInt8(ascii: "A"))
            case UInt8(ascii: "a")...UInt8(ascii: "z"): value = UInt32(character - UInt8(ascii: "a")) + 26
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = UInt32(character - UInt8(ascii: "0")) + 52
            case UInt8(ascii: "+"): value = 62
            case UInt8(ascii: "/"): value = 63
            case UInt8(ascii: "="):
                padding += 1
                continue
            default: return nil
            }
            guard padding == 0 else { return nil }
            accumulator = accumulator << 6 | value
            bits += 6
            if bits >= 8 {
                bits -= 8
                result.append(UInt8(truncatingIfNeeded: accumulator >> UInt32(bits)))
            }
        }
        return padding <= 2 ? result : nil
    }
}
