import ContentLines
package import DAVClient

/// What a server made of an object that was stored on it.
package enum Fidelity: Hashable, Sendable {
    /// The same bytes; line ends apart where the answer does not show them.
    case identical
    /// The same lines in another order, folding, spelling or escaping, or with the server's own definition of a time
    /// zone.
    case rewritten
    /// Something is missing, added or different; sorted by property.
    case changed([Change])

    package struct Change: Hashable, Comparable, Sendable {
        package enum Verb: Int, Hashable, Sendable {
            case dropped
            case changed
            case added
        }

        package let verb: Verb
        /// Of the property, with the component it is in where that is not the object itself: `VALARM TRIGGER`.
        package let property: String

        package init(_ verb: Verb, _ property: String) {
            self.verb = verb
            self.property = property
        }

        package static func < (a: Change, b: Change) -> Bool {
            (a.property, a.verb.rawValue) < (b.property, b.verb.rawValue)
        }
    }

    package init(sent: [UInt8], stored: [UInt8], kind: DAVCollectionKind) {
        if sent == stored || LineEnds.areAlike(sent, stored) {
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
        var lost: Set<String> = []
        var gained: Set<String> = []
        for (line, count) in balance where count != 0 {
            if count > 0 { lost.insert(line.place) } else { gained.insert(line.place) }
        }
        Self.collapse(&lost, unless: gained)
        Self.collapse(&gained, unless: lost)
        // Servers write these anew, some at each reading; what is missing altogether is a loss all the same.
        gained.subtract(gained.filter { Self.stamps.contains(Self.property($0)) && !lost.contains($0) })
        let stamped = lost.intersection(gained).filter { Self.stamps.contains(Self.property($0)) }
        lost.subtract(stamped)
        gained.subtract(stamped)
        let changes =
            lost.subtracting(gained).map { Change(.dropped, $0) } + gained.subtracting(lost).map { Change(.added, $0) }
            + lost.intersection(gained).map { Change(.changed, $0) }
        self = changes.isEmpty ? .rewritten : .changed(changes.sorted())
    }

    /// A component that is missing as a whole stands for all its properties.
    private static func collapse(_ places: inout Set<String>, unless others: Set<String>) {
        let begins = places.filter { $0.hasSuffix(" BEGIN") && !others.contains($0) }
        for component in begins.map({ String($0.dropLast(6)) }) {
            places = places.filter { !$0.hasPrefix(component + " ") }
            places.insert(component)
        }
    }

    /// When an object was written, which says nothing about what is in it.
    private static let stamps: Set<String> = ["DTSTAMP", "LAST-MODIFIED", "REV"]

    private static func property(_ place: String) -> String {
        String(place[(place.lastIndex { $0 == " " || $0 == "." }.map(place.index(after:)) ?? place.startIndex)...])
    }

    /// Whether the object still says what was sent.
    package var keepsMeaning: Bool {
        if case .changed = self { false } else { true }
    }

    /// Says which program wrote the object, not what is in it.
    private static let administrative: Set<String> = ["PRODID"]
    /// Servers replace the definitions of zones that they know; the times that refer to them stay.
    private static let zones: Set<String> = ["VTIMEZONE", "STANDARD", "DAYLIGHT"]

    /// A line as a value: without regard to folding, to case where it means nothing, to order and quotes of parameters,
    /// and to escapes that stand for the same text.
    private struct Line: Hashable {
        let place: String
        let parameters: [String]
        let value: String
    }

    private static func lines(_ bytes: [UInt8], _ kind: DAVCollectionKind) -> [Line]? {
        guard let document = try? ContentDocument(bytes, groups: kind == .addressBook) else { return nil }
        var open: [String] = []
        var lines: [Line] = []
        for line in document {
            let name = line.name
            if name == "BEGIN" { open.append(ASCII.uppercasedString(line.value)) }
            defer { if name == "END" { _ = open.popLast() } }
            if administrative.contains(name) || open.contains(where: zones.contains) { continue }
            let isInner = open.count > 2
            let place = (isInner ? "\(open.last ?? "") " : "") + (line.group.map { $0.uppercased() + "." } ?? "") + name
            let parameters = line.parameters.map { parameter in
                let values = parameter.values.joined(separator: ",")
                return parameter.name + "=" + (enumerated.contains(parameter.name) ? values.lowercased() : values)
            }
            lines.append(Line(place: place, parameters: parameters.sorted(), value: value(line, kind)))
        }
        return lines
    }

    /// Parameters whose values are words without regard to case.
    private static let enumerated: Set<String> = [
        "", "CUTYPE", "ENCODING", "FBTYPE", "PARTSTAT", "RANGE", "RELATED", "RELTYPE", "ROLE", "RSVP", "TYPE", "VALUE",
    ]

    /// In calendars every separator may be escaped or not; in cards the semicolon tells the parts of a name.
    private static func value(_ line: ContentLine, _ kind: DAVCollectionKind) -> String {
        if kind == .calendar { return line.text }
        let parts = TextEscaping.split(line.value, at: UInt8(ascii: ";"))
        return parts.map(TextEscaping.unescape).joined(separator: "\u{1F}")
    }
}
