import Synchronization

/// How many bytes of request bodies may be in memory, over all connections together. An object is checked as a whole before
/// it is kept, so its bytes are held from the first to the answer; who comes when there is no room left is told to come again.
final class BodyBudget: Sendable {
    /// In bytes.
    let limit: Int
    private let used = Mutex(0)

    init(limit: Int) { self.limit = limit }

    fileprivate func take(_ count: Int) -> Bool {
        used.withLock { used in
            guard count <= limit - used else { return false }
            used += count
            return true
        }
    }

    fileprivate func giveBack(_ count: Int) { used.withLock { $0 -= count } }

    /// Nothing yet; what it takes is given back when it goes out of scope.
    func reservation() -> Reservation { Reservation(self) }

    struct Reservation: ~Copyable {
        private let budget: BodyBudget
        private var count = 0

        fileprivate init(_ budget: BodyBudget) { self.budget = budget }

        /// Whether there was room for so many bytes more. Taken as they arrive: an announcement alone takes nothing from others.
        mutating func take(_ more: Int) -> Bool {
            guard budget.take(more) else { return false }
            count += more
            return true
        }

        deinit { budget.giveBack(count) }
    }
}
