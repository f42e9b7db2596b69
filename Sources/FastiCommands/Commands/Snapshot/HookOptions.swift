internal import ArgumentParser
internal import FastiConfiguration

/// Commands that run around a job, by `sh -c`, with what they need to know in their environment: `FASTI_STORE`,
/// `FASTI_SOURCE`, `FASTI_SNAPSHOT`, `FASTI_STATUS`, `FASTI_ERROR`.
struct HookOptions: ParsableArguments {
    @Option(
        name: .customLong("pre-hook"),
        help: ArgumentHelp("Run this before; when it fails, nothing is done.", valueName: "command"))
    var before: String?

    @Option(
        name: .customLong("post-hook"), help: ArgumentHelp("Run this when it is done.", valueName: "command"))
    var after: String?

    @Option(
        name: .customLong("fail-hook"), help: ArgumentHelp("Run this when it has failed.", valueName: "command"))
    var failure: String?

    /// Runs `body` between the hooks.
    ///
    /// - Parameter snapshot: which snapshot a result is about.
    /// - Throws: also when the hook before or after fails; the error of `body` wins over that of the hook for failures.
    func around<Result: Sendable>(
        _ variables: [String: String], _ body: () async throws -> (Result, ExitStatus, snapshot: String)
    ) async throws -> (Result, ExitStatus) {
        do {
            if let before { try ShellHook(text: before, title: "--pre-hook").run(variables: variables) }
            let (result, status, snapshot) = try await body()
            if let after {
                let more = ["FASTI_SNAPSHOT": snapshot, "FASTI_STATUS": "\(status.rawValue)"]
                try ShellHook(text: after, title: "--post-hook").run(variables: variables.merging(more) { $1 })
            }
            return (result, status)
        } catch {
            if let hook = self.failure {
                let failure = Failure(error)
                let more = ["FASTI_ERROR": failure.reason, "FASTI_STATUS": "\(failure.status.rawValue)"]
                try? ShellHook(text: hook, title: "--fail-hook").run(variables: variables.merging(more) { $1 })
            }
            throw error
        }
    }
}
