import FoundationEssentials
import HTTPTypes
import Synchronization

/// Logs in with a user name and a password, in the way that the server asks for.
final class PasswordAuthenticator: DAVAuthenticator {
    private struct State: Sendable {
        var digest: DigestAnswer?
        /// How often the nonce was used.
        var count = 0
    }

    private let username: String
    private let password: String
    /// The field value of Basic; nil when the password itself must not be sent.
    private let basic: String?
    private let clientNonce: @Sendable () -> String
    private let state = Mutex(State())

    init(
        username: String, password: String, sendsPassword: Bool,
        clientNonce: @escaping @Sendable () -> String = { RandomText.make(bytes: 16) }
    ) {
        self.username = username
        self.password = password
        basic = sendsPassword ? "Basic " + Data("\(username):\(password)".utf8).base64EncodedString() : nil
        self.clientNonce = clientNonce
    }

    var canBeOverheard: Bool { basic != nil }

    func authorization(_ method: HTTPRequest.Method, _ url: DAVURL) -> String? {
        let (digest, count) = state.withLock { state in
            if state.digest != nil { state.count += 1 }
            return (state.digest, state.count)
        }
        if let digest {
            return digest.authorization(
                username: username, password: password, method: method.rawValue, target: url.target, count: count,
                clientNonce: clientNonce())
        }
        return basic
    }

    func mayRetry(after challenges: [AuthenticationChallenge], sent: String?) -> Bool {
        // A server that takes Basic has seen the password already, and has refused it.
        if basic != nil, challenges.contains(where: { $0.scheme == "basic" }) { return false }
        guard let offer = challenges.compactMap(DigestAnswer.init).max(by: { $0.strength < $1.strength }) else {
            return false
        }
        return state.withLock { state in
            if let sent, sent.hasPrefix("Digest ") {
                // Another task may have got a newer nonce in between.
                guard sent.contains(" nonce=\"\(state.digest?.nonce ?? "")\"") else { return true }
                // The same proof again would be refused again, unless the nonce was only too old.
                guard offer.isStale else { return false }
            }
            if state.digest?.nonce != offer.nonce { state = State(digest: offer, count: 0) }
            return true
        }
    }
}

/// Text that nobody can guess.
enum RandomText {
    /// Base64 for URLs, without padding.
    static func make(bytes count: Int) -> String {
        var generator = SystemRandomNumberGenerator()
        return base64URL((0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) })
    }

    static func base64URL(_ bytes: some Sequence<UInt8>) -> String {
        Data(bytes).base64EncodedString().reduce(into: "") { text, character in
            switch character {
            case "+": text += "-"
            case "/": text += "_"
            case "=": break
            default: text.append(character)
            }
        }
    }
}
