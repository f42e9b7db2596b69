internal import ArgumentParser

/// A span of time as people write it: `90s`, `30m`, `6h`, `1d`.
struct Interval: ExpressibleByArgument, Hashable, Sendable, CustomStringConvertible {
    let seconds: Int

    init(seconds: Int) { self.seconds = seconds }

    /// Between a second and a year.
    init?(argument: String) {
        let units: [Character: Int] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
        guard let unit = argument.last.flatMap({ units[$0] }), let number = Int(argument.dropLast()), number > 0,
            number <= 366 * 86_400 / unit
        else { return nil }
        seconds = number * unit
    }

    var description: String {
        for (unit, size) in [("d", 86_400), ("h", 3600), ("m", 60)] where seconds % size == 0 {
            return "\(seconds / size)\(unit)"
        }
        return "\(seconds)s"
    }
}
