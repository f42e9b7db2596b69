/// The address of a resource: origin, and path with query exactly as they travel on the wire.
///
/// Servers name resources by opaque hrefs (RFC 4918, section 8.3). Decoding and encoding one again can change it
/// (`%40` and `@` may be different resources), so nothing here ever does that.
package struct DAVURL: Hashable, Sendable {
    package enum Scheme: String, Hashable, Sendable {
        case http
        case https

        var defaultPort: Int { self == .http ? 80 : 443 }
    }

    package let scheme: Scheme
    /// Lower case, without brackets around an IPv6 address.
    package let host: String
    package let port: Int
    /// Begins with `/`; a query is part of it, a fragment is not.
    package let target: String

    package init(scheme: Scheme, host: String, port: Int? = nil, target: String = "/") {
        self.scheme = scheme
        self.host = host.lowercased()
        self.port = port ?? scheme.defaultPort
        self.target = target.hasPrefix("/") ? target : "/" + target
    }

    /// Reads `http://host[:port]/path` or the same with `https`.
    ///
    /// - Returns: nil for anything else, and for an address that holds a user name: credentials do not belong there.
    package init?(_ text: String) {
        let lower = text.prefix(8).lowercased()
        let scheme: Scheme
        let rest: Substring
        if lower.hasPrefix("https://") {
            (scheme, rest) = (.https, text.dropFirst(8))
        } else if lower.hasPrefix("http://") {
            (scheme, rest) = (.http, text.dropFirst(7))
        } else {
            return nil
        }
        self.init(scheme: scheme, authorityAndTarget: rest)
    }

    /// Reads what stands after `scheme://`.
    package init?(scheme: Scheme, authorityAndTarget rest: Substring) {
        let end = rest.firstIndex { $0 == "/" || $0 == "?" || $0 == "#" } ?? rest.endIndex
        let authority = rest[..<end]
        guard let (host, port) = Self.parse(authority: authority) else { return nil }
        self.init(scheme: scheme, host: host, port: port, target: Self.cleanTarget(rest[end...]))
    }

    private static func parse(authority: Substring) -> (host: String, port: Int?)? {
        guard !authority.contains("@"), authority.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != 0x5C }) else {
            return nil
        }
        let host: Substring
        var rest: Substring
        if authority.first == "[" {
            guard let close = authority.firstIndex(of: "]") else { return nil }
            host = authority[authority.index(after: authority.startIndex)..<close]
            rest = authority[authority.index(after: close)...]
        } else {
            let colon = authority.firstIndex(of: ":") ?? authority.endIndex
            (host, rest) = (authority[..<colon], authority[colon...])
        }
        guard !host.isEmpty else { return nil }
        if rest.isEmpty { return (String(host), nil) }
        guard rest.removeFirst() == ":" else { return nil }
        if rest.isEmpty { return (String(host), nil) }
        guard rest.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let port = Int(rest), (1...65_535).contains(port)
        else { return nil }
        return (String(host), port)
    }

    /// The path and query of a reference, without its fragment and without characters that could break a request line.
    private static func cleanTarget(_ raw: some StringProtocol) -> String {
        let withoutFragment = raw.prefix { $0 != "#" }
        var result = withoutFragment.hasPrefix("/") ? "" : "/"
        for byte in withoutFragment.utf8 {
            if byte <= 0x20 || byte >= 0x7F {
                result += PercentEncoding.escape(byte)
            } else {
                result.unicodeScalars.append(Unicode.Scalar(byte))
            }
        }
        return result
    }

    // MARK: Parts

    /// `host` or `host:port`, as a Host field has it.
    package var authority: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return port == scheme.defaultPort ? name : "\(name):\(port)"
    }

    /// The target without its query.
    package var path: String {
        guard let mark = target.utf8.firstIndex(of: UInt8(ascii: "?")) else { return target }
        return String(target[..<mark])
    }

    package var isCollectionForm: Bool { path.utf8.last == UInt8(ascii: "/") }

    /// The last non-empty segment of the path, as on the wire; empty for the root.
    package var lastSegment: String {
        let path = target.utf8.prefix { $0 != UInt8(ascii: "?") }
        let slash = UInt8(ascii: "/")
        guard let last = path.lastIndex(where: { $0 != slash }) else { return "" }
        let start = path[..<last].lastIndex(of: slash).map { path.index(after: $0) } ?? path.startIndex
        return String(path[start...last]) ?? ""
    }

    /// Whether credentials in clear text can be overheard by nobody but this machine's own users.
    package var isLoopback: Bool {
        host == "localhost" || host.hasSuffix(".localhost") || host == "::1" || isLoopbackIPv4
    }

    private var isLoopbackIPv4: Bool {
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }

    package func hasSameOrigin(as other: DAVURL) -> Bool {
        scheme == other.scheme && host == other.host && port == other.port
    }

    // MARK: Derived addresses

    package func with(target: String) -> DAVURL { DAVURL(self, target: target) }

    private init(_ origin: DAVURL, target: String) {
        (scheme, host, port) = (origin.scheme, origin.host, origin.port)
        self.target = target.utf8.first == UInt8(ascii: "/") ? target : "/" + target
    }

    /// This address with a `/` at the end of its path.
    package var asCollection: DAVURL { isCollectionForm ? self : with(target: path + "/") }

    /// The collection that holds this resource; the root is its own parent.
    package var parent: DAVURL {
        var path = Substring(path)
        if path.hasSuffix("/") { path = path.dropLast() }
        guard let slash = path.lastIndex(of: "/") else { return with(target: "/") }
        return with(target: String(path[...slash]))
    }

    /// The member with this segment, which is already percent-encoded.
    package func appending(segment: String, isCollection: Bool = false) -> DAVURL {
        with(target: asCollection.path + segment + (isCollection ? "/" : ""))
    }

    /// Resolves a reference (RFC 3986, section 5.2) without touching the spelling of its segments.
    ///
    /// - Returns: nil for another scheme, a broken authority, or an address with a user name.
    package func resolving(_ reference: String) -> DAVURL? {
        if let target = Self.plainTarget(reference) { return with(target: target) }
        let reference = reference.filter { !$0.isNewline && $0 != "\t" }
        if let absolute = DAVURL(reference) { return absolute }
        if reference.hasPrefix("//") { return DAVURL(scheme: scheme, authorityAndTarget: reference.dropFirst(2)) }
        if Self.hasScheme(reference) { return nil }
        if reference.hasPrefix("/") { return with(target: Self.cleanTarget(reference)) }
        if reference.isEmpty || reference.hasPrefix("#") { return self }
        if reference.hasPrefix("?") { return with(target: path + Self.cleanTarget(reference).dropFirst()) }
        let base = path.prefix(upTo: path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.endIndex)
        return with(target: Self.removingDots(Self.cleanTarget(base + reference)))
    }

    /// Nearly every reference is a path that needs nothing done to it, and a listing has thousands.
    private static func plainTarget(_ reference: String) -> String? {
        var reference = reference
        let isPlain = reference.withUTF8 { bytes in
            var previous: UInt8 = 0
            return bytes.first == UInt8(ascii: "/") && bytes.dropFirst().first != UInt8(ascii: "/")
                && bytes.allSatisfy { byte in
                    defer { previous = byte }
                    // A dot behind a slash may be one that has to be removed.
                    return byte > 0x20 && byte < 0x7F && byte != UInt8(ascii: "#")
                        && (byte != UInt8(ascii: ".") || previous != UInt8(ascii: "/"))
                }
        }
        return isPlain ? reference : nil
    }

    private static func hasScheme(_ reference: String) -> Bool {
        guard let colon = reference.firstIndex(of: ":") else { return false }
        let head = reference[..<colon]
        return !head.isEmpty && !head.contains("/") && !head.contains("?")
            && head.utf8.allSatisfy { byte in
                (0x61...0x7A).contains(byte | 0x20) || (0x30...0x39).contains(byte)
                    || [0x2B, 0x2D, 0x2E].contains(byte)
            } && !((0x30...0x39).contains(head.utf8.first ?? 0x30))
    }

    /// Removes `.` and `..` segments of a relative reference that was merged with its base (section 5.2.4).
    private static func removingDots(_ target: String) -> String {
        let query = target.firstIndex(of: "?").map { String(target[$0...]) } ?? ""
        var output: [Substring] = []
        let segments = target.prefix { $0 != "?" }.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        for (index, segment) in segments.enumerated() {
            let isLast = index == segments.count - 1
            switch segment {
            case ".": if isLast { output.append("") }
            case "..":
                if !output.isEmpty { output.removeLast() }
                if isLast { output.append("") }
            default: output.append(segment)
            }
        }
        return "/" + output.joined(separator: "/") + query
    }
}

extension DAVURL: CustomStringConvertible {
    package var description: String { "\(scheme.rawValue)://\(authority)\(target)" }
}
