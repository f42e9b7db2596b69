import HTTPTypes
import Testing
import WebDAV
import XMLStream

/// Recurrence by other calendars (RFC 7529), with the examples of its section 4 and known holidays.
@Suite struct RscaleTests {
    private func starts(_ start: String, _ rule: String, until end: String = "20990101T000000Z") async throws
        -> [String]
    {
        let site = try await Site()
        let event = Body.event(uid: "a", "DTSTART;VALUE=DATE:\(start)", "RRULE:\(rule)")
        let put = try await site.send(.put, calendar + "a.ics", body: event)
        try #require(put.status == 201, "\(put.status) \(put.sentence)")
        let answer = try await site.report(
            calendar,
            body: Body.query(
                Body.range("19000101T000000Z", end),
                properties: "<C:calendar-data><C:expand start=\"19000101T000000Z\" end=\"\(end)\"/></C:calendar-data>"))
        try #require(answer.status == 207, "\(answer.text)")
        return answer.text.split(whereSeparator: \.isNewline).filter { $0.hasPrefix("DTSTART") }
            .compactMap { $0.split(separator: ":").last.map { String($0.prefix(8)) } }
    }

    @Test(arguments: [
        // Chinese New Year; RFC 7529, 4.1.
        ("20130210", "RSCALE=CHINESE;FREQ=YEARLY", "20170101", ["20130210", "20140131", "20150219", "20160208"]),
        // The thirteenth month of the Ethiopic calendar has five or six days.
        (
            "20130906", "RSCALE=ETHIOPIC;FREQ=MONTHLY;BYMONTH=13", "20160101",
            ["20130906", "20140906", "20150906"]
        ),
        // Adar I, which only leap years have.
        (
            "20140208", "RSCALE=HEBREW;FREQ=YEARLY;BYMONTH=5L;BYMONTHDAY=8;SKIP=FORWARD", "20170101",
            ["20140208", "20150227", "20160217"]
        ),
        (
            "20140208", "RSCALE=HEBREW;FREQ=YEARLY;BYMONTH=5L;BYMONTHDAY=8", "20200101",
            ["20140208", "20160217", "20190213"]
        ),
        // Rosh Hashanah, and the first of Ramadan by the civil reckoning.
        (
            "20200919", "RSCALE=HEBREW;FREQ=YEARLY;COUNT=4", "20300101",
            ["20200919", "20210907", "20220926", "20230916"]
        ),
        // Nowruz.
        (
            "20200320", "RSCALE=PERSIAN;FREQ=YEARLY;COUNT=4", "20300101",
            ["20200320", "20210321", "20220321", "20230321"]
        ),
        // A limit of daily rules: the first three days of the Chinese year.
        (
            "20240210", "RSCALE=CHINESE;FREQ=DAILY;BYMONTH=1;BYMONTHDAY=1,2,3;COUNT=5", "20300101",
            ["20240210", "20240211", "20240212", "20250129", "20250130"]
        ),
        // Leap months count: 2023 has a second month two from 22 March on.
        (
            "20230122", "RSCALE=CHINESE;FREQ=MONTHLY;COUNT=4", "20300101",
            ["20230122", "20230220", "20230322", "20230420"]
        ),
    ])
    func instances(_ start: String, _ rule: String, _ end: String, _ expected: [String]) async throws {
        #expect(try await starts(start, rule, until: end + "T000000Z") == expected, "\(rule)")
    }

    @Test func theCalendarsAreListed() async throws {
        let site = try await Site()
        let found = try await site.propfind(calendar, "<C:supported-rscale-set/>")[calendar]
        let names = found?.property(.supportedRscaleSet)?.all(.supportedRscale).map(\.trimmedText) ?? []
        #expect(Set(["GREGORIAN", "CHINESE", "HEBREW", "ETHIOPIC", "ISLAMIC-CIVIL", "PERSIAN"]).isSubset(of: names))
    }

    /// What the calendar does not say that it takes is refused by the name of that property's precondition, and with words.
    @Test(arguments: [
        ("RSCALE=MARTIAN;FREQ=YEARLY", "MARTIAN"), ("RSCALE=HEBREW;FREQ=YEARLY;BYWEEKNO=3", "Weeks"),
    ])
    func whatIsNotEvaluatedIsRefused(_ rule: String, _ word: String) async throws {
        let site = try await Site()
        let event = Body.event(uid: "a", "DTSTART;VALUE=DATE:20200101", "RRULE:\(rule)")
        let answer = try await site.send(.put, calendar + "a.ics", body: event)
        #expect(answer.status == 403)
        #expect(answer.text.contains("supported-rscale") && answer.text.contains(word), "\(answer.text)")
        #expect(try await site.send(.get, calendar + "a.ics").status == 404)
    }

    @Test func weeksOfTheGregorianCalendarAreTaken() async throws {
        let site = try await Site()
        let event = Body.event(
            uid: "a", "DTSTART;VALUE=DATE:20200113", "RRULE:RSCALE=GREGORIAN;FREQ=YEARLY;BYWEEKNO=3;BYDAY=MO")
        #expect(try await site.send(.put, calendar + "a.ics", body: event).status == 201)
        #expect(try await site.send(.get, calendar + "a.ics").text == event)
    }
}
