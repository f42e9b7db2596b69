import ConnectorKit
import DAVClient
import XMLStream

/// Where a collection of the snapshot goes.
struct RestoreTarget: Sendable {
    let url: DAVURL
    /// Its members before the restore, by address.
    let existing: [[UInt8]: Member]
    /// Whether objects with the same name but other bytes are replaced.
    let mode: DAVSettings.Mode
}

/// Finds or makes the collections of a restore on the server.
struct TargetPreparation {
    let session: AccountSession
    let account: DAVAccount
    let context: ConnectorContext
    /// Segments in use, decoded, per home: those on the server, and those made here.
    private var taken: Set<[UInt8]>

    private var client: DAVClient { session.client }

    init(_ session: AccountSession, _ account: DAVAccount, _ context: ConnectorContext) {
        self.session = session
        self.account = account
        self.context = context
        taken = Set(account.collections.map(\.url.resourceKey))
    }

    /// - Throws: when this collection has no place to go.
    mutating func target(for source: RestoreSource) async throws -> RestoreTarget {
        if let only = account.onlyCollection {
            return try await use(only, source, mode: session.settings.mode ?? .merge)
        }
        guard session.settings.kinds.contains(source.kind) else {
            throw ConnectorError(
                .unsupported, "This destination does not take the \(source.kind.noun) \"\(source.title)\".",
                advice: "A destination with dav:// takes calendars and address books.")
        }
        guard let home = account.homes[source.kind]?.first else {
            throw ConnectorError(
                .unsupported, "The account has no place for the \(source.kind.noun) \"\(source.title)\".")
        }
        let mode = session.settings.mode ?? .new
        let wanted = home.appending(segment: source.sidecar.segment, isCollection: true)
        guard let present = account.collections.first(where: { $0.url.isSameResource(as: wanted) }) else {
            return try await make(wanted, source, suffix: nil)
        }
        if present.kind == source.kind {
            if mode != .new { return try await use(present.url, source, mode: mode) }
            let listing = try await MemberListing(present.url, kind: source.kind, client: client)
            if listing.members.isEmpty {
                try await setProperties(CollectionMaker.settable(source.sidecar), on: present.url, source)
                return RestoreTarget(url: present.url, existing: [:], mode: .new)
            }
        }
        return try await makeBeside(source, home)
    }

    private func use(_ url: DAVURL, _ source: RestoreSource, mode: DAVSettings.Mode) async throws -> RestoreTarget {
        let listing = try await MemberListing(url, kind: source.kind, client: client)
        let existing = Dictionary(
            listing.members.map { ($0.url.resourceKey, $0) }, uniquingKeysWith: { first, _ in first })
        return RestoreTarget(url: url, existing: existing, mode: mode)
    }

    /// A new collection next to one that is in use: nothing that is there is touched.
    private mutating func makeBeside(_ source: RestoreSource, _ home: DAVURL) async throws -> RestoreTarget {
        for number in 1...1_000 {
            let counter = number == 1 ? "" : "-\(number)"
            let url = home.appending(segment: source.sidecar.segment + "-restored" + counter, isCollection: true)
            guard !taken.contains(url.resourceKey) else { continue }
            context.report(
                .note("\"\(source.title)\" exists and is not empty: restoring beside it into \(url.lastSegment)."))
            return try await make(url, source, suffix: number == 1 ? " (restored)" : " (restored \(number))")
        }
        throw ConnectorError(.alreadyExists, "\"\(source.title)\" was restored a thousand times already.")
    }

    private mutating func make(
        _ url: DAVURL, _ source: RestoreSource, suffix: String?
    ) async throws -> RestoreTarget {
        taken.insert(url.resourceKey)
        var properties = CollectionMaker.settable(source.sidecar)
        if let suffix { CollectionMaker.rename(&properties, to: source.title + suffix) }
        let left = try await CollectionMaker(client).make(url, source.sidecar, properties)
        try await setProperties(left, on: url, source)
        return RestoreTarget(url: url, existing: [:], mode: .new)
    }

    /// Sets what can be set and says what could not.
    private func setProperties(_ properties: [PropertyElement], on url: DAVURL, _ source: RestoreSource) async throws {
        let refused = try await CollectionMaker(client).set(properties, on: url)
        guard !refused.isEmpty else { return }
        let names = refused.map(\.local).sorted().joined(separator: ", ")
        context.report(.warning("The server did not take these properties of \"\(source.title)\": \(names)."))
    }
}
