import DAVClient
import FoundationEssentials

/// The tokens of one account in a file that only its owner can read. Changes happen under a lock that other processes
/// respect, since a provider that rotates refresh tokens takes a second use of an old one for a theft.
struct TokenFile: OAuthTokenStore {
    private let file: StateFile

    /// - Parameter path: absolute.
    init(path: String) { file = StateFile(path: path) }

    func read() throws -> OAuthTokens? {
        guard let bytes = try file.content() else { return nil }
        guard let tokens = try? JSONDecoder().decode(OAuthTokens.self, from: Data(bytes)) else {
            throw DAVClientError(
                .authentication, "\(file.path) is damaged.", advice: "Log in again: fasti source login NAME.")
        }
        return tokens
    }

    func update(_ change: (OAuthTokens?) async throws -> OAuthTokens) async throws -> OAuthTokens {
        try await file.locked {
            // A damaged file is replaced by a new login.
            let tokens = try await change(try? read())
            try file.write(try SidecarCoding.encode(tokens))
            return tokens
        }
    }
}
