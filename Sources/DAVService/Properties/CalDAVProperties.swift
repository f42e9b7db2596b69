import CollectionStore
import HTTPTypes
import WebDAV
import XMLStream

extension PropertyRegistry {
    /// RFC 4791, 5.2 and 6.2; RFC 6638, 2.4; RFC 7809, 5.2.
    static let caldav: [LiveProperty] = [
        LiveProperty(.calendarHomeSet, on: .principal) { scope in
            scope.context.homes(scope.resource.settings?.calendarHomes, of: scope.resource.path)
        },
        LiveProperty(.calendarUserAddressSet, on: .principal) { scope in
            let own = scope.context.href(scope.resource.path, isCollection: true)
            return .hrefs((scope.resource.settings?.addresses ?? []) + [own])
        },
        LiveProperty(.calendarUserType, on: .principal) { scope in
            .text(scope.resource.settings?.userType ?? "INDIVIDUAL")
        },
        .storedText(
            .calendarDescription, on: [.calendar, .subscription], maximumLength: 65_536, field: { \.description }),
        LiveProperty(
            .calendarTimezone, on: [.calendar, .scheduleInbox],
            set: { (properties, element) throws(DAVError) in
                properties.timeZone = try element.map { (element) throws(DAVError) in
                    try CalendarTimeZoneValue.validate(element.text)
                }
            },
            get: { scope in scope.resource.collection?.properties.timeZone.map(PropertyValue.text) }),
        .storedText(.calendarTimezoneID, on: [.calendar, .scheduleInbox], maximumLength: 256, field: { \.timeZoneID }),
        LiveProperty(
            .supportedCalendarComponentSet, on: [.calendar, .scheduleInbox], fixed: true,
            set: { (properties, element) throws(DAVError) in
                properties.supportedComponents = try element.map(CalendarComponents.read)
            },
            get: { scope in
                scope.resource.collection.map { view in
                    .elements(view.supportedComponents.map { CalendarComponents.element($0) })
                }
            }),
        LiveProperty(.supportedCalendarData, on: [.calendar, .scheduleInbox]) { _ in
            let type = [
                XMLAttribute(XMLName("", "content-type"), "text/calendar"), XMLAttribute(XMLName("", "version"), "2.0"),
            ]
            return .elements([XMLElement(.calendarData, attributes: type)])
        },
        LiveProperty(.caldavSupportedCollationSet, on: .calendars) { _ in
            .elements(Collation.allCases.map { XMLElement(.caldavSupportedCollation, text: $0.rawValue) })
        },
        LiveProperty(.caldavMaxResourceSize, on: [.calendar, .scheduleInbox]) { scope in
            .text(String(scope.context.options.maxResourceSize))
        },
        LiveProperty(.maxInstances, on: [.calendar, .scheduleInbox]) { scope in
            .text(String(scope.context.options.maxInstances))
        },
        LiveProperty(.minDateTime, on: [.calendar, .scheduleInbox]) { _ in .text("00010101T000000Z") },
        LiveProperty(.maxDateTime, on: [.calendar, .scheduleInbox]) { _ in .text("99991231T235959Z") },
    ]
}

/// The content of `supported-calendar-component-set` (RFC 4791, 5.2.3).
enum CalendarComponents {
    static func element(_ name: String) -> XMLElement {
        XMLElement(.comp, attributes: [XMLAttribute(XMLName("", "name"), name)])
    }

    static func read(_ element: XMLElement) throws(DAVError) -> [String] {
        var names: [String] = []
        for comp in element.all(.comp) {
            guard let name = comp.attribute("name"), !name.isEmpty, name.utf8.count <= 64,
                name.utf8.allSatisfy({ Character(Unicode.Scalar($0)).isLetter || $0 == UInt8(ascii: "-") })
            else {
                throw DAVError(.forbidden, "A comp of supported-calendar-component-set has no name of a component.")
            }
            if !names.contains(name.uppercased()) { names.append(name.uppercased()) }
        }
        guard !names.isEmpty else {
            throw DAVError(.forbidden, "A calendar that takes no component at all would be of no use.")
        }
        return names
    }
}

extension DAVContext {
    /// Homes by their names relative to the principal.
    func homes(_ names: [String]?, of principal: CollectionPath) -> PropertyValue {
        .hrefs(
            (names ?? []).compactMap { name in
                let segments = principal.segments + name.split(separator: "/").map(String.init)
                return (try? CollectionPath(segments: segments)).map { href($0, isCollection: true) }
            })
    }
}
