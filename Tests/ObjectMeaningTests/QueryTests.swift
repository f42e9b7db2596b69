import ICalendar
import ObjectMeaning
import Testing

/// What a search finds.
@Suite struct QueryTests {
    private let series = Array(
        """
        BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:s\r\nSUMMARY:Dentist visit\r\nDTSTART:20260310T100000Z\r
        RRULE:FREQ=WEEKLY;COUNT=4\r\nATTENDEE;CN=Bert Brecht:mailto:bb@example.org\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n
        """.utf8)
    private let card = Array(
        "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:c\r\nFN:Anna Müller\r\nORG:Acme\r\nTEL:+49 1\r\nEND:VCARD\r\n".utf8)

    private func query(_ change: (inout ObjectQuery) -> Void) -> ObjectQuery {
        var query = ObjectQuery(TimeWords(.utc))
        change(&query)
        return query
    }

    private func day(_ day: Int) -> TimeRange {
        let start = LocalDateTime(year: 2026, month: 3, day: day).seconds
        return TimeRange(start: Instant(seconds: start), end: Instant(seconds: start + 86_400))
    }

    @Test func textsAndPeople() {
        #expect(query { $0.title = "dentist" }.match(series, .calendar)?.object.title == "Dentist visit")
        #expect(query { $0.title = "doctor" }.match(series, .calendar) == nil)
        #expect(query { $0.person = "brecht" }.match(series, .calendar) != nil)
        #expect(query { $0.person = "BB@example" }.match(series, .calendar) != nil)
        #expect(query { $0.uid = "s" }.match(series, .calendar) != nil)
        #expect(query { $0.uid = "S" }.match(series, .calendar) == nil)
        #expect(query { $0.contact = "müller" }.match(card, .contact)?.object.noun == "contact")
        #expect(query { $0.contact = "acme" }.match(card, .contact) != nil)
        #expect(query { $0.contact = "müller" }.match(series, .calendar) == nil)
    }

    @Test func datesOfASeriesCount() {
        #expect(query { $0.range = day(24) }.match(series, .calendar)?.dates == ["Tue 24 Mar 2026 10:00"])
        #expect(query { $0.range = day(25) }.match(series, .calendar) == nil)
        #expect(query { $0.range = day(24) }.match(card, .contact) == nil)
        #expect(
            query { $0.range = day(24) }.match(series, .calendar)?.object.details
                == "event, Tue 10 Mar 2026 10:00, every week 4 times")
    }
}
