import ICalendar
import VCard

/// What a collection's type asks of the content of its members, and what the content says about itself.
enum ContentRules {
    /// Facts about content as it is stored; never fails, as old data may be anything.
    static func facts(of bytes: [UInt8], named name: MemberName) -> MemberFacts {
        switch name.contentType {
        case "text/vcard": cardFacts(of: bytes)
        case "text/calendar": calendarFacts(of: bytes)
        default:
            // A member without a telling name: calendar data and cards tell themselves by their first line.
            if begins(bytes, with: "BEGIN:VCALENDAR") {
                calendarFacts(of: bytes)
            } else if begins(bytes, with: "BEGIN:VCARD") {
                cardFacts(of: bytes)
            } else {
                MemberFacts()
            }
        }
    }

    /// Facts about content that is to be stored in a collection of that type. Throws `.invalidContent` and
    /// `.unsupportedComponent` when it must not be.
    static func check(
        _ bytes: [UInt8], named name: MemberName, for type: CollectionType, components: [String]?
    ) throws(CollectionStoreError) -> MemberFacts {
        switch type {
        case .calendar, .subscription: try checkCalendarObject(bytes, components: components)
        case .addressbook: try checkCard(bytes)
        case .scheduleInbox, .scheduleOutbox, .principal, .other: facts(of: bytes, named: name)
        }
    }

    private static func checkCalendarObject(
        _ bytes: [UInt8], components: [String]?
    ) throws(CollectionStoreError) -> MemberFacts {
        var requirements = ObjectRequirements()
        // What a calendar says that it takes is what it takes, also where nothing is set.
        let taken = components ?? CollectionProperties.defaultComponents
        requirements.supportedComponents = Set(taken.map(ComponentKind.init(name:)))
        requirements.maximumInstances = ObjectLimits.maxInstances
        requirements.maximumAttendees = ObjectLimits.maxAttendees
        let (object, violations) = CalendarObject.validated(bytes, requirements)
        if let first = violations.first {
            let isComponent = first.precondition == .supportedCalendarComponent
            var error = CollectionStoreError(isComponent ? .unsupportedComponent : .invalidContent, first.message)
            error.precondition = first.precondition.description
            throw error
        }
        return object.map(facts(of:)) ?? MemberFacts()
    }

    private static func checkCard(_ bytes: [UInt8]) throws(CollectionStoreError) -> MemberFacts {
        let (object, violations) = VCardObject.validated(bytes)
        if let first = violations.first {
            var error = CollectionStoreError(.invalidContent, first.message)
            error.precondition = first.precondition.description
            throw error
        }
        return object.map(facts(of:)) ?? MemberFacts()
    }

    private static func calendarFacts(of bytes: [UInt8]) -> MemberFacts {
        (try? CalendarObject(parsing: bytes)).map(facts(of:)) ?? MemberFacts()
    }

    private static func cardFacts(of bytes: [UInt8]) -> MemberFacts {
        (try? VCardObject(parsing: bytes)).map(facts(of:)) ?? MemberFacts()
    }

    private static func facts(of object: CalendarObject) -> MemberFacts {
        var facts = MemberFacts()
        facts.uid = object.uid
        facts.summary = object.summary
        for component in object.components where !facts.components.contains(component.kind.name) {
            facts.components.append(component.kind.name)
        }
        facts.times = MemberTimes(of: object)
        return facts
    }

    private static func facts(of object: VCardObject) -> MemberFacts {
        var facts = MemberFacts()
        facts.uid = object.uid
        facts.summary = object.displayName
        if !object.cards.isEmpty { facts.components = ["VCARD"] }
        return facts
    }

    private static func begins(_ bytes: [UInt8], with prefix: String) -> Bool {
        // A byte order mark may come first.
        let start = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        let found = bytes.dropFirst(start).prefix(prefix.utf8.count)
        return String(decoding: found, as: UTF8.self).uppercased() == prefix
    }
}
