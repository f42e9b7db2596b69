package import ConnectorKit

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// The clock on the wall: which day and hour an instant has for the person who asks.
package struct LocalCalendar: Sendable {
    /// Seconds east of UTC at an instant, given in seconds since 1970.
    private let offset: @Sendable (Int64) -> Int

    /// - Parameter offset: seconds east of UTC at an instant, given in seconds since 1970.
    package init(offset: @escaping @Sendable (Int64) -> Int) { self.offset = offset }

    package static let utc = LocalCalendar { _ in 0 }

    /// The time zone of this process: `TZ`, or that of the system.
    package static let system: LocalCalendar = {
        tzset()
        return LocalCalendar { seconds in
            var time = time_t(seconds)
            var parts = tm()
            guard localtime_r(&time, &parts) != nil else { return 0 }
            return parts.tm_gmtoff
        }
    }()

    package func time(at instant: Timestamp) -> CivilTime {
        let offset = offset(instant.seconds)
        let local = Int(clamping: instant.seconds).addingReportingOverflow(offset).partialValue
        let days = local.flooredQuotient(by: 86_400)
        return CivilTime(
            // Not a difference: that of the earliest second there is would overflow.
            date: CivilDate(daysSince1970: days), second: (local % 86_400 + 86_400) % 86_400,
            nanosecond: instant.nanoseconds)
    }

    /// The instant at which the clock shows this. Of two the earlier one; a time that a change to summer time leaves
    /// out is that long after the change.
    package func instant(of time: CivilTime) -> Timestamp {
        let local = Int64(time.date.daysSince1970) * 86_400 + Int64(time.second)
        let (before, after) = (offset(local - 86_400), offset(local + 86_400))
        for candidate in [before, after] where offset(local - Int64(candidate)) == candidate {
            return Timestamp(seconds: local - Int64(candidate), nanoseconds: time.nanosecond)
        }
        return Timestamp(seconds: local - Int64(before), nanoseconds: time.nanosecond)
    }

    /// `2026-07-02 15:04:05 +02:00`.
    package func text(of instant: Timestamp) -> String {
        let time = time(at: instant)
        let offset = offset(instant.seconds)
        let minutes = abs(offset) / 60
        return "\(time.date) \(time.clock):\(padded(time.second % 60)) "
            + "\(offset < 0 ? "-" : "+")\(padded(minutes / 60)):\(padded(minutes % 60))"
    }
}

/// A date with the time of day.
package struct CivilTime: Hashable, Sendable {
    package var date: CivilDate
    /// Of the day: 0 to 86,399.
    package var second: Int
    package var nanosecond: UInt32

    package init(date: CivilDate, second: Int = 0, nanosecond: UInt32 = 0) {
        self.date = date
        self.second = second
        self.nanosecond = nanosecond
    }

    /// `15:04`.
    var clock: String { "\(padded(second / 3600)):\(padded(second / 60 % 60))" }
}

extension CivilDate: CustomStringConvertible {
    /// `2026-07-02`.
    package var description: String { "\(padded(year, 4))-\(padded(month))-\(padded(day))" }
}

/// A number with zeros before it.
func padded(_ number: Int, _ width: Int = 2) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
}

/// When, and by which clock, a command was given.
package struct Moment: Sendable {
    package let now: Timestamp
    package let calendar: LocalCalendar

    package init(now: Timestamp, calendar: LocalCalendar) {
        self.now = now
        self.calendar = calendar
    }
}
