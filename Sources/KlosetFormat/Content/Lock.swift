package import ConnectorKit

/// Says that somebody writes to a store (Kloset format, section 8.6; messages, section 10).
package struct Lock: Hashable, Sendable {
    /// Older than this, by the reader's clock, a lock is stale: 10 minutes.
    package static let lifetime = Duration.seconds(600)
    /// A held lock is written again this often: 5 minutes.
    package static let refreshInterval = Duration.seconds(300)

    package var version: FormatVersion
    package var timestamp: Timestamp
    package var hostname: ByteString
    package var isExclusive: Bool

    package init(version: FormatVersion = .v1_0_0, timestamp: Timestamp, hostname: ByteString, isExclusive: Bool) {
        self.version = version
        self.timestamp = timestamp
        self.hostname = hostname
        self.isExclusive = isExclusive
    }

    /// Whether nobody refreshed the lock for its lifetime.
    package func isStale(at now: Timestamp) -> Bool {
        let (age, overflow) = now.seconds.subtractingReportingOverflow(timestamp.seconds)
        guard !overflow else { return now > timestamp }
        return age > 600 || (age == 600 && now.nanoseconds > timestamp.nanoseconds)
    }
}

extension Lock: MessagePackStructure {
    package static var unset: Self { Self(version: .none, timestamp: .goZero, hostname: "", isExclusive: false) }

    package mutating func visitFields(_ fields: inout some FieldVisitor) {
        fields.version("version", &version)
        fields.time("timestamp", &timestamp)
        fields.string("hostname", &hostname)
        fields.bool("exclusive", &isExclusive)
    }
}
