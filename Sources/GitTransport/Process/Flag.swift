import Synchronization

/// Something that happens once.
final class Flag: Sendable {
    private let isRaised = Atomic(false)

    /// Whether this call was the first.
    func raise() -> Bool { !isRaised.exchange(true, ordering: .acquiringAndReleasing) }
}
