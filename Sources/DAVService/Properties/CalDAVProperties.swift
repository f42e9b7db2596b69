import CollectionStore
import HTTPTypes
import ICalendar
import WebDAV
import XMLStream

extension PropertyRegistry {
    /// RFC 4791, 5.2 and 6.2; RFC 6638, 2.4; RFC 7809, 5.
    static let caldav: [LiveProperty] = [
        LiveProperty(.calendarHomeSet, on: .principal) { scope in
            scope.context.homes(scope.resource.settings?.calendarHomes, of: scope.resource.path)
        },
        LiveProperty(.calendarUserAddressSet, on: .principal) { scope in
            let own = scope.context.href(scope.resource.path, isCollection: true)
            return .hrefs(scope.context.addresses(of: scope.resource) + [own])
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
        LiveProperty(
            .calendarTimezoneID, on: [.calendar, .scheduleInbox],
            set: { (properties, element) throws(DAVError) in
                guard let name = element?.trimmedText else {
                    properties.timeZoneID = nil
                    return
                }
                guard SystemTimeZones.database.zone(named: name) != nil else {
                    throw DAVError(.forbidden, .validTimezone, "There is no time zone \(name.prefix(64)).")
                }
                properties.timeZoneID = name
            },
            get: { scope in scope.resource.collection?.properties.timeZoneID.map(PropertyValue.text) }),
        LiveProperty(
            .calendarAvailability, on: [.calendar, .scheduleInbox],
            set: { (properties, element) throws(DAVError) in
                properties.availability = try element.map { (element) throws(DAVError) in
                    try AvailabilityValue.validate(element.text)
                }
            },
            get: { scope in scope.resource.collection?.properties.availability.map(PropertyValue.text) }),
        LiveProperty(
            .scheduleCalendarTransp, on: .calendar,
            set: { (properties, element) throws(DAVError) in
                try ScheduleTransparency.set(element, in: &properties)
            },
            get: { scope in
                scope.resource.collection.map { view in
                    let isTransparent = ScheduleTransparency.isTransparent(view.properties)
                    return .elements([XMLElement(isTransparent ? .transparent : .opaque)])
                }
            }),
        LiveProperty(.scheduleTag, on: .calendarObject, member: .entityTag) { scope in
            scope.resource.entityTag.map { .text($0.description) }
        },
        LiveProperty(.supportedRscaleSet, on: .calendars) { _ in
            .elements(
                (["GREGORIAN"] + FoundationCalendarSystem.all.map(\.name)).map {
                    XMLElement(.supportedRscale, text: $0)
                })
        },
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
        LiveProperty(.maxInstances, on: [.calendar, .scheduleInbox]) { _ in .text(String(ObjectLimits.maxInstances)) },
        LiveProperty(.maxAttendeesPerInstance, on: [.calendar, .scheduleInbox]) { _ in
            .text(String(ObjectLimits.maxAttendees))
        },
        LiveProperty(.minDateTime, on: [.calendar, .scheduleInbox]) { _ in .text(RequestedTimeRange.earliest) },
        LiveProperty(.maxDateTime, on: [.calendar, .scheduleInbox]) { _ in .text(RequestedTimeRange.latest) },
        // No server for time zones stands beside this one; clients choose their own (RFC 7809, 5.1).
        LiveProperty(.timezoneServiceSet, on: .plainCollection) { _ in .empty },
    ]
}

/// Whether a calendar counts when one asks who is busy (RFC 6638, 9.1).
enum ScheduleTransparency {
    private static let key = XMLName.scheduleCalendarTransp.description

    static func isTransparent(_ properties: CollectionProperties) -> Bool { properties.deadProperties[key] != nil }

    /// Only the exception is kept.
    static func set(_ element: XMLElement?, in properties: inout CollectionProperties) throws(DAVError) {
        switch element?.elements.first?.name {
        case nil where element == nil, .opaque: properties.deadProperties[key] = nil
        case .transparent:
            var writer = XMLWriter(prefixes: [])
            writer.element(XMLElement(.scheduleCalendarTransp, [XMLElement(.transparent)]))
            properties.deadProperties[key] = String(decoding: writer.bytes, as: UTF8.self)
        default: throw DAVError(.forbidden, "A schedule-calendar-transp holds opaque or transparent.")
        }
    }
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
    /// Where a person gets invitations.
    func addresses(of principal: Resource) -> [String] {
        let own = principal.addresses
        return own.isEmpty && options.singleUserPrincipal == principal.path ? options.addresses : own
    }

    /// Homes by their names relative to the principal.
    func homes(_ names: [String]?, of principal: CollectionPath) -> PropertyValue {
        .hrefs(
            (names ?? []).compactMap { name in
                let segments = principal.segments + name.split(separator: "/").map(String.init)
                return (try? CollectionPath(segments: segments)).map { href($0, isCollection: true) }
            })
    }
}
