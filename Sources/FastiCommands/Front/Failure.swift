internal import BackupEngine
internal import ConnectorKit
internal import FastiConfiguration
internal import Kloset

/// An error as it is shown: what happened, what to do, and the exit status.
struct Failure {
    let status: ExitStatus
    /// A stable name, for programs.
    let code: String
    let reason: String
    let advice: String?

    init(_ error: any Error) {
        switch error {
        case let error as CommandError:
            self.init(error.code.description, error.reason, error.advice, FailureTable.command)
        case let error as KlosetError:
            self.init(error.code.description, error.reason, error.advice, FailureTable.kloset)
        case let error as ConnectorError:
            self.init(error.code.description, error.reason, error.advice, FailureTable.connector)
        case let error as ConfigurationError:
            self.init(error.code.description, error.reason, error.advice, FailureTable.configuration)
        case is CancellationError:
            self.init(
                CommandError.Code.interrupted.description, "Interrupted.", nil, FailureTable.command)
        default:
            self.init("internal", "\(error)", nil, [:])
        }
    }

    private init(_ code: String, _ reason: String, _ advice: String?, _ table: [String: FailureTable.Rule]) {
        let rule = table[code]
        self.status = rule?.status ?? .failure
        self.code = code
        self.reason = reason
        self.advice = advice ?? rule?.hint
    }

    /// The same for an error that a signal caused.
    func endedBy(signal: Int32) -> Failure {
        Failure(
            status: .signal(signal), code: CommandError.Code.interrupted.description, reason: "Interrupted.",
            advice: nil)
    }

    private init(status: ExitStatus, code: String, reason: String, advice: String?) {
        self.status = status
        self.code = code
        self.reason = reason
        self.advice = advice
    }

    /// For people; control characters of names that came from outside are harmless.
    var text: String {
        let message = printable(reason.utf8)
        return advice.map { "fasti: \(message)\n       \(printable($0.utf8))" } ?? "fasti: \(message)"
    }

    var json: JSONValue {
        [
            "version": .schemaVersion, "type": "error", "code": .string(code), "message": .string(reason),
            "advice": advice.map { .string($0) } ?? .null, "exitStatus": .integer(Int64(status.rawValue)),
        ]
    }
}
