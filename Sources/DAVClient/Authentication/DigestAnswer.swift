import Crypto

/// The proof of a password (RFC 7616) for one challenge.
package struct DigestAnswer: Sendable {
    package let challenge: AuthenticationChallenge
    private let hash: @Sendable (String) -> String
    private let isSession: Bool

    /// - Returns: nil for a challenge of another kind, or with an algorithm that is not known.
    package init?(_ challenge: AuthenticationChallenge) {
        guard challenge.scheme == "digest", challenge.parameters["nonce"] != nil else { return nil }
        self.challenge = challenge
        var algorithm = challenge.parameters["algorithm"]?.uppercased() ?? "MD5"
        isSession = algorithm.hasSuffix("-SESS")
        if isSession { algorithm.removeLast(5) }
        switch algorithm {
        case "MD5": hash = { Self.hex(Insecure.MD5.hash(data: Array($0.utf8))) }
        case "SHA-256": hash = { Self.hex(SHA256.hash(data: Array($0.utf8))) }
        default: return nil
        }
    }

    /// Higher is better.
    var strength: Int { challenge.parameters["algorithm"]?.uppercased().hasPrefix("SHA-256") == true ? 2 : 1 }

    var nonce: String { challenge.parameters["nonce"] ?? "" }

    /// Whether the server says that the nonce is old and the password right.
    var isStale: Bool { challenge.parameters["stale"]?.lowercased() == "true" }

    /// The value of the Authorization field.
    ///
    /// - Parameters:
    ///   - count: how often the nonce was used, this time included.
    ///   - clientNonce: random.
    package func authorization(
        username: String, password: String, method: String, target: String, count: Int, clientNonce: String
    ) -> String {
        let realm = challenge.parameters["realm"] ?? ""
        var secret = hash("\(username):\(realm):\(password)")
        if isSession { secret = hash("\(secret):\(nonce):\(clientNonce)") }
        let request = hash("\(method):\(target)")
        let offers = (challenge.parameters["qop"] ?? "").split { $0 == "," || $0 == " " }
        let hasQuality = offers.contains { $0.lowercased() == "auth" }
        let number =
            String(repeating: "0", count: max(0, 8 - String(count, radix: 16).count)) + String(count, radix: 16)
        let proof =
            hasQuality
            ? hash("\(secret):\(nonce):\(number):\(clientNonce):auth:\(request)")
            : hash("\(secret):\(nonce):\(request)")

        var fields = [
            name(username, realm), ("realm", quoted(realm)), ("nonce", quoted(nonce)), ("uri", quoted(target)),
        ]
        if let algorithm = challenge.parameters["algorithm"] { fields.append(("algorithm", algorithm)) }
        if hasQuality { fields += [("qop", "auth"), ("nc", number), ("cnonce", quoted(clientNonce))] }
        fields.append(("response", quoted(proof)))
        if let opaque = challenge.parameters["opaque"] { fields.append(("opaque", quoted(opaque))) }
        if hashesName { fields.append(("userhash", "true")) }
        return "Digest " + fields.map { "\($0)=\($1)" }.joined(separator: ", ")
    }

    private var hashesName: Bool { challenge.parameters["userhash"]?.lowercased() == "true" }

    private func name(_ username: String, _ realm: String) -> (String, String) {
        if hashesName { return ("username", quoted(hash("\(username):\(realm)"))) }
        guard username.utf8.allSatisfy({ $0 < 0x80 }) else {
            return ("username*", "UTF-8''" + PercentEncoding.encode(segment: username.utf8))
        }
        return ("username", quoted(username))
    }

    private func quoted(_ text: String) -> String {
        "\"" + text.reduce(into: "") { $0 += $1 == "\"" || $1 == "\\" ? "\\\($1)" : String($1) } + "\""
    }

    private static func hex(_ digest: some Sequence<UInt8>) -> String {
        digest.reduce(into: "") { $0 += PercentEncoding.escape($1).dropFirst().lowercased() }
    }
}
