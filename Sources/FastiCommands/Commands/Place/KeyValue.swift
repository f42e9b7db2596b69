internal import ArgumentParser

/// An argument `KEY=VALUE`.
struct KeyValue: ExpressibleByArgument, Hashable, Sendable {
    let key: String
    let value: String

    init?(argument: String) {
        guard let equals = argument.firstIndex(of: "="), equals > argument.startIndex else { return nil }
        key = String(argument[..<equals])
        value = String(argument[argument.index(after: equals)...])
    }

    var defaultValueDescription: String { "\(key)=..." }
}

/// An option of a connector, `KEY=VALUE`, or `KEY` for `KEY=true`.
struct ConnectorOption: ExpressibleByArgument, Hashable, Sendable {
    let key: String
    let value: String

    init?(argument: String) {
        guard !argument.isEmpty, !argument.hasPrefix("=") else { return nil }
        let pair = KeyValue(argument: argument)
        key = pair?.key ?? argument
        value = pair?.value ?? "true"
    }
}

extension Sequence<ConnectorOption> {
    /// The options by key; the last one wins.
    var byKey: [String: String] { Dictionary(map { ($0.key, $0.value) }, uniquingKeysWith: { $1 }) }
}
