import CollectionStore
import HTTPTypes
import WebDAV
import XMLStream

/// Instructions to set and remove properties of one collection, all or none (RFC 4918, 9.2; RFC 5689, 3).
struct PropertyChange: Sendable {
    let updates: [PropertyUpdate]
    /// What kind of collection it is, or will be.
    let kind: ResourceKind
    /// Whether the collection is being made: properties that are fixed later can be set now.
    let isCreation: Bool

    /// The most that all properties without meaning to the server may take, in bytes.
    private static let maximumDeadBytes = 262_144

    /// Properties that standards define as live and protected, though we do not have them.
    private static let reserved: Set<XMLName> = [
        .creationdate, .getcontentlength, .quotaAvailableBytes, .quotaUsedBytes, .addressbookHomeSet, .calendarHomeSet,
    ]

    /// Tries the instructions on a copy.
    /// - Returns: the changed properties, or what becomes of each instruction when one of them fails.
    func apply(to original: CollectionProperties) -> Result<CollectionProperties, PropertyChangeFailure> {
        var properties = original
        var failures: [(name: XMLName, error: DAVError)] = []
        for update in updates {
            do throws(DAVError) {
                try apply(update, &properties)
            } catch {
                failures.append((update.name, error))
            }
        }
        guard failures.isEmpty else {
            return .failure(PropertyChangeFailure(updates: updates, failures: failures))
        }
        return .success(properties)
    }

    /// The same for the storage, on what the properties are by then.
    func applied(_ properties: inout CollectionProperties) throws(CollectionStoreError) {
        guard case .success(let changed) = apply(to: properties) else {
            throw CollectionStoreError(.invalidProperty, "The properties have changed meanwhile; try again.")
        }
        properties = changed
    }

    private func apply(_ update: PropertyUpdate, _ properties: inout CollectionProperties) throws(DAVError) {
        let name = update.name
        let element: XMLElement?
        switch update {
        case .set(let value): element = value
        case .remove: element = nil
        }
        guard let live = PropertyRegistry.byName[name] else {
            guard !Self.reserved.contains(name) else { throw Self.protected(name) }
            return try keep(element, as: name, &properties)
        }
        guard let set = live.set, isCreation || !live.isFixed else { throw Self.protected(name) }
        // Members have no settings of their own: what can be set is kept as it is.
        guard live.kinds.contains(kind), ResourceKind.collections.contains(kind) else {
            return try keep(element, as: name, &properties)
        }
        try set(&properties, element)
    }

    /// A property that the server does not understand is kept as it is (RFC 4918, 4.1).
    private func keep(
        _ element: XMLElement?, as name: XMLName, _ properties: inout CollectionProperties
    ) throws(DAVError) {
        guard let element else {
            properties.deadProperties[name.description] = nil
            return
        }
        guard !name.namespace.unicodeScalars.contains(where: { $0.value <= 0x20 || $0 == "{" || $0 == "}" }) else {
            throw DAVError(.forbidden, "The namespace of \(name.local) is no URI.")
        }
        var writer = XMLWriter(prefixes: [])
        writer.element(element)
        properties.deadProperties[name.description] = String(decoding: writer.bytes, as: UTF8.self)
        let total = properties.deadProperties.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count }
        guard total <= Self.maximumDeadBytes else {
            throw DAVError(
                .insufficientStorage,
                "The properties would take more than \(Self.maximumDeadBytes) bytes.")
        }
    }

    private static func protected(_ name: XMLName) -> DAVError {
        DAVError(.forbidden, .cannotModifyProtectedProperty, "The property \(name.local) is set by the server.")
    }
}

/// Why no property was changed.
struct PropertyChangeFailure: Error {
    let updates: [PropertyUpdate]
    let failures: [(name: XMLName, error: DAVError)]

    /// Each failed property with its own status, the others with 424 (RFC 4918, 9.2.1).
    var propstats: [Propstat] {
        var failed: Set<XMLName> = []
        var result: [Propstat] = []
        for failure in failures where failed.insert(failure.name).inserted {
            result.append(
                Propstat(
                    status: failure.error.status, properties: [XMLElement(failure.name)],
                    error: failure.error.condition, description: failure.error.reason))
        }
        var others: [XMLName] = []
        for update in updates where !failed.contains(update.name) && !others.contains(update.name) {
            others.append(update.name)
        }
        result.append(Propstat(status: .failedDependency, properties: others.map { XMLElement($0) }))
        return result
    }
}
