package import BackupEngine

/// Counts what a job has done and says how it is going. It has no clock of its own.
package struct ProgressMeter: Sendable {
    private let start: ContinuousClock.Instant
    private var expected = 0
    private var done = 0
    private var failed = 0
    private var bytes: UInt64 = 0

    package init(start: ContinuousClock.Instant) { self.start = start }

    package mutating func count(_ event: JobEvent) {
        switch event {
        case .expected(let records): expected = max(records, 0)
        case .entry(let entry):
            done += 1
            switch entry.outcome {
            case .done(let size): bytes &+= size
            case .unchanged: break
            case .failed: failed += 1
            }
        case .difference: done += 1
        case .advanced(let read):
            done += 1
            bytes &+= read
        case .started, .finding, .note, .warning, .incomplete: break
        }
    }

    /// One line of at most `width` columns.
    package func line(at now: ContinuousClock.Instant, width: Int) -> String {
        let elapsed = now - start
        let seconds = Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) / 1e18
        var parts: [String] = []
        if expected > 0 {
            let share = min(1, Double(done) / Double(expected))
            if width >= 60 { parts.append(bar(share)) }
            parts.append("\(Int(share * 100))%")
            // An estimate may be exceeded; then only the count is told.
            parts.append(done <= expected ? "\(done)/\(expected)" : "\(done)")
        } else {
            parts.append(Format.count(done, "entry", "entries"))
        }
        if failed > 0 { parts.append("\(failed) failed") }
        parts.append(Format.size(bytes))
        if seconds > 0.5 {
            parts.append("\(Format.size(UInt64(Double(bytes) / seconds)))/s")
            if expected > done, done > 0 {
                let remaining = seconds / Double(done) * Double(expected - done)
                parts.append("\(Format.duration(.seconds(Int64(min(remaining, 1e9))))) left")
            }
        }
        return String(parts.joined(separator: "  ").prefix(max(0, width)))
    }

    private func bar(_ share: Double) -> String {
        let filled = Int(share * 20)
        return "[\(String(repeating: "=", count: filled))\(String(repeating: " ", count: 20 - filled))]"
    }
}
