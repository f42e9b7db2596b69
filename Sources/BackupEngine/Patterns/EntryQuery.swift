package import ConnectorKit

/// What `locate` looks for: the name or the path of an entry. What is in an entry (summary, attendee, date) will be
/// further conditions beside these.
package struct EntryQuery: Sendable {
    private enum Pattern: Sendable {
        case name(Glob)
        case path(PathPattern)
    }

    private let patterns: [Pattern]
    private let ignoresCase: Bool

    /// - Parameter patterns: any of them; those with a slash are for whole paths.
    package init(_ patterns: [String], ignoresCase: Bool = false) {
        self.ignoresCase = ignoresCase
        self.patterns = patterns.map { text in
            let bytes = Array((ignoresCase ? text.lowercased() : text).utf8)
            guard bytes.contains(UInt8(ascii: "/")) else { return .name(Glob(bytes)) }
            return .path(PathPattern(bytes.split(separator: UInt8(ascii: "/")).map(Array.init)))
        }
    }

    package func matches(_ path: BytePath) -> Bool {
        guard !path.isRoot else { return false }
        let components = path.components.map(folded)
        guard let name = components.last else { return false }
        return patterns.contains { pattern in
            switch pattern {
            case .name(let glob): glob.matches(name)
            case .path(let pattern): pattern.matches(components[...])
            }
        }
    }

    private func folded(_ name: [UInt8]) -> [UInt8] {
        guard ignoresCase, let text = String(validating: name, as: UTF8.self) else { return name }
        return Array(text.lowercased().utf8)
    }
}
