/// How many programs of git may run at the same time: the rest waits, and those that would wait for long are sent away.
actor ProcessTurns {
    private let width: Int
    private let queueLimit: Int
    private var running = 0
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(width: Int, queueLimit: Int) {
        self.width = width
        self.queueLimit = queueLimit
    }

    /// Waits for a turn, which has to be given back.
    /// - Returns: false when too many are waiting already.
    func take() async -> Bool {
        if running < width {
            running += 1
            return true
        }
        guard waiting.count < queueLimit else { return false }
        await withCheckedContinuation { waiting.append($0) }
        return true
    }

    func giveBack() {
        if waiting.isEmpty { running -= 1 } else { waiting.removeFirst().resume() }
    }
}
