import ICalendar
import Testing

/// Every example of RFC 5545 3.8.5.3, in its order, and the one of 3.3.10 on WKST. Times are wall times of the start's zone.
@Suite struct RFC5545ExamplesTests {
    struct Example: Sendable, CustomTestStringConvertible {
        let start: String
        let rule: String
        /// `1997 Sep 2,4-6 Oct 1`; 09:00 on each day.
        let days: String
        /// How many there are; more than in `days` for rules without end and long lists.
        var count: Int?

        var testDescription: String { rule }
    }

    static let examples: [Example] = [
        Example(start: "1997 Sep 2", rule: "FREQ=DAILY;COUNT=10", days: "1997 Sep 2-11", count: 10),
        Example(
            start: "1997 Sep 2", rule: "FREQ=DAILY;UNTIL=19971224T000000",
            days: "1997 Sep 2-30 Oct 1-31 Nov 1-30 Dec 1-23", count: 113),
        Example(
            start: "1997 Sep 2", rule: "FREQ=DAILY;INTERVAL=2",
            days: "1997 Sep 2,4,6,8,10,12,14,16,18,20,22,24,26,28,30 Oct 2,4"),
        Example(
            start: "1997 Sep 2", rule: "FREQ=DAILY;INTERVAL=10;COUNT=5", days: "1997 Sep 2,12,22 Oct 2,12", count: 5),
        Example(
            start: "1998 Jan 1", rule: "FREQ=YEARLY;UNTIL=20000131T140000;BYMONTH=1;BYDAY=SU,MO,TU,WE,TH,FR,SA",
            days: "1998 Jan 1-31 1999 Jan 1-31 2000 Jan 1-31", count: 93),
        Example(
            start: "1998 Jan 1", rule: "FREQ=DAILY;UNTIL=20000131T140000;BYMONTH=1",
            days: "1998 Jan 1-31 1999 Jan 1-31 2000 Jan 1-31", count: 93),
        Example(
            start: "1997 Sep 2", rule: "FREQ=WEEKLY;COUNT=10", days: "1997 Sep 2,9,16,23,30 Oct 7,14,21,28 Nov 4",
            count: 10),
        Example(
            start: "1997 Sep 2", rule: "FREQ=WEEKLY;UNTIL=19971224T000000",
            days: "1997 Sep 2,9,16,23,30 Oct 7,14,21,28 Nov 4,11,18,25 Dec 2,9,16,23", count: 17),
        Example(
            start: "1997 Sep 2", rule: "FREQ=WEEKLY;INTERVAL=2;WKST=SU",
            days: "1997 Sep 2,16,30 Oct 14,28 Nov 11,25 Dec 9,23 1998 Jan 6,20 Feb 3,17"),
        Example(
            start: "1997 Sep 2", rule: "FREQ=WEEKLY;UNTIL=19971007T000000;WKST=SU;BYDAY=TU,TH",
            days: "1997 Sep 2,4,9,11,16,18,23,25,30 Oct 2", count: 10),
        Example(
            start: "1997 Sep 2", rule: "FREQ=WEEKLY;COUNT=10;WKST=SU;BYDAY=TU,TH",
            days: "1997 Sep 2,4,9,11,16,18,23,25,30 Oct 2", count: 10),
        Example(
            start: "1997 Sep 1", rule: "FREQ=WEEKLY;INTERVAL=2;UNTIL=19971224T000000;WKST=SU;BYDAY=MO,WE,FR",
            days: "1997 Sep 1,3,5,15,17,19,29 Oct 1,3,13,15,17,27,29,31 Nov 10,12,14,24,26,28 Dec 8,10,12,22", count: 25
        ),
        Example(
            start: "1997 Sep 2", rule: "FREQ=WEEKLY;INTERVAL=2;COUNT=8;WKST=SU;BYDAY=TU,TH",
            days: "1997 Sep 2,4,16,18,30 Oct 2,14,16", count: 8),
        Example(
            start: "1997 Sep 5", rule: "FREQ=MONTHLY;COUNT=10;BYDAY=1FR",
            days: "1997 Sep 5 Oct 3 Nov 7 Dec 5 1998 Jan 2 Feb 6 Mar 6 Apr 3 May 1 Jun 5", count: 10),
        Example(
            start: "1997 Sep 5", rule: "FREQ=MONTHLY;UNTIL=19971224T000000;BYDAY=1FR",
            days: "1997 Sep 5 Oct 3 Nov 7 Dec 5", count: 4),
        Example(
            start: "1997 Sep 7", rule: "FREQ=MONTHLY;INTERVAL=2;COUNT=10;BYDAY=1SU,-1SU",
            days: "1997 Sep 7,28 Nov 2,30 1998 Jan 4,25 Mar 1,29 May 3,31", count: 10),
        Example(
            start: "1997 Sep 22", rule: "FREQ=MONTHLY;COUNT=6;BYDAY=-2MO",
            days: "1997 Sep 22 Oct 20 Nov 17 Dec 22 1998 Jan 19 Feb 16", count: 6),
        Example(
            start: "1997 Sep 28", rule: "FREQ=MONTHLY;BYMONTHDAY=-3",
            days: "1997 Sep 28 Oct 29 Nov 28 Dec 29 1998 Jan 29 Feb 26"),
        Example(
            start: "1997 Sep 2", rule: "FREQ=MONTHLY;COUNT=10;BYMONTHDAY=2,15",
            days: "1997 Sep 2,15 Oct 2,15 Nov 2,15 Dec 2,15 1998 Jan 2,15", count: 10),
        Example(
            start: "1997 Sep 30", rule: "FREQ=MONTHLY;COUNT=10;BYMONTHDAY=1,-1",
            days: "1997 Sep 30 Oct 1,31 Nov 1,30 Dec 1,31 1998 Jan 1,31 Feb 1", count: 10),
        Example(
            start: "1997 Sep 10", rule: "FREQ=MONTHLY;INTERVAL=18;COUNT=10;BYMONTHDAY=10,11,12,13,14,15",
            days: "1997 Sep 10-15 1999 Mar 10-13", count: 10),
        Example(
            start: "1997 Sep 2", rule: "FREQ=MONTHLY;INTERVAL=2;BYDAY=TU",
            days: "1997 Sep 2,9,16,23,30 Nov 4,11,18,25 1998 Jan 6,13,20,27 Mar 3,10,17,24,31"),
        Example(
            start: "1997 Jun 10", rule: "FREQ=YEARLY;COUNT=10;BYMONTH=6,7",
            days: "1997 Jun 10 Jul 10 1998 Jun 10 Jul 10 1999 Jun 10 Jul 10 2000 Jun 10 Jul 10 2001 Jun 10 Jul 10",
            count: 10),
        Example(
            start: "1997 Mar 10", rule: "FREQ=YEARLY;INTERVAL=2;COUNT=10;BYMONTH=1,2,3",
            days: "1997 Mar 10 1999 Jan 10 Feb 10 Mar 10 2001 Jan 10 Feb 10 Mar 10 2003 Jan 10 Feb 10 Mar 10", count: 10
        ),
        Example(
            start: "1997 Jan 1", rule: "FREQ=YEARLY;INTERVAL=3;COUNT=10;BYYEARDAY=1,100,200",
            days: "1997 Jan 1 Apr 10 Jul 19 2000 Jan 1 Apr 9 Jul 18 2003 Jan 1 Apr 10 Jul 19 2006 Jan 1", count: 10),
        Example(start: "1997 May 19", rule: "FREQ=YEARLY;BYDAY=20MO", days: "1997 May 19 1998 May 18 1999 May 17"),
        Example(
            start: "1997 May 12", rule: "FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO", days: "1997 May 12 1998 May 11 1999 May 17"),
        Example(
            start: "1997 Mar 13", rule: "FREQ=YEARLY;BYMONTH=3;BYDAY=TH",
            days: "1997 Mar 13,20,27 1998 Mar 5,12,19,26 1999 Mar 4,11,18,25"),
        Example(
            start: "1997 Jun 5", rule: "FREQ=YEARLY;BYDAY=TH;BYMONTH=6,7,8",
            days:
                "1997 Jun 5,12,19,26 Jul 3,10,17,24,31 Aug 7,14,21,28 1998 Jun 4,11,18,25 Jul 2,9,16,23,30 Aug 6,13,20,27"
        ),
        Example(
            start: "1997 Sep 2", rule: "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13",
            days: "1998 Feb 13 Mar 13 Nov 13 1999 Aug 13 2000 Oct 13"),
        Example(
            start: "1997 Sep 13", rule: "FREQ=MONTHLY;BYDAY=SA;BYMONTHDAY=7,8,9,10,11,12,13",
            days: "1997 Sep 13 Oct 11 Nov 8 Dec 13 1998 Jan 10 Feb 7 Mar 7 Apr 11 May 9 Jun 13"),
        Example(
            start: "1996 Nov 5", rule: "FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8",
            days: "1996 Nov 5 2000 Nov 7 2004 Nov 2"),
        Example(
            start: "1997 Sep 4", rule: "FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3", days: "1997 Sep 4 Oct 7 Nov 6",
            count: 3),
        Example(
            start: "1997 Sep 29", rule: "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2",
            days: "1997 Sep 29 Oct 30 Nov 27 Dec 30 1998 Jan 29 Feb 26 Mar 30"),
        Example(
            start: "1997 Aug 5", rule: "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO",
            days: "1997 Aug 5,10,19,24", count: 4),
        Example(
            start: "1997 Aug 5", rule: "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU",
            days: "1997 Aug 5,17,19,31", count: 4),
        Example(
            start: "2007 Jan 15", rule: "FREQ=MONTHLY;BYMONTHDAY=15,30;COUNT=5",
            days: "2007 Jan 15,30 Feb 15 Mar 15,30", count: 5),
    ]

