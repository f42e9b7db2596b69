import ICalendar
import SeededNumbers
import Testing

/// Rules asked about times far from their start, and rules that cost too much.
@Suite struct RecurrenceJumpTests {
    @Test(arguments: [
        ("FREQ=WEEKLY;BYDAY=TU", "2190 Jun 1", "2190 Jun 1"),
        ("FREQ=DAILY", "9999 Dec 30", "9999 Dec 30,31"),
        ("FREQ=SECONDLY;INTERVAL=86400", "9999 Dec 31", "9999 Dec 31"),
        ("FREQ=YEARLY;INTERVAL=3", "3000 Jan 1", "3002 Sep 2"),
        ("FREQ=MONTHLY;BYDAY=-1FR;BYHOUR=9", "2190 Feb 1", "2190 Feb 26 Mar 26"),
        ("FREQ=HOURLY;BYHOUR=9;BYMONTH=1;BYMONTHDAY=1", "5000 Jan 1", "5000 Jan 1 5001 Jan 1"),
    ])
    func farAway(rule: String, from: String, expected: String) throws {
        let start = try #require(Days.parse("1997 Sep 2").first)
        let target = try #require(Days.parse(from).first)
        let expected = Days.parse(expected)
        var iterator = RecurrenceIterator(try RecurrenceRule(rule), start: start, budget: WorkBudget(5_000))
        iterator.advance(to: target)
        for time in expected { #expect(try iterator.next() == time) }
    }

    @Test func countIsKeptOverAJump() throws {
        let start = try #require(Days.parse("1997 Sep 2").first)
        var iterator = RecurrenceIterator(
            try RecurrenceRule("FREQ=DAILY;COUNT=1000000"), start: start, budget: WorkBudget(1_000))
        iterator.advance(to: LocalDateTime(seconds: start.seconds + 999_998 * 86_400))
        #expect(try iterator.next() == LocalDateTime(seconds: start.seconds + 999_998 * 86_400))
        #expect(try iterator.next() == LocalDateTime(seconds: start.seconds + 999_999 * 86_400))
        #expect(try iterator.next() == nil)
    }

    @Test func jumpingGivesWhatWalkingGives() throws {
        var generator = SeededGenerator(seed: 2_190)
        for _ in 0..<400 {
            let text = RandomRule.start(&generator)
            let start = try #require(CalendarTime(parsing: Array(text.utf8)[...])).local
            let rule = try RecurrenceRule(RandomRule.rule(start: text, &generator))
            var walk = RecurrenceIterator(rule, start: start, budget: WorkBudget(20_000))
            var walked: [LocalDateTime] = []
            // Some rules have no instance that a small budget finds.
            while walked.count < 60, let time = try? walk.next() { walked.append(time) }
            guard walked.count > 10 else { continue }
            let index = Int.random(in: 1..<walked.count, using: &generator)
            let target = LocalDateTime(
                seconds: Int.random(in: (walked[index - 1].seconds + 1)...walked[index].seconds, using: &generator))
            var jump = RecurrenceIterator(rule, start: start, budget: WorkBudget(1_000_000))
            jump.advance(to: target)
            for time in walked[index...] { #expect(try jump.next() == time, "\(text) \(rule)") }
        }
    }

    @Test func impossibleRulesEnd() throws {
        let start = try #require(Days.parse("1997 Sep 2").first)
        for rule in [
            "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=MONTHLY;BYMONTHDAY=31;BYMONTH=4,6",
            "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=31",
        ] {
            #expect(try Rules.expand(rule, from: start, count: 1) == [])
        }
    }

    @Test func tooMuchWorkIsAnError() throws {
        let start = try #require(Days.parse("1997 Sep 2").first)
        var iterator = RecurrenceIterator(
            try RecurrenceRule("FREQ=SECONDLY;COUNT=900000000;BYHOUR=1"), start: start, budget: WorkBudget(10_000))
        iterator.advance(to: LocalDateTime(year: 2100, month: 1, day: 1))
        #expect(throws: ICalendarError(.limitExceeded, "")) { try iterator.next() }
    }

    @Test(arguments: [
        ("FREQ=MONTHLY;RSCALE=GREGORIAN;SKIP=BACKWARD;COUNT=4", "2014 Jan 31", "2014 Jan 31 Feb 28 Mar 31 Apr 30"),
        ("FREQ=MONTHLY;RSCALE=GREGORIAN;SKIP=FORWARD;COUNT=4", "2014 Jan 31", "2014 Jan 31 Mar 1,31 May 1"),
        ("FREQ=MONTHLY;RSCALE=GREGORIAN;SKIP=OMIT;COUNT=3", "2014 Jan 31", "2014 Jan 31 Mar 31 May 31"),
        ("FREQ=YEARLY;RSCALE=GREGORIAN;SKIP=FORWARD;COUNT=3", "2012 Feb 29", "2012 Feb 29 2013 Mar 1 2014 Mar 1"),
        ("FREQ=YEARLY;RSCALE=GREGORIAN;SKIP=BACKWARD;COUNT=3", "2012 Feb 29", "2012 Feb 29 2013 Feb 28 2014 Feb 28"),
    ])
    func skip(rule: String, start: String, expected: String) throws {
        let start = try #require(Days.parse(start).first)
        #expect(try Rules.expand(rule, from: start, count: 5) == Days.parse(expected))
    }

    @Test func weekNumberWithoutDayTakesTheWeekdayOfTheStart() throws {
        let start = try #require(Days.parse("1997 May 14").first)
        #expect(
            try Rules.expand("FREQ=YEARLY;BYWEEKNO=20", from: start, count: 3)
                == Days.parse("1997 May 14 1998 May 13 1999 May 19"))
    }

    @Test func leapSecondsAreTheSecondBefore() throws {
        let start = LocalDateTime(year: 2020, month: 1, day: 1)
        let times = try Rules.expand("FREQ=DAILY;BYSECOND=60;COUNT=1", from: start, count: 2)
        #expect(times == [LocalDateTime(year: 2020, month: 1, day: 1, second: 59)])
    }

    @Test(arguments: [
        "", "FREQ=", "FREQ=NEVER", "FREQ=DAILY;INTERVAL=0", "FREQ=DAILY;COUNT=-1", "FREQ=DAILY;BYMONTH=13",
        "FREQ=DAILY;BYDAY=XX", "FREQ=DAILY;BYMONTHDAY=0", "FREQ=DAILY;UNTIL=tomorrow", "FREQ=DAILY;FREQ=DAILY",
        "FREQ=DAILY;COUNT=99999999999999999999",
    ])
    func invalidRulesAreRefused(rule: String) {
        #expect(throws: ICalendarError(.invalidValue, "")) { try RecurrenceRule(rule) }
    }

    @Test func otherCalendarsAreUnsupported() {
        #expect(throws: ICalendarError(.unsupported, "")) { try RecurrenceRule("RSCALE=MARTIAN;FREQ=YEARLY") }
    }
}
