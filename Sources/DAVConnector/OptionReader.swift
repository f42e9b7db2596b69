import ConnectorKit

/// Reads the flat options of a connector and says what is wrong with them.
struct OptionReader {
    private let options: [String: String]

    init(_ options: [String: String]) { self.options = options }

    private static let shared: Set<String> = [
        "username", "password", "auth", "insecure", "trusted_hosts", "resolver", "name", "token", "auth_url",
        "token_url", "device_url", "service_scope", "client_id", "client_secret", "redirect_port",
    ]
    private static let source: Set<String> = [
        "full", "full_days", "max_loss", "include", "exclude", "shared", "subscribed", "delegated",
        "attachments",
    ]
    private static let destination: Set<String> = [
        "mode", "invitations", "collection", "map", "attachments", "subscriptions", "readonly",
    ]
    /// Resolved or used before a connector is made; here only so that they are not taken for mistakes.
    private static let foreign: Set<String> = [
        "location", "type", "password_cmd", "password_file", "token_cmd", "token_file",
    ]

    func refuseUnknown(_ role: DAVSettings.Role) throws {
        let known = Self.shared.union(role == .source ? Self.source : Self.destination)
        guard let key = options.keys.filter({ !known.contains($0) && !Self.foreign.contains($0) }).min() else { return }
        throw ConnectorError(
            .invalidConfiguration, "There is no option \"\(key)\" here.",
            advice: "Known are \(known.sorted().joined(separator: ", ")).")
    }

    /// nil when missing or empty.
    func text(_ key: String) -> String? { options[key].flatMap { $0.isEmpty ? nil : $0 } }

    /// Words between commas or blanks.
    func list(_ key: String) -> [String] {
        (text(key) ?? "").split { $0 == "," || $0 == " " }.map(String.init)
    }

    /// Texts between commas; blanks at their ends do not count.
    func names(_ key: String) -> [String] {
        (text(key) ?? "").split(separator: ",").map { part in
            var part = part.drop { $0 == " " }
            while part.last == " " { part.removeLast() }
            return String(part)
        }.filter { !$0.isEmpty }
    }

    /// Spelled as Go's parser takes it, since configurations are shared with plakar.
    func flag(_ key: String, default value: Bool = false) throws -> Bool {
        switch text(key)?.lowercased() {
        case nil: return value
        case "0", "f", "false", "no": return false
        case "1", "t", "true", "yes": return true
        default: throw ConnectorError(.invalidConfiguration, "\(key) must be true or false.")
        }
    }

    func number(_ key: String, in range: ClosedRange<Int>) throws -> Int? {
        guard let text = text(key) else { return nil }
        guard let number = Int(text), range.contains(number) else {
            throw ConnectorError(
                .invalidConfiguration, "\(key) must be a number from \(range.lowerBound) to \(range.upperBound).")
        }
        return number
    }

    func choice<Choice: RawRepresentable & CaseIterable>(
        _ key: String, _ type: Choice.Type
    ) throws -> Choice? where Choice.RawValue == String {
        guard let text = text(key) else { return nil }
        guard let choice = Choice(rawValue: text) else {
            let known = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw ConnectorError(
                .invalidConfiguration, "\(key)=\(text) is not known.", advice: "It takes one of \(known).")
        }
        return choice
    }
}