    @Test(arguments: examples) func days(example: Example) throws {
        let start = try #require(Days.parse(example.start).first)
        let expected = Days.parse(example.days)
        let times = try Rules.expand(
            example.rule, from: start, count: (example.count ?? expected.count) + (example.count == nil ? 0 : 1))
        #expect(times == expected)
        if let count = example.count { #expect(expected.count == count) }
    }

    @Test(arguments: [
        // The RFC writes UNTIL=19970902T170000Z and means 5 pm in New York.
        ("FREQ=HOURLY;INTERVAL=3;UNTIL=19970902T170000", [540, 720, 900]),
        ("FREQ=MINUTELY;INTERVAL=15;COUNT=6", [540, 555, 570, 585, 600, 615]),
        ("FREQ=MINUTELY;INTERVAL=90;COUNT=4", [540, 630, 720, 810]),
    ])
    func minutesOfTheFirstDay(rule: String, minutes: [Int]) throws {
        let day = try #require(Days.parse("1997 Sep 2").first).date
        let times = try Rules.expand(rule, from: LocalDateTime(day, secondOfDay: 9 * 3_600), count: 10)
        #expect(times == minutes.map { LocalDateTime(day, secondOfDay: $0 * 60) })
    }

    @Test(arguments: [
        "FREQ=DAILY;BYHOUR=9,10,11,12,13,14,15,16;BYMINUTE=0,20,40",
        "FREQ=MINUTELY;INTERVAL=20;BYHOUR=9,10,11,12,13,14,15,16",
    ])
    func everyTwentyMinutesOfTheWorkingDay(rule: String) throws {
        let start = try #require(Days.parse("1997 Sep 2").first)
        let times = try Rules.expand(rule, from: start, count: 50)
        let expected = (0..<3).flatMap { day in
            (0..<24).map { LocalDateTime(seconds: start.seconds + day * 86_400 + $0 * 1_200) }
        }
        #expect(times == Array(expected.prefix(50)))
    }
}

enum Rules {
    static func expand(_ rule: String, from start: LocalDateTime, count: Int) throws -> [LocalDateTime] {
        var iterator = RecurrenceIterator(try RecurrenceRule(rule), start: start)
        var times: [LocalDateTime] = []
        while times.count < count, let time = try iterator.next() { times.append(time) }
        return times
    }
}

/// Reads `1997 Sep 2,4-6 Oct 1` as 09:00 on each of these days.
enum Days {
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    static func parse(_ text: String) -> [LocalDateTime] {
        var year = 0
        var month = 0
        var days: [LocalDateTime] = []
        for word in text.split(separator: " ").map(String.init) {
            if let index = months.firstIndex(of: word) {
                month = index + 1
            } else if word.count == 4, let number = Int(word) {
                year = number
            } else {
                for part in word.split(separator: ",") {
                    let bounds = part.split(separator: "-").compactMap { Int($0) }
                    guard let first = bounds.first, let last = bounds.last else { continue }
                    for day in first...last { days.append(LocalDateTime(year: year, month: month, day: day, hour: 9)) }
                }
            }
        }
        return days
    }
}
