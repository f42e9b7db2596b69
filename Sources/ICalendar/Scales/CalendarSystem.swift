/// A calendar other than the Gregorian, by which rules may recur (RFC 7529). What a year looks like is all that is asked.
package protocol CalendarSystem: Sendable {
    /// As RSCALE names it, in capital letters: `CHINESE`.
    var name: String { get }
    /// The year that a day, counted from 1970-01-01, is in. Years are numbered without gaps, from wherever.
    func year(of day: Int) -> Int
    /// In their order; empty for years that the system knows nothing of.
    func months(ofYear year: Int) -> [ScaledMonth]
}

/// A month of such a calendar.
package struct ScaledMonth: Hashable, Sendable {
    /// As BYMONTH counts them, from 1.
    package let number: Int
    /// The one that BYMONTH writes with an L.
    package let isLeap: Bool
    /// Counted from 1970-01-01.
    package let firstDay: Int
    /// In days.
    package let length: Int

    package init(number: Int, isLeap: Bool, firstDay: Int, length: Int) {
        self.number = number
        self.isLeap = isLeap
        self.firstDay = firstDay
        self.length = length
    }
}
