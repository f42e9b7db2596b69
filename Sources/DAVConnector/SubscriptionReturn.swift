import ConnectorKit
import DAVClient
import HTTPTypes
import WebDAV
import XMLStream

/// Subscribes again to what an account was subscribed to.
struct SubscriptionReturn: Sendable {
    let client: DAVClient

    /// The address that a collection of a snapshot was subscribed to; nil for one with events of its own.
    static func address(of sidecar: CollectionSidecar) -> String? {
        let elements = sidecar.elements
        let types = elements.first { $0.name == .resourcetype }?.elements.map(\.name) ?? []
        guard sidecar.kind == .calendar, types.contains(.subscribed) else { return nil }
        return CollectionProperties.feedAddress(elements)
    }

    /// What a client says when it subscribes, beside name and colour.
    static func properties(_ sidecar: CollectionSidecar, _ address: String) -> [XMLElement] {
        let stripped: Set = ["subscribed-strip-alarms", "subscribed-strip-todos", "subscribed-strip-attachments"]
        let others = sidecar.elements.filter {
            $0.name.namespace == DAVNamespace.calendarServer && stripped.contains($0.name.local)
        }
        return [XMLElement(.source, [XMLElement(.href, text: address)])] + others
    }

    /// Makes a subscription (extended MKCOL with the type `subscribed`).
    ///
    /// - Returns: the properties that are still to be set; nil where the server keeps no subscriptions. Then nothing of
    ///   it is left.
    func make(
        _ url: DAVURL, _ sidecar: CollectionSidecar, _ address: String, _ properties: [XMLElement]
    ) async throws -> [XMLElement]? {
        let own = Self.properties(sidecar, address)
        let name = properties.filter { $0.name == .displayname }
        var tried: Set<[XMLElement]> = []
        for attempt in [own + properties, own + name, Array(own.prefix(1)) + name]
        where tried.insert(attempt).inserted {
            do {
                try await client.mkcol(url, types: [.collection, .subscribed], properties: attempt)
            } catch let error as DAVClientError where !ObjectFetcher.isFatal(error) {
                // A server that does not know the type will not know it with fewer properties; others may.
                if [404, 405, 501].contains(error.status?.code) { return nil }
                continue
            }
            guard try await isSubscribed(url, to: address, mayRetry: true) else {
                try await remove(url)
                return nil
            }
            let done = Set(attempt.map(\.name))
            return properties.filter { !done.contains($0.name) }
        }
        return nil
    }

    /// An answer of success is a promise: some servers make a plain folder.
    private func isSubscribed(_ url: DAVURL, to address: String, mayRetry: Bool) async throws -> Bool {
        do {
            let answer = try await client.propfind(url, depth: .zero, .named([.resourcetype, .source]))
            guard let own = answer.own, own.resourceTypes.contains(.subscribed) else { return false }
            if CollectionProperties.feedAddress(own.properties) == address { return true }
            // Radicale takes the address without an href around it.
            guard mayRetry else { return false }
            let refused = try await client.proppatch(url, set: [XMLElement(.source, text: address)])
            guard refused.isEmpty else { return false }
        } catch let error as DAVClientError where !ObjectFetcher.isFatal(error) {
            return false
        }
        return try await isSubscribed(url, to: address, mayRetry: false)
    }

    private func remove(_ url: DAVURL) async throws {
        do {
            try await client.delete(url)
        } catch let error as DAVClientError where !ObjectFetcher.isFatal(error) {
            // An empty folder stays behind, which no program shows.
        }
    }
}
