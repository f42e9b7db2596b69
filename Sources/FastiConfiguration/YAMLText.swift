internal import Yams

/// Reading and writing YAML with errors that name the place and never the content, which may be a password.
enum YAMLText {
    /// - Returns: nil for an empty file.
    static func compose(_ text: String, fileName: String) throws(ConfigurationError) -> Node? {
        do {
            guard let root = try Yams.compose(yaml: text), !isNull(root) else { return nil }
            return root
        } catch {
            throw ConfigurationError(
                .damaged, "\(fileName) is not valid YAML: \(problem(error)).",
                advice: "Correct it in an editor, or move it away.")
        }
    }

    static func serialize(_ node: Node, fileName: String) throws(ConfigurationError) -> String {
        do {
            return try Yams.serialize(node: node, width: -1, allowUnicode: true)
        } catch {
            throw ConfigurationError(.invalid, "\(fileName) cannot be written: \(problem(error)).")
        }
    }

    /// A scalar that is read back as this very string, also by programs that take `no` for a boolean.
    static func string(_ text: String) -> Node { .scalar(text.represented()) }

    static func map(_ pairs: [(Node, Node)]) -> Node { Node(pairs, .implicit, .block) }

    static func isNull(_ node: Node) -> Bool {
        guard let scalar = node.scalar else { return false }
        return scalar.style == .plain && ["", "~", "null"].contains(scalar.string)
    }

    static func mapping(
        _ node: Node, in fileName: String, what: String
    ) throws(ConfigurationError) -> [(key: String, value: Node)] {
        guard let mapping = node.mapping else {
            throw ConfigurationError(.damaged, "\(fileName): \(what) is not a map of names to values.")
        }
        var pairs: [(String, Node)] = []
        for (key, value) in mapping {
            guard let key = key.scalar?.string else {
                throw ConfigurationError(.damaged, "\(fileName): a key is not a single value.")
            }
            pairs.append((key, value))
        }
        return pairs
    }

    /// Yams prints the offending line, which may be the one with the password: only the place is told.
    private static func problem(_ error: any Error) -> String {
        switch error as? YamlError {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            "\(problem), line \(mark.line)"
        case .duplicatedKeysInMapping: "a key appears twice in one map"
        default: "it cannot be understood"
        }
    }
}
