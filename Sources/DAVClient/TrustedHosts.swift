/// Which addresses may get the credentials of an account, and so may be asked at all.
///
/// A server can point elsewhere: with a redirect, with a home set on another host, with a member's href. Requests follow
/// only where whoever runs the configured host also runs the other one:
/// - the same origin;
/// - the same host, from port 80 without TLS up to port 443 with TLS;
/// - a subdomain of the configured host, over TLS and on the standard port (`example.org` sends to `dav.example.org`):
///   the name's owner decides who has it;
/// - a host that the user names, or the hosts of a provider known to spread accounts over many (iCloud).
///
/// Never allowed are a sibling or a parent domain: many domains have siblings that belong to strangers.
package struct TrustedHosts: Sendable {
    /// The origin that the user configured.
    package let base: DAVURL
    /// Host names, or `.example.org` for all below it.
    package let named: [String]
    /// Whether nothing secret is sent, so that any host may be asked: what is public may lie anywhere.
    let isAnonymous: Bool
    /// Whether this machine and its link may be asked, too. What a server on the internet names must not reach what
    /// listens here for nobody else.
    private let reachesThisMachine: Bool

    /// Domains whose hosts all belong to one provider that hands accounts from one host to another.
    private static let providers = [".icloud.com", ".icloud.com.cn"]

    package init(base: DAVURL, named: [String] = []) {
        self.base = base
        self.named = named.map { $0.lowercased() }
        isAnonymous = false
        reachesThisMachine = true
    }

    /// For requests without credentials.
    init(anyFrom base: DAVURL, reachesThisMachine: Bool) {
        self.base = base
        named = []
        isAnonymous = true
        self.reachesThisMachine = reachesThisMachine
    }

    package func allows(_ url: DAVURL) -> Bool {
        if isAnonymous {
            return (url.scheme == .https || base.scheme == .http) && (reachesThisMachine || !url.isOfThisMachine)
        }
        if url.hasSameOrigin(as: base) { return true }
        if url.host == base.host { return isUpgrade(to: url) }
        guard url.scheme == .https, url.port == 443 || named.contains(url.host) else { return false }
        if url.host.hasSuffix("." + base.host), !base.isAddressLiteral { return true }
        if named.contains(where: { Self.matches(url.host, $0) }) { return true }
        return Self.providers.contains { Self.matches(base.host, $0) && Self.matches(url.host, $0) }
    }

    private func isUpgrade(to url: DAVURL) -> Bool {
        base.scheme == .http && url.scheme == .https && base.port == 80 && url.port == 443
    }

    /// Repairs a common mistake of servers behind a proxy: a redirect from `https` to the same host on plain `http`.
    package func keepingTLS(_ url: DAVURL, from origin: DAVURL) -> DAVURL {
        guard origin.scheme == .https, url.scheme == .http, url.host == origin.host else { return url }
        guard url.port == 80 || url.port == origin.port else { return url }
        return DAVURL(scheme: .https, host: url.host, port: origin.port, target: url.target)
    }

    private static func matches(_ host: String, _ pattern: String) -> Bool {
        pattern.hasPrefix(".") ? host.hasSuffix(pattern) && host.count > pattern.count : host == pattern
    }
}

extension DAVURL {
    /// Whether the host is written as one that only this machine, or its link, can mean.
    package var isOfThisMachine: Bool {
        isLoopback || host == "localhost" || host.hasSuffix(".localhost") || host == "0.0.0.0" || host == "::"
            || host.hasPrefix("127.") && isAddressLiteral || host.hasPrefix("169.254.") && isAddressLiteral
            || host.hasPrefix("fe80:") || host.hasPrefix("::ffff:127.") || host.hasPrefix("::ffff:169.254.")
    }

    fileprivate var isAddressLiteral: Bool {
        host.contains(":") || host.utf8.allSatisfy { (0x30...0x39).contains($0) || $0 == UInt8(ascii: ".") }
    }
}
