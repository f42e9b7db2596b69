package import Kloset

/// Writes states that are lost or cannot be read anew, from what the packfiles hold.
package struct RepairJob: Sendable {
    package let repository: Repository
    /// Otherwise it is only told what would be done.
    package let applies: Bool

    package init(repository: Repository, applies: Bool) {
        self.repository = repository
        self.applies = applies
    }

    package func run(_ report: @escaping JobReport) async throws -> RepairReport {
        let result = try await repository.repair(apply: applies)
        for (state, reason) in result.unreadable { report(.warning("state \(state) cannot be read: \(reason)")) }
        for state in result.missing { report(.warning("state \(state) is missing")) }
        for packfile in result.lostPackfiles { report(.incomplete("packfile \(packfile) is missing")) }
        for (_, reason) in result.damagedPackfiles { report(.incomplete(reason)) }
        return result
    }
}
