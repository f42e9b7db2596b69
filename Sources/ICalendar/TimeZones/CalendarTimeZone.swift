/// Offsets from UTC over time, from TZif data, from a VTIMEZONE, or fixed.
package struct CalendarTimeZone: Sendable {
    /// The name it was found under.
    package let identifier: String
    let rules: Rules

    enum Rules: Sendable {
        case fixed(Int)
        case compiled(CompiledZone)
        case observances(ObservanceZone)
    }

    package static let utc = CalendarTimeZone(identifier: "UTC", rules: .fixed(0))

    /// - Parameter offset: seconds east of UTC.
    package init(identifier: String, fixedOffset offset: Int) {
        self.init(identifier: identifier, rules: .fixed(offset))
    }

    init(identifier: String, rules: Rules) {
        self.identifier = identifier
        self.rules = rules
    }

    /// Seconds east of UTC.
    package func offset(at instant: Instant) -> Int {
        switch rules {
        case .fixed(let offset): offset
        case .compiled(let zone): zone.offset(at: instant.seconds)
        case .observances(let zone): zone.offset(at: instant.seconds)
        }
    }

    /// What the clock on the wall shows.
    package func local(at instant: Instant) -> LocalDateTime {
        LocalDateTime(seconds: instant.seconds + offset(at: instant))
    }

    /// When the clock on the wall shows `local` (RFC 5545 3.3.5).
    ///
    /// A time that comes twice is the first; one that is skipped is read with the offset before the gap.
    package func instant(of local: LocalDateTime) -> Instant {
        let offset =
            switch rules {
            case .fixed(let offset): offset
            case .compiled(let zone): zone.offset(atLocal: local.seconds)
            case .observances(let zone): zone.offset(atLocal: local.seconds)
            }
        return Instant(seconds: local.seconds - offset)
    }
}
