import ContentLines
package import DAVClient

/// What a server made of an object that was stored on it.
package enum Fidelity: Hashable, Sendable {
    /// The same bytes; line ends apart where the answer does not show them.
    case identical
    /// The same lines in another order, folding or spelling of names.
    case rewritten
    /// Lines are missing, added or different; the names of their properties, sorted.
    case changed([String])

    package init(sent: [UInt8], stored: [UInt8], kind: DAVCollectionKind) {
        if sent == stored || LineEnds.normalized(sent) == LineEnds.normalized(stored) {
            self = .identical
            return
        }
        guard let sent = Self.lines(sent, kind), let stored = Self.lines(stored, kind) else {
            self = .changed([])
            return
        }
        var balance: [Line: Int] = [:]
        for line in sent { balance[line, default: 0] += 1 }
        for line in stored { balance[line, default: 0] -= 1 }
        let names = Set(balance.filter { $0.value != 0 }.map(\.key.name)).subtracting(Self.administrative)
        self = names.isEmpty ? .rewritten : .changed(names.sorted())
    }

    /// Says which program wrote the object and when, not what is in it.
    private static let administrative: Set<String> = ["PRODID"]

    /// A line as a value: name and parameters without regard to case, order and quotes; the value as written.
    private struct Line: Hashable {
        let name: String
        let parameters: [String]
        let value: [UInt8]
    }

    private static func lines(_ bytes: [UInt8], _ kind: DAVCollectionKind) -> [Line]? {
        guard let document = try? ContentDocument(bytes, groups: kind == .addressBook) else { return nil }
        return document.map { line in
            let parameters = line.parameters.map { parameter in
                parameter.name + "=" + parameter.values.joined(separator: ",")
            }
            return Line(
                name: (line.group.map { $0.uppercased() + "." } ?? "") + line.name, parameters: parameters.sorted(),
                value: Array(line.value))
        }
    }
}
