import ConnectorKit

/// Rings when much less is there than the last snapshot has: a failed log-in, a wrong path or a client that deletes
/// everything must not look like a backup in which nothing is wrong.
struct LossAlarm: Sendable {
    /// The share of objects that may be gone without an alarm, in percent; 100 silences it.
    let limit: Int

    /// Losses of less are everyday life.
    private static let smallest = 10

    private var before = 0
    private var lost = 0
    private var hasRung = false

    init(limit: Int) { self.limit = limit }

    /// - Parameters:
    ///   - before: how many objects the last snapshot has.
    ///   - now: how many there are; nil when the collection is gone.
    mutating func compare(_ what: String, before: Int, now: Int?, _ context: ConnectorContext) {
        self.before += before
        lost += max(0, before - (now ?? 0))
        // A whole collection does not go by itself, however small it is.
        let isLoss = now == nil ? before > 0 && limit < 100 : isAlarming(lost: before - (now ?? 0), of: before)
        guard isLoss || now == nil else { return }
        let had = counted(before, "object")
        let text =
            now.map { "\(what) had \(had) in the last snapshot and has \(grouped($0)) now." }
            ?? "\(what) of the last snapshot, with \(had), is no longer on the server."
        if isLoss {
            ring(text, context)
        } else {
            context.report(.warning(text))
        }
    }

    /// Called in the end: many small losses are a large one.
    mutating func conclude(_ context: ConnectorContext) {
        guard !hasRung, isAlarming(lost: lost, of: before) else { return }
        ring("\(grouped(lost)) of the \(counted(before, "object")) of the last snapshot are gone.", context)
    }

    private func isAlarming(lost: Int, of before: Int) -> Bool {
        lost >= Self.smallest && lost * 100 > before * limit
    }

    private mutating func ring(_ text: String, _ context: ConnectorContext) {
        hasRung = true
        context.report(.incomplete("\(text) If that is meant, all is well: the next backup compares with this one."))
    }
}
