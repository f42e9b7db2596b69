internal import ConnectorKit
internal import FastiConfiguration
internal import Kloset

/// The one place that says which error ends a command with which status, and what a person can do about it when the
/// error itself gives no advice. A test walks all codes of all families, so that none is forgotten.
package enum FailureTable {
    package struct Rule: Sendable {
        package let status: ExitStatus
        package let hint: String?

        init(_ status: ExitStatus, _ hint: String? = nil) {
            self.status = status
            self.hint = hint
        }
    }

    /// Errors of sources, destinations and of the places where stores lie. While a store is being opened they are
    /// wrapped, and answer 66.
    package static let connector: [String: Rule] = rules([
        (ConnectorError.Code.invalidConfiguration, Rule(.failure, "Check the location and the options.")),
        (.notFound, Rule(.failure, nil)),
        (.alreadyExists, Rule(.failure, nil)),
        (.authentication, Rule(.authentication, "Check the user name and the password.")),
        (.permission, Rule(.failure, "Check the rights of the account.")),
        (.unavailable, Rule(.failure, "Check the network, or try again later.")),
        (.protocolViolation, Rule(.failure, "Check that the address is that of the right service.")),
        (.rejected, Rule(.failure, nil)),
        (.corrupt, Rule(.damaged, "\"fasti at LOCATION check\" names everything that is damaged.")),
        (.limitExceeded, Rule(.failure, nil)),
        (.inputOutput, Rule(.failure, nil)),
        (.unsupported, Rule(.failure, nil)),
    ])

    /// Errors of the store engine.
    package static let kloset: [String: Rule] = rules([
        (KlosetError.Code.authentication, Rule(.authentication, "Check the passphrase.")),
        (.corrupt, Rule(.damaged, "\"fasti at LOCATION check\" names everything that is damaged.")),
        (.notFound, Rule(.failure, "\"fasti at LOCATION ls\" lists the snapshots.")),
        (.ambiguous, Rule(.failure, "Give more digits of the identifier.")),
        (.incompatible, Rule(.incompatible, "Use a newer version of this program.")),
        (.alreadyExists, Rule(.failure, nil)),
        (.locked, Rule(.failure, "Try again when the other process is done.")),
        (.invalidArgument, Rule(.failure, nil)),
        (.limitExceeded, Rule(.failure, nil)),
        (.unsupported, Rule(.failure, nil)),
    ])

    package static let configuration: [String: Rule] = rules([
        (ConfigurationError.Code.invalid, Rule(.failure, nil)),
        (.damaged, Rule(.failure, nil)),
        (.incompatible, Rule(.failure, nil)),
        (.notFound, Rule(.failure, nil)),
        (.alreadyExists, Rule(.failure, nil)),
        (.commandFailed, Rule(.failure, nil)),
        (.inputOutput, Rule(.failure, nil)),
        (.busy, Rule(.failure, nil)),
    ])

    package static let command: [String: Rule] = rules([
        (CommandError.Code.usage, Rule(.usage, nil)),
        (.repository, Rule(.noRepository, "Check the location; \"fasti at LOCATION create\" makes a new store.")),
        (.damagedStore, Rule(.damaged, nil)),
        (.authentication, Rule(.authentication, nil)),
        (.incompatible, Rule(.incompatible, "Use a newer version of this program.")),
        (.weakPassphrase, Rule(.failure, "Use several words, or --weak-passphrase if you know what you are doing.")),
        (.nothingSelected, Rule(.failure, "\"fasti at LOCATION ls\" lists what there is.")),
        (.wrongKind, Rule(.failure, nil)),
        (.interrupted, Rule(.signal(2), nil)),
        (.outputClosed, Rule(.failure, nil)),
        (.inputOutput, Rule(.failure, nil)),
    ])

    private static func rules<Code: CustomStringConvertible>(_ pairs: [(Code, Rule)]) -> [String: Rule] {
        Dictionary(pairs.map { ($0.description, $1) }, uniquingKeysWith: { first, _ in first })
    }
}
