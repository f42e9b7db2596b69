/// The kinds of wrapped files in a store (Kloset format, section 1).
package enum ResourceType: UInt32, CaseIterable, Sendable {
    case configuration = 1
    case lock = 2
    case state = 3
    case packfile = 4

    /// The newest version that this program reads; newer resources are refused.
    package var newestVersion: FormatVersion {
        switch self {
        case .state: .v1_1_0
        case .configuration, .lock, .packfile: .v1_0_0
        }
    }

    package var name: String {
        switch self {
        case .configuration: "configuration"
        case .lock: "lock"
        case .state: "state"
        case .packfile: "packfile"
        }
    }
}
