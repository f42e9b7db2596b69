package import ConnectorKit
package import DAVClient

extension ConnectorError {
    /// What went wrong with a server, in the terms that all connectors share.
    package init(_ error: DAVClientError) {
        let code: Code =
            switch error.code {
            case .invalidConfiguration: .invalidConfiguration
            case .authentication: .authentication
            case .forbidden: error.condition == nil ? .permission : .rejected
            case .notFound: .notFound
            case .refused: .rejected
            case .preconditionFailed: .alreadyExists
            case .tooLarge: .limitExceeded
            case .unavailable, .security: .unavailable
            default: .protocolViolation
            }
        self.init(code, error.reason, advice: error.advice)
    }
}

/// Runs `body` with the client's errors turned into those of connectors.
func connecting<Result>(
    isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Result
) async throws -> Result {
    do {
        return try await body()
    } catch let error as DAVClientError {
        throw ConnectorError(error)
    }
}
