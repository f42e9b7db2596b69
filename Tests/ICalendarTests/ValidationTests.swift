import ICalendar
import Testing

@Suite struct ValidationTests {
    private func preconditions(_ lines: String, _ requirements: ObjectRequirements = ObjectRequirements()) -> Set<
        CalendarViolation.Precondition
    > {
        let text = "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\n\(lines)\nEND:VCALENDAR\n"
        let (_, violations) = CalendarObject.validated(Array(text.utf8), requirements)
        #expect(violations.allSatisfy { !$0.message.isEmpty })
        return Set(violations.map(\.precondition))
    }

    private let event = "BEGIN:VEVENT\nUID:1\nDTSTAMP:20240101T000000Z\nDTSTART:20240101T000000Z\nEND:VEVENT"

    @Test func whatIsStored() {
        #expect(preconditions(event).isEmpty)
        #expect(preconditions(event, ObjectRequirements(isStrict: true)).isEmpty)
        #expect(
            preconditions(
                event + "\nBEGIN:VEVENT\nUID:1\nRECURRENCE-ID:20240101T000000Z\nDTSTART:20240102T000000Z\nEND:VEVENT"
            ).isEmpty)
        #expect(
            preconditions(
                "BEGIN:VEVENT\nUID:1\nDTSTART:20240101T000000Z\nbroken line\nX-ANY;P=1:v\nBEGIN:PARTICIPANT\nUID:2\nEND:PARTICIPANT\nEND:VEVENT"
            ).isEmpty)
    }

    @Test(arguments: [
        "METHOD:REQUEST\nBEGIN:VEVENT\nUID:1\nDTSTART:20240101T000000Z\nEND:VEVENT",
        "BEGIN:VEVENT\nUID:1\nDTSTART:20240101T000000Z\nEND:VEVENT\nBEGIN:VEVENT\nUID:2\nDTSTART:20240101T000000Z\nEND:VEVENT",
        "BEGIN:VEVENT\nUID:1\nDTSTART:20240101T000000Z\nEND:VEVENT\nBEGIN:VEVENT\nUID:1\nDTSTART:20240101T000000Z\nEND:VEVENT",
        "BEGIN:VEVENT\nUID:1\nDTSTART:20240101T000000Z\nEND:VEVENT\nBEGIN:VTODO\nUID:1\nEND:VTODO",
        "BEGIN:VEVENT\nDTSTART:20240101T000000Z\nEND:VEVENT",
        "BEGIN:VTIMEZONE\nTZID:x\nEND:VTIMEZONE",
        "",
    ])
    func notOneResource(lines: String) {
        #expect(preconditions(lines) == [.validCalendarObjectResource])
    }

    @Test(arguments: [
        "BEGIN:VEVENT\nUID:1\nDTSTART:yesterday\nEND:VEVENT",
        "BEGIN:VEVENT\nUID:1\nDTSTART:20240101T000000Z\nRRULE:FREQ=OFTEN\nEND:VEVENT",
        "BEGIN:VEVENT\nUID:1\nDTSTART:20240101T000000Z\nDURATION:long\nEND:VEVENT",
        "BEGIN:VEVENT\nUID:1\nDTSTART:20240101T000000Z\nEND:VTODO",
        "BEGIN:VEVENT\nUID:1\u{0}\nDTSTART:20240101T000000Z\nEND:VEVENT",
    ])
    func notCalendarData(lines: String) {
        #expect(preconditions(lines) == [.validCalendarData])
    }

    @Test func bytesThatAreNotUTF8() {
        let (_, violations) = CalendarObject.validated(
            Array("BEGIN:VCALENDAR\nX:".utf8) + [0xFF, 0xFE, 0x0A] + Array("END:VCALENDAR\n".utf8))
        #expect(violations.map(\.precondition) == [.validCalendarData])
    }

    @Test func foldsInsideACharacterAreFine() {
        let event = "BEGIN:VEVENT\r\nUID:1\r\nDTSTART:20240101T000000Z\r\nSUMMARY:caf"
        let source =
            Array("BEGIN:VCALENDAR\r\n\(event)".utf8) + [0xC3, 0x0D, 0x0A, 0x20, 0xA9]
            + Array("\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n".utf8)
        let (object, violations) = CalendarObject.validated(source)
        #expect(violations.isEmpty)
        #expect(object?.summary == "café")
    }

    @Test func linesMustEndAsOthersReadThem() {
        let text = "BEGIN:VCALENDAR\r\(event)\rEND:VCALENDAR\r".split(separator: "\n").joined(separator: "\r")
        #expect(CalendarObject.validated(Array(text.utf8)).violations.map(\.precondition) == [.validCalendarData])
    }

    @Test func requirementsOfTheCollection() {
        #expect(preconditions(event, ObjectRequirements(supportedComponents: [.todo])) == [.supportedCalendarComponent])
        #expect(preconditions(event, ObjectRequirements(maximumSize: 20)) == [.maxResourceSize])
        let guests = "BEGIN:VEVENT\nUID:1\nDTSTART:20240101T000000Z\nATTENDEE:a\nATTENDEE:b\nEND:VEVENT"
        #expect(preconditions(guests, ObjectRequirements(maximumAttendees: 1)) == [.maxAttendeesPerInstance])
        let many = "BEGIN:VEVENT\nUID:1\nDTSTART:20240101T000000Z\nRRULE:FREQ=DAILY;COUNT=50\nEND:VEVENT"
        #expect(preconditions(many, ObjectRequirements(maximumInstances: 49)) == [.maxInstances])
        #expect(preconditions(many, ObjectRequirements(maximumInstances: 50)).isEmpty)
        let endless = "BEGIN:VEVENT\nUID:1\nDTSTART:20240101T000000Z\nRRULE:FREQ=DAILY\nEND:VEVENT"
        #expect(preconditions(endless, ObjectRequirements(maximumInstances: 5)).isEmpty)
    }

    @Test func strictnessAsksForMore() {
        let loose = "BEGIN:VEVENT\nUID:1\nDTSTART:20240101T000000Z\nbroken line\nEND:VEVENT"
        #expect(preconditions(loose).isEmpty)
        #expect(preconditions(loose, ObjectRequirements(isStrict: true)) == [.validCalendarData])
    }
}
