package import Kloset

/// Frees the space of what no snapshot needs any more.
package struct MaintenanceJob: Sendable {
    package let repository: Repository
    package let options: MaintenanceOptions

    package init(repository: Repository, options: MaintenanceOptions = MaintenanceOptions()) {
        self.repository = repository
        self.options = options
    }

    /// - Throws: when nothing could be done, and nothing was changed: somebody works on the store, or something in it is
    ///   damaged.
    package func run(_ report: @escaping JobReport) async throws -> MaintenanceReport {
        try await repository.maintain(options) { event in
            switch event {
            case .begins(let snapshots): report(.expected(records: snapshots))
            case .walked: report(.advanced(bytes: 0))
            case .removed(let packfile): report(.note("packfile \(packfile.mac.shortHex): removed"))
            case .warning(let text): report(.warning(text))
            }
        }
    }
}
