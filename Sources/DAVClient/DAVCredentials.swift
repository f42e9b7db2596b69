import FoundationEssentials

/// How requests prove who sends them. Never printed: its description names the kind only.
package struct DAVCredentials: Sendable {
    private enum Kind: Sendable {
        case none
        case basic(username: String, password: String)
    }

    private let kind: Kind

    package static let none = DAVCredentials(kind: .none)

    /// Basic authentication (RFC 7617) in UTF-8.
    package static func basic(username: String, password: String) -> DAVCredentials {
        DAVCredentials(kind: .basic(username: username, password: password))
    }

    package var isEmpty: Bool { if case .none = kind { true } else { false } }

    /// The value of the Authorization field; nil without credentials. Asynchronous, since tokens may need a refresh.
    func authorization() async throws -> String? {
        switch kind {
        case .none: nil
        case .basic(let username, let password): "Basic " + Data("\(username):\(password)".utf8).base64EncodedString()
        }
    }
}

extension DAVCredentials: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { isEmpty ? "no credentials" : "credentials" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
