import DAVClient
import HTTPTypes
import WebDAV
import XMLStream

typealias PropertyElement = XMLElement

/// Creates collections with the properties they had.
///
/// Servers differ in what they take: some refuse a whole MKCALENDAR for one property they do not like, some know only
/// extended MKCOL. Each way is tried from the richest to the plainest.
struct CollectionMaker: Sendable {
    private let client: DAVClient

    init(_ client: DAVClient) { self.client = client }

    /// The properties that a client may set afterwards.
    static func settable(_ sidecar: CollectionSidecar) -> [PropertyElement] {
        var elements = sidecar.elements.filter { CollectionProperties.isSettable($0.name, on: sidecar.kind) }
        if !elements.contains(where: { $0.name == .displayname }), let name = sidecar.displayName {
            elements.append(XMLElement(.displayname, text: name))
        }
        // What is empty was not set; sending it would only give servers something to refuse.
        return elements.filter { !$0.children.isEmpty }
    }

    static func rename(_ properties: inout [PropertyElement], to name: String) {
        properties.removeAll { $0.name == .displayname }
        properties.insert(XMLElement(.displayname, text: name), at: 0)
    }

    /// - Returns: the properties that are still to be set.
    func make(_ url: DAVURL, _ sidecar: CollectionSidecar, _ properties: [PropertyElement]) async throws
        -> [PropertyElement]
    {
        // Which components a calendar takes can be said only when it is made (RFC 4791, section 5.2.3).
        let fixed = sidecar.elements.filter { $0.name == .supportedCalendarComponentSet && !$0.children.isEmpty }
        let name = properties.filter { $0.name == .displayname }
        var failure: DAVClientError?
        var tried: Set<[PropertyElement]> = []
        for attempt in [fixed + properties, fixed + name, fixed, []] where tried.insert(attempt).inserted {
            do {
                try await create(url, sidecar.kind, attempt)
                let done = Set(attempt.map(\.name))
                return properties.filter { !done.contains($0.name) }
            } catch let error as DAVClientError {
                failure = failure ?? error
                guard Self.mayBeTheProperties(error), !attempt.isEmpty else { break }
            }
        }
        throw failure ?? DAVClientError(.refused, "\(url) could not be created.")
    }

    private func create(_ url: DAVURL, _ kind: DAVCollectionKind, _ properties: [PropertyElement]) async throws {
        guard kind == .calendar else {
            return try await client.mkcol(url, types: [.collection, .addressbook], properties: properties)
        }
        do {
            try await client.mkcalendar(url, properties: properties)
        } catch let error as DAVClientError where [405, 501].contains(error.status?.code) {
            do {
                try await client.mkcol(url, types: [.collection, .calendar], properties: properties)
            } catch let second as DAVClientError {
                // The first answer says more, unless the second way got further.
                throw second.status?.code == 405 ? error : second
            }
        }
    }

    /// Whether the same request with fewer properties may succeed.
    private static func mayBeTheProperties(_ error: DAVClientError) -> Bool {
        switch error.code {
        case .forbidden, .refused, .protocolViolation, .preconditionFailed: true
        case .unavailable: error.status?.code == 500
        default: false
        }
    }

    /// Sets properties together, or one by one where together is too much.
    ///
    /// - Returns: the names of those that the server does not take.
    func set(_ properties: [PropertyElement], on url: DAVURL) async throws -> [XMLName] {
        guard !properties.isEmpty else { return [] }
        if let refused = try await tolerantly({ try await client.proppatch(url, set: properties) }), refused.isEmpty {
            return []
        }
        guard properties.count > 1 else { return properties.map(\.name) }
        var refused: [XMLName] = []
        for property in properties {
            let answer = try await tolerantly { try await client.proppatch(url, set: [property]) }
            if answer.map({ !$0.isEmpty }) ?? true { refused.append(property.name) }
        }
        return refused
    }

    /// nil when the server refuses the request as a whole, which is no reason to stop a restore.
    private func tolerantly<Result>(_ body: () async throws -> Result) async throws -> Result? {
        do {
            return try await body()
        } catch let error as DAVClientError where !ObjectFetcher.isFatal(error) {
            return nil
        }
    }
}
