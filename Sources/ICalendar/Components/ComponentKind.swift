import ContentLines

/// What stands after BEGIN.
package enum ComponentKind: Hashable, Sendable {
    case calendar
    case event
    case todo
    case journal
    case freeBusy
    case timeZone
    case standard
    case daylight
    case alarm
    /// RFC 7953.
    case availability
    case available
    /// Any other, its name in upper case.
    case other(String)

    package init(name: String) {
        self.init(bytes: Array(name.utf8)[...])
    }

    init(bytes: ArraySlice<UInt8>) {
        for (name, kind) in Self.known where ASCII.equalsIgnoringCase(bytes, name) {
            self = kind
            return
        }
        self = .other(ASCII.uppercasedString(bytes))
    }

    private static let known: [(StaticString, ComponentKind)] = [
        ("VEVENT", .event), ("VALARM", .alarm), ("VCALENDAR", .calendar), ("VTODO", .todo), ("VTIMEZONE", .timeZone),
        ("STANDARD", .standard), ("DAYLIGHT", .daylight), ("VJOURNAL", .journal), ("VFREEBUSY", .freeBusy),
        ("VAVAILABILITY", .availability), ("AVAILABLE", .available),
    ]

    /// In upper case: VEVENT, VTODO...
    package var name: String {
        switch self {
        case .calendar: "VCALENDAR"
        case .event: "VEVENT"
        case .todo: "VTODO"
        case .journal: "VJOURNAL"
        case .freeBusy: "VFREEBUSY"
        case .timeZone: "VTIMEZONE"
        case .standard: "STANDARD"
        case .daylight: "DAYLIGHT"
        case .alarm: "VALARM"
        case .availability: "VAVAILABILITY"
        case .available: "AVAILABLE"
        case .other(let name): name
        }
    }
}
