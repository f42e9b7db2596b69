/// Changes of the offset from UTC in the order of time.
struct TransitionTable: Sendable {
    /// The offset before the first transition.
    let initialOffset: Int
    /// When each offset begins, in seconds since the epoch.
    private(set) var times: [Int] = []
    /// The same moments as wall times: a wall time before `localTimes[i]` has the offset before the transition.
    private(set) var localTimes: [Int] = []
    private(set) var offsets: [Int] = []

    init(initialOffset: Int) { self.initialOffset = initialOffset }

    var lastOffset: Int { offsets.last ?? initialOffset }

    /// - Parameter time: not before the last one appended; such are dropped.
    mutating func append(time: Int, offset: Int) {
        if let last = times.last, time <= last {
            guard time == last else { return }
            times.removeLast()
            localTimes.removeLast()
            offsets.removeLast()
        }
        guard offset != lastOffset else { return }
        // In a fold the earlier offset counts until it ends, in a gap until the clock has jumped over it:
        // both are at the larger of the two wall times of the transition (RFC 5545 3.3.5).
        localTimes.append(time + max(offset, lastOffset))
        times.append(time)
        offsets.append(offset)
    }

    func offset(at time: Int) -> Int { offset(time, in: times) }

    func offset(atLocal time: Int) -> Int { offset(time, in: localTimes) }

    private func offset(_ time: Int, in bounds: [Int]) -> Int {
        var low = 0
        var high = bounds.count
        while low < high {
            let middle = (low + high) / 2
            if bounds[middle] <= time { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? initialOffset : offsets[low - 1]
    }
}
