import ContentLines

extension CalendarObject {
    /// Parses and checks in one step: for the door through which clients store objects.
    ///
    /// - Returns: the object, or nil with what is wrong with it.
    package static func validated(
        _ source: [UInt8],
        _ requirements: ObjectRequirements = ObjectRequirements()
    ) -> (object: CalendarObject?, violations: [CalendarViolation]) {
        if let maximum = requirements.maximumSize, source.count > maximum {
            let message = "The object has \(source.count) bytes; at most \(maximum) are stored."
            return (nil, [CalendarViolation(.maxResourceSize, message)])
        }
        do throws(ICalendarError) {
            let object = try CalendarObject(parsing: source)
            return (object, object.violations(of: requirements))
        } catch {
            return (nil, [CalendarViolation(.validCalendarData, error.description)])
        }
    }

    /// In what this is not a calendar object resource (RFC 4791 4.1, 5.3.2.1). Empty when it is one.
    package func violations(of requirements: ObjectRequirements = ObjectRequirements()) -> [CalendarViolation] {
        var violations: [CalendarViolation] = []
        if let maximum = requirements.maximumSize, source.count > maximum {
            let message = "The object has \(source.count) bytes; at most \(maximum) are stored."
            violations.append(CalendarViolation(.maxResourceSize, message))
        }
        checkData(requirements, &violations)
        guard violations.isEmpty else { return violations }
        checkYears(&violations)
        checkResource(requirements, &violations)
        checkInstances(requirements, &violations)
        return violations
    }

    private func checkData(_ requirements: ObjectRequirements, _ violations: inout [CalendarViolation]) {
        func refuse(_ message: String) { violations.append(CalendarViolation(.validCalendarData, message)) }
        for defect in tree.defects.prefix(10) { refuse(defect) }
        for root in roots where root.kind != .calendar {
            refuse("The outermost component is \(root.kind.name), not VCALENDAR.")
        }
        if !document.isUTF8 { refuse("The text is not UTF-8.") }
        if document.hasOnlyCarriageReturns { refuse("The lines end with CR alone; CRLF is asked for.") }
        if source.contains(0) { refuse("The text contains NUL bytes.") }
        for component in components {
            for property in component.properties {
                if let violation = Self.defect(of: property, in: component) { violations.append(violation) }
            }
        }
        if requirements.isStrict { checkStrictly(&violations) }
    }

    /// Values the server itself must understand to answer queries about the object.
    private static func defect(of property: ContentLine, in component: Component) -> CalendarViolation? {
        let place = "Line \(property.index + 1)"
        func invalid(_ message: String) -> CalendarViolation { CalendarViolation(.validCalendarData, message) }
        if property.isNamed("DTSTART") || property.isNamed("DTEND") || property.isNamed("DUE")
            || property.isNamed("RECURRENCE-ID")
        {
            guard property.calendarTime == nil else { return nil }
            return invalid(
                "\(place): \(property.name) has the value \(property.rawText), which is no date or date and time.")
        }
        if property.isNamed("RRULE") || property.isNamed("EXRULE") {
            do throws(ICalendarError) {
                _ = try RecurrenceRule(parsing: property.value)
            } catch {
                return CalendarViolation(
                    error.code == .unsupported ? .supportedRscale : .validCalendarData, "\(place): \(error.reason)")
            }
        }
        if property.isNamed("DURATION"), component.kind == .event || component.kind == .todo, property.duration == nil {
            return invalid("\(place): DURATION has the value \(property.rawText), which is no duration.")
        }
        return nil
    }

    /// The year 0, which iCalendar can write and the calendar does not have (RFC 4791 5.2.6).
    private func checkYears(_ violations: inout [CalendarViolation]) {
        for component in components {
            for property in component.properties {
                guard
                    property.isNamed("DTSTART") || property.isNamed("DTEND") || property.isNamed("DUE")
                        || property.isNamed("RECURRENCE-ID"), property.value.starts(with: "0000".utf8)
                else { continue }
                let message = "Line \(property.index + 1): \(property.name) is before the year 1."
                violations.append(CalendarViolation(.minDateTime, message))
            }
        }
    }

