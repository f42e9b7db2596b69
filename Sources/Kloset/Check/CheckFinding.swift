public import ConnectorKit
public import KlosetFormat

/// Something that a check found.
public struct CheckFinding: Hashable, Sendable {
    public enum Severity: Hashable, Sendable {
        /// Data are missing or not what they were.
        case damage
        /// Worth knowing, nothing is lost: a packfile that no state lists, for instance.
        case note
    }

    public var severity: Severity
    /// The snapshot that is hurt; nil when the finding is about the store as such.
    public var snapshot: MAC?
    /// The path that is hurt; nil when it is no single one.
    public var path: BytePath?
    /// The damaged blob.
    public var blob: BlobID?
    /// The damaged file of the store.
    public var resource: StoreResource?
    /// Its name.
    public var resourceName: MAC?
    /// What is wrong, for people.
    public var reason: String

    public init(
        _ severity: Severity, snapshot: MAC? = nil, path: BytePath? = nil, blob: BlobID? = nil,
        resource: StoreResource? = nil, resourceName: MAC? = nil, reason: String
    ) {
        self.severity = severity
        self.snapshot = snapshot
        self.path = path
        self.blob = blob
        self.resource = resource
        self.resourceName = resourceName
        self.reason = reason
    }
}

extension CheckFinding: CustomStringConvertible {
    public var description: String {
        var parts: [String] = []
        if let snapshot { parts.append(String(snapshot.hex.prefix(8))) }
        if let path { parts.append(path.description) }
        if let resource, let resourceName { parts.append("\(resource) \(resourceName)") }
        return parts.isEmpty ? reason : "\(parts.joined(separator: ": ")): \(reason)"
    }
}

/// What a check went through.
public struct CheckSummary: Hashable, Sendable {
    public var snapshots = 0
    public var entries = 0
    /// Objects whose content was read and found whole, each counted once.
    public var objects = 0
    /// Bytes of that content.
    public var bytes: UInt64 = 0
    public var packfiles = 0
    public var states = 0
    public var damages = 0
    public var notes = 0

    public init() {}

    /// Whether nothing is damaged.
    public var isSound: Bool { damages == 0 }

    mutating func add(_ other: CheckSummary) {
        snapshots += other.snapshots
        entries += other.entries
        objects += other.objects
        bytes += other.bytes
        packfiles += other.packfiles
        states += other.states
        damages += other.damages
        notes += other.notes
    }
}
