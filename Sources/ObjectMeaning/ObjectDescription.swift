import ContentLines
import ICalendar
import VCard

/// What to call an object when speaking with people.
package struct ObjectDescription: Hashable, Sendable {
    package let kind: ObjectKind
    /// nil when it has none.
    package let uid: String?
    /// The summary of an event, the name of a contact.
    package let title: String
    /// event, task, journal entry, contact, group
    package let noun: String
    /// When it takes place first: `Tue 10 Mar 2026 10:00`; nil for what has no time.
    package let when: String?
    /// How it recurs: `every week on Tuesday`.
    package let recurrence: String?

    /// - Returns: nil for what cannot be read.
    package init?(_ bytes: [UInt8], _ kind: ObjectKind, _ times: TimeWords) {
        switch kind {
        case .calendar:
            guard let object = try? CalendarObject(parsing: bytes), let first = object.components.first else {
                return nil
            }
            self.init(object, main: object.components.first { !$0.isOverride } ?? first, times)
        case .contact:
            guard let card = (try? VCardObject(parsing: bytes))?.cards.first else { return nil }
            self.init(card)
        }
    }

    private init(_ object: CalendarObject, main: Component, _ times: TimeWords) {
        kind = .calendar
        uid = object.uid
        noun = main.kind.noun
        title = main.summary.flatMap { $0.isEmpty ? nil : shortened($0) } ?? "(no title)"
        let time = main.property("DTSTART")?.calendarTime ?? main.property("DUE")?.calendarTime
        when = time.map(times.text)
        recurrence = main.property("RRULE").flatMap { try? RecurrenceRule(parsing: $0.value) }
            .map { RecurrenceWords(times).text($0) }
    }

    init(_ card: VCard) {
        kind = .contact
        uid = card.uid
        noun = card.kind == "group" ? "group" : "contact"
        title = card.displayName.map { shortened($0) } ?? "(no name)"
        when = nil
        recurrence = nil
    }

    /// `event, Tue 10 Mar 2026 10:00, every week`
    package var details: String {
        [noun, when, recurrence].compactMap { $0 }.joined(separator: ", ")
    }
}

extension ComponentKind {
    /// For messages.
    var noun: String {
        switch self {
        case .event: "event"
        case .todo: "task"
        case .journal: "journal entry"
        case .freeBusy: "free-busy time"
        case .availability: "availability"
        default: "object"
        }
    }
}