    private func checkStrictly(_ violations: inout [CalendarViolation]) {
        func refuse(_ message: String) { violations.append(CalendarViolation(.validCalendarData, message)) }
        for line in document where !line.isWellFormed { refuse("Line \(line.index + 1) is no NAME:value.") }
        for calendar in calendars {
            if calendar.property("VERSION")?.rawText != "2.0" { refuse("VCALENDAR has no VERSION:2.0.") }
            if calendar.property("PRODID") == nil { refuse("VCALENDAR has no PRODID.") }
        }
        for component in components {
            if component.kind == .event, component.property("DTSTART") == nil { refuse("VEVENT has no DTSTART.") }
            if component.property("DTSTAMP") == nil { refuse("\(component.kind.name) has no DTSTAMP.") }
            for name in ["UID", "DTSTART", "DTEND", "DUE", "DURATION", "RECURRENCE-ID", "SUMMARY", "SEQUENCE"]
            where component.properties(named: name).count > 1 {
                refuse("\(component.kind.name) has more than one \(name).")
            }
        }
    }

    private func checkResource(_ requirements: ObjectRequirements, _ violations: inout [CalendarViolation]) {
        func refuse(_ message: String) { violations.append(CalendarViolation(.validCalendarObjectResource, message)) }
        if calendars.count != 1 {
            refuse("It holds \(calendars.count) VCALENDAR components; one is stored per resource.")
        }
        if calendars.contains(where: { $0.property("METHOD") != nil }) {
            refuse("It has a METHOD: a scheduling message is not stored as it is.")
        }
        let components = components
        guard !components.isEmpty else {
            refuse("It holds no component beside time zones.")
            return
        }
        let kinds = Set(components.map(\.kind))
        if kinds.count > 1 {
            refuse(
                "It mixes \(kinds.map(\.name).sorted().joined(separator: " and ")); one kind is stored per resource.")
        }
        checkIdentity(components, refuse)
        if let supported = requirements.supportedComponents {
            for kind in kinds.subtracting(supported) {
                let message = "This calendar does not take \(kind.name)."
                violations.append(CalendarViolation(.supportedCalendarComponent, message))
            }
        }
    }

    private func checkIdentity(_ components: [Component], _ refuse: (String) -> Void) {
        let uids = Set(components.map(\.uid))
        if uids.contains(nil) { refuse("A component has no UID.") }
        if uids.count > 1, !uids.contains(nil) {
            refuse("It holds \(uids.count) different UIDs; one is stored per resource.")
        }
        if components.filter({ !$0.isOverride }).count > 1, uids.count == 1 {
            refuse("It holds more than one component with the same UID and no RECURRENCE-ID.")
        }
    }

    private func checkInstances(_ requirements: ObjectRequirements, _ violations: inout [CalendarViolation]) {
        if let maximum = requirements.maximumAttendees,
            let component = components.first(where: { $0.properties("ATTENDEE").count > maximum })
        {
            let message = "A \(component.kind.name) has more than \(maximum) ATTENDEE properties."
            violations.append(CalendarViolation(.maxAttendeesPerInstance, message))
        }
        guard let maximum = requirements.maximumInstances, hasMoreInstances(than: maximum) else { return }
        violations.append(CalendarViolation(.maxInstances, "It recurs more than \(maximum) times."))
    }

    /// Whether one look says that there are not so many: nearly all objects are stored without any counting.
    private static func hasFew(_ group: [Component], _ maximum: Int) -> Bool {
        var most = group.count
        for component in group {
            for property in component.properties {
                if property.isNamed("RDATE") {
                    most += property.value.reduce(1) { $1 == UInt8(ascii: ",") ? $0 + 1 : $0 }
                }
                guard property.isNamed("RRULE") else { continue }
                guard let rule = try? RecurrenceRule(parsing: property.value) else { continue }
                switch rule.end {
                case .never: continue
                case .count(let count): most += min(count, maximum + 1)
                case .until(let until):
                    guard rule.frequency >= .daily, max(rule.byHour.count, 1) * max(rule.byMinute.count, 1) == 1,
                        rule.bySecond.count <= 1, let start = component.property("DTSTART")?.calendarTime
                    else { return false }
                    // At most one a day.
                    most += max(0, (until.local.seconds - start.local.seconds) / 86_400 + 2)
                }
            }
        }
        return most <= maximum
    }

    /// Counts those of bounded recurrences; which zone times are in does not change their number.
    private func hasMoreInstances(than maximum: Int) -> Bool {
        let zones = ZoneResolver(self, .utc)
        for group in recurringGroups where !Self.hasFew(group, maximum) {
            var budget = WorkBudget()
            guard let set = try? RecurrenceSet(group, zones, &budget), !set.isInfinite else { continue }
            var count = 0
            do throws(ICalendarError) {
                try set.forEachInstance(from: TimeRange.minimum, through: TimeRange.maximum, &budget) { _ in
                    count += 1
                    return count <= maximum
                }
            } catch {
                return true
            }
            if count > maximum { return true }
        }
        return false
    }
}
