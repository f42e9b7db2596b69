import WebDAV
import XMLStream

/// Finds the calendars and address books of an account from whatever address its owner knows
/// (RFC 6764, RFC 5397, RFC 4791 section 6.2, RFC 6352 section 7.1).
///
/// The address may be a bare host, some path of the server, a principal, a home, or one collection.
package struct DAVDiscovery: Sendable {
    private let client: DAVClient
    private let kinds: [DAVCollectionKind]
    /// Whether calendars are found that the server only copies from elsewhere.
    private let takesSubscribed: Bool
    /// Whether the accounts are found that this one may act for.
    private let takesDelegated: Bool

    package init(
        _ client: DAVClient, kinds: [DAVCollectionKind], takesSubscribed: Bool = false, takesDelegated: Bool = false
    ) {
        self.client = client
        self.kinds = kinds
        self.takesSubscribed = takesSubscribed
        self.takesDelegated = takesDelegated
    }

    /// - Throws: when the account or one of its homes could not be found and listed completely. A list that comes back
    ///   is whole.
    package func account() async throws -> DAVAccount {
        var account = DAVAccount()
        let start = try await entrance()
        if let only = collection(start.resource) {
            account.onlyCollection = only.url
            account.homes[only.kind] = [only.url.parent]
            account.collections = [try await complete(only, &account)]
            return account
        }
        account.principal = start.principal
        account.emptyAddress = start.emptyAddress
        try await findHomes(start, &account)
        for home in Set(account.homes.values.joined()).sorted(by: { $0.target < $1.target }) {
            try await list(home, &account)
        }
        try await findDelegated(&account)
        // Own collections first: their names in a snapshot do not depend on what others delegate.
        account.collections = account.collections.uniqued()
            .sorted { ($0.delegator ?? "", $0.url.target) < ($1.delegator ?? "", $1.url.target) }
        guard !account.collections.isEmpty || !account.hasGuessedHomes else {
            throw DAVClientError(
                .notFound, "There is no \(kinds.map(\.noun).joined(separator: " or ")) at \(start.resource.url).",
                advice: "Give the address that the provider names for calendar programs.")
        }
        return account
    }

    // MARK: The way in

    private struct Entrance {
        var resource: DAVResource
        var principal: DAVURL?
        var emptyAddress: DAVURL?
    }

    /// Asks the given address, then the well-known ones, then the root, until one knows the principal.
    private func entrance() async throws -> Entrance {
        var candidates = kinds.map { client.base.with(target: $0.wellKnownPath) } + [client.base.with(target: "/")]
        if client.base.path != "/" { candidates.insert(client.base, at: 0) }
        var fallback: Entrance?
        var failures: [any Error] = []
        for url in candidates {
            do {
                let answer = try await client.propfind(url, depth: .zero, .named(CollectionProperties.discovery))
                guard let resource = answer.own else { continue }
                var entrance = try self.entrance(resource)
                if client.base.path != "/", url != client.base,
                    (failures.first as? DAVClientError)?.code == .notFound
                {
                    entrance.emptyAddress = client.base
                }
                if entrance.principal != nil || collection(resource) != nil || hasHomes(resource) { return entrance }
                fallback = fallback ?? entrance
            } catch let error as DAVClientError where Self.leavesHope(error) {
                failures.append(error)
            }
        }
        if let fallback { return fallback }
        // The first failure is the one at the address that the user wrote, unless that was a bare host.
        let telling = failures.first { ($0 as? DAVClientError)?.code != .notFound } ?? failures.first
        if let error = telling as? DAVClientError, error.advice == nil {
            throw DAVClientError(
                error.code, error.reason,
                advice: "There may be no calendar server at this address; give the one that the provider names for "
                    + "calendar programs.", status: error.status, condition: error.condition)
        }
        throw telling
            ?? DAVClientError(
                .notFound, "No CalDAV or CardDAV service answers at \(client.base).",
                advice: "Give the address that the provider names for calendar programs.")
    }

    /// Whether another address of the same server may still work after this failure.
    private static func leavesHope(_ error: DAVClientError) -> Bool {
        [.notFound, .refused, .forbidden, .protocolViolation, .redirect].contains(error.code)
    }

    private func entrance(_ resource: DAVResource) throws -> Entrance {
        if let principal = resource[.currentUserPrincipal], principal.first(.unauthenticated) != nil,
            client.hasCredentials || collection(resource) == nil
        {
            throw DAVClientError(
                .authentication, "\(resource.url) does not take the user name and password into account.",
                advice: "Set username and password, or give an address that asks for them.")
        }
        let principal = resource.urls(.currentUserPrincipal).first ?? resource.urls(.principalURL).first
        return Entrance(resource: resource, principal: principal)
    }

    private func hasHomes(_ resource: DAVResource) -> Bool {
        kinds.contains { !resource.urls($0.homeSet).isEmpty }
    }

    // MARK: Homes

    private func findHomes(_ start: Entrance, _ account: inout DAVAccount) async throws {
        var source = start.resource
        if !hasHomes(source), let principal = start.principal {
            let answer = try await client.propfind(principal, depth: .zero, .named(CollectionProperties.discovery))
            guard let own = answer.own else {
                throw DAVClientError(.protocolViolation, "\(principal): the server says nothing about the account.")
            }
            source = own
        }
        account.displayName = source.text(.displayname)
        account.delegators = (source.urls(.calendarProxyReadFor) + source.urls(.calendarProxyWriteFor)).uniqued()
        for kind in kinds { account.homes[kind] = source.urls(kind.homeSet).map(\.asCollection).uniqued() }
        if account.homes.values.allSatisfy(\.isEmpty) {
            // No principal, or one without homes: the address itself may hold collections.
            for kind in kinds { account.homes[kind] = [start.resource.url.asCollection] }
            account.hasGuessedHomes = true
        } else if let home = account.homes.values.joined().first(where: { $0.isSameResource(as: client.base) }),
            !client.base.isRoot
        {
            // The address is one of several homes: only that one is meant.
            account.homes = account.homes.mapValues { $0.filter { $0.isSameResource(as: home) } }
        }
    }

    /// The homes of those who let this account act for them, when they are wanted.
    private func findDelegated(_ account: inout DAVAccount) async throws {
        guard takesDelegated else { return }
        for principal in account.delegators where client.allows(principal) {
            let answer = try await client.propfind(principal, depth: .zero, .named(CollectionProperties.discovery))
            let homes = kinds.flatMap { answer.own?.urls($0.homeSet) ?? [] }.map(\.asCollection).uniqued()
            var found = DAVAccount()
            for home in homes { try await list(home, &found) }
            for var collection in found.collections {
                collection.delegator = principal.asCollection.lastSegment
                collection.isShared = true
                account.collections.append(collection)
            }
            account.skipped += found.skipped
            account.hidden += found.hidden
        }
    }

    // MARK: Collections

    private static let depthLimit = 3
    private static let plainLimit = 200

    /// Lists a home, and plain folders in it, which some servers use to group collections.
    private func list(_ home: DAVURL, _ account: inout DAVAccount) async throws {
        var pending = [(url: home, depth: 0)]
        var seen = 0
        while let (url, depth) = pending.popLast() {
            seen += 1
            guard seen <= Self.plainLimit else {
                throw DAVClientError(
                    .tooLarge, "\(home) has more than \(Self.plainLimit) folders.",
                    advice: "Give the address of the home, or of one collection.")
            }
            let (answer, more) = try await describe(url, depth: .one, &account)
            for resource in answer.resources where !resource.url.isSameResource(as: answer.url) {
                if let status = resource.status, status >= 300, status != 404, status != 410 {
                    account.hidden.append((resource.url, status))
                }
                guard resource.isCollection else { continue }
                if var found = collection(resource) {
                    guard kinds.contains(found.kind) else { continue }
                    found.isShared = isShared(resource, account)
                    account.collections.append(merge(found, more[resource.url.comparisonKey]))
                } else if resource.resourceTypes == [.collection], depth < Self.depthLimit {
                    pending.append((resource.url.asCollection, depth + 1))
                } else if let what = Self.reason(toSkip: resource) {
                    account.skipped.append(.init(url: resource.url, what: what))
                }
            }
            if depth == 0, let own = answer.own, let found = collection(own), kinds.contains(found.kind) {
                account.collections.append(merge(found, more[own.url.comparisonKey]))
            }
        }
    }

    private func collection(_ resource: DAVResource) -> DAVCollection? {
        let types = resource.resourceTypes
        let kind: DAVCollectionKind
        if types.contains(.subscribed) {
            guard takesSubscribed else { return nil }
            kind = .calendar
        } else if types.contains(.calendar) {
            kind = .calendar
        } else if types.contains(.addressbook) {
            kind = .addressBook
        } else {
            return nil
        }
        return DAVCollection(
            kind: kind, href: resource.href, url: resource.url.asCollection, properties: resource.properties)
    }

    /// Who has a collection in the home without owning it was given it.
    private func isShared(_ resource: DAVResource, _ account: DAVAccount) -> Bool {
        if resource.resourceTypes.contains(where: { $0.local == "shared" }) { return true }
        guard let principal = account.principal, let owner = resource.urls(.owner).first else { return false }
        return !owner.isSameResource(as: principal)
    }

    private static func reason(toSkip resource: DAVResource) -> String? {
        let types = resource.resourceTypes
        if types.contains(.scheduleInbox) { return "the scheduling inbox" }
        if types.contains(.scheduleOutbox) { return "the scheduling outbox" }
        if types.contains(.subscribed) {
            let name = resource.text(.displayname).map { " \"\($0)\"" } ?? ""
            return "the subscription\(name) to a calendar elsewhere, which subscribed=true takes,"
        }
        // Nextcloud keeps what was deleted for a month, under its old address.
        if types.contains(where: { $0.local == "deleted-calendar" }) { return "a calendar in the trash bin" }
        if types.contains(where: { $0.local == "notification" || $0.local == "notifications" }) {
            return "the notifications"
        }
        if types.contains(where: { $0.local == "trash-bin" }) { return "the trash bin" }
        if types.contains(.principal) { return nil }
        return types.first { $0 != .collection }.map { "a collection of type \($0.local)" }
    }

    // MARK: Properties

    private func complete(_ found: DAVCollection, _ account: inout DAVAccount) async throws -> DAVCollection {
        let (answer, more) = try await describe(found.url, depth: .zero, &account)
        guard let own = answer.own, let named = collection(own) else {
            throw DAVClientError(.protocolViolation, "\(found.url): the server says nothing about this collection.")
        }
        return merge(named, more[own.url.comparisonKey])
    }

    private typealias Properties = [[UInt8]: [XMLElement]]

    /// What the server says about a resource and, with depth 1, what is in it: the properties worth asking for by name
    /// together with all others that there are.
    ///
    /// - Returns: the answer, and by resource what other answers had to be asked for.
    private func describe(
        _ url: DAVURL, depth: Depth, _ account: inout DAVAccount
    ) async throws -> (DAVMultistatus, Properties) {
        var more: Properties = [:]
        let answer: DAVMultistatus
        if let whole = try await everything(url, depth) {
            answer = whole
        } else {
            answer = try await client.propfind(url, depth: depth, .named(CollectionProperties.named))
            more = try await allProperties(url, depth: depth, &account)
        }
        let lacksTag = answer.resources.contains { resource in
            collection(resource).map { $0.changeTag == nil && more[resource.url.comparisonKey] == nil } ?? false
        }
        if lacksTag { more.merge(try await changeTags(url, depth)) { $0 + $1 } }
        return (answer, more)
    }

    /// - Returns: nil when the server cannot say what there is, or does not give it.
    private func everything(_ url: DAVURL, _ depth: Depth) async throws -> DAVMultistatus? {
        guard let names = try await propertyNames(url, depth) else { return nil }
        let others = names.subtracting(CollectionProperties.named)
            .sorted { ($0.namespace, $0.local) < ($1.namespace, $1.local) }
        return try await unlessRefused {
            try await client.propfind(url, depth: depth, .named(CollectionProperties.named + others))
        }
    }

    /// The lasting properties that there are (RFC 4918, section 9.1). Unlike `allprop` this does not make a server work
    /// out the size of a calendar.
    ///
    /// - Returns: nil when the server does not know the question.
    private func propertyNames(_ url: DAVURL, _ depth: Depth) async throws -> Set<XMLName>? {
        try await unlessRefused {
            let answer = try await client.propfind(url, depth: depth, .names)
            let names = Set(answer.resources.flatMap { $0.properties.map(\.name) })
            // Whatever there is has a type, so that an answer without it is none.
            guard names.contains(.resourcetype), names.count <= Self.propertyLimit else { return nil }
            return names.filter(CollectionProperties.isLasting)
        }
    }

    /// - Returns: nil when the server answers that it cannot, in whatever way.
    private func unlessRefused<Answer>(_ request: () async throws -> Answer?) async throws -> Answer? {
        do {
            return try await request()
        } catch let error as DAVClientError where error.code == .protocolViolation || error.status != nil {
            if error.code == .authentication { throw error }
            return nil
        }
    }

    private static let propertyLimit = 300

    /// What stands for the state of a collection where there are no sync tokens.
    private func changeTags(_ url: DAVURL, _ depth: Depth) async throws -> Properties {
        let answer = try await unlessRefused {
            try await client.propfind(url, depth: depth, .named([.getctag]))
        }
        return Dictionary(
            (answer?.resources ?? []).map { ($0.url.comparisonKey, $0.properties) },
            uniquingKeysWith: { first, _ in first })
    }

    /// What `allprop` gives, by resource. Some servers refuse it; then the properties asked for by name must do.
    private func allProperties(
        _ url: DAVURL, depth: Depth, _ account: inout DAVAccount
    ) async throws -> Properties {
        do {
            let answer = try await client.propfind(url, depth: depth, .all)
            return Dictionary(
                answer.resources.map { ($0.url.comparisonKey, $0.properties) }, uniquingKeysWith: { first, _ in first })
        } catch let error as DAVClientError where error.code != .unavailable && error.code != .authentication {
            account.remarks.append(
                "Only well-known properties are kept, since the server refused to list all: \(error)")
            return [:]
        }
    }

    private func merge(_ collection: DAVCollection, _ more: [XMLElement]?) -> DAVCollection {
        var merged = collection
        var seen: Set<XMLName> = []
        merged.properties = (collection.properties + (more ?? []))
            .filter { !CollectionProperties.transient.contains($0.name) && seen.insert($0.name).inserted }
            .sorted { ($0.name.namespace, $0.name.local) < ($1.name.namespace, $1.name.local) }
        return merged
    }
}

extension DAVURL {
    fileprivate var isRoot: Bool { path == "/" }
}

extension [DAVURL] {
    fileprivate func uniqued() -> [DAVURL] {
        var seen: Set<[UInt8]> = []
        return filter { seen.insert($0.resourceKey).inserted }
    }
}

extension [DAVCollection] {
    fileprivate func uniqued() -> [DAVCollection] {
        var seen: Set<[UInt8]> = []
        return filter { seen.insert($0.url.resourceKey).inserted }
    }
}
