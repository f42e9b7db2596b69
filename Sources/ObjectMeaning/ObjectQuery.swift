import ContentLines
package import ICalendar
import VCard

/// What to look for in objects. Everything that is given must hold; texts are found anywhere, in small or capital letters.
package struct ObjectQuery: Sendable {
    /// The whole of it.
    package var uid: String?
    /// In the summary, or the name of a contact.
    package var title: String?
    /// In the name or address of an attendee or the organiser, or in a contact's mail addresses.
    package var person: String?
    /// In the name of a contact, its organisation, mail addresses or phone numbers.
    package var contact: String?
    /// Takes place then, recurrences counted.
    package var range: TimeRange?
    package let times: TimeWords

    package init(_ times: TimeWords) { self.times = times }

    package var isEmpty: Bool { uid == nil && title == nil && person == nil && contact == nil && range == nil }

    package struct Match: Hashable, Sendable {
        package let object: ObjectDescription
        /// The times in the range, the first few.
        package let dates: [String]
    }

    /// - Returns: nil for an object that does not fit, or cannot be read.
    package func match(_ bytes: [UInt8], _ kind: ObjectKind) -> Match? {
        guard let object = ObjectDescription(bytes, kind, times) else { return nil }
        if let uid, object.uid != uid { return nil }
        switch kind {
        case .calendar:
            guard contact == nil, let parsed = try? CalendarObject(parsing: bytes) else { return nil }
            return matches(parsed).map { Match(object: object, dates: $0) }
        case .contact:
            guard range == nil, let parsed = try? VCardObject(parsing: bytes), matches(parsed) else { return nil }
            return Match(object: object, dates: [])
        }
    }

    private static let mostDates = 3

    /// - Returns: dates when it fits.
    private func matches(_ object: CalendarObject) -> [String]? {
        let components = object.components
        if let title, !components.contains(where: { Self.has($0.summary, title) }) { return nil }
        if let person {
            let isIn = components.contains { component in
                (component.properties("ATTENDEE") + component.properties("ORGANIZER")).contains { line in
                    Self.has(line.parameterValue("CN"), person) || Self.has(line.address, person)
                }
            }
            guard isIn else { return nil }
        }
        guard let range else { return [] }
        guard let instances = try? object.instances(in: range, zones: times.zones, limit: 10_000), !instances.isEmpty
        else { return nil }
        return instances.prefix(Self.mostDates).map { times.text($0.startTime) }
    }

    private func matches(_ object: VCardObject) -> Bool {
        object.cards.contains { card in
            let addresses = card.properties("EMAIL").map(\.decodedText)
            if let title, !Self.has(card.displayName, title) { return false }
            if let person, !([card.displayName] + addresses).contains(where: { Self.has($0, person) }) { return false }
            guard let contact else { return true }
            let all =
                [card.displayName] + addresses + card.properties("TEL").map(\.decodedText)
                + card.properties("ORG").map(\.decodedText) + card.properties("NICKNAME").map(\.decodedText)
            return all.contains { Self.has($0, contact) }
        }
    }

    private static func has(_ text: String?, _ part: String) -> Bool {
        text?.lowercased().contains(part.lowercased()) ?? false
    }
}
