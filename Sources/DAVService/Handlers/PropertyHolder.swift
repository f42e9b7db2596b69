import CollectionStore
import Synchronization
import WebDAV

/// Where the properties of a resource are kept: in the metadata of its collection, those of a member under its name; in the
/// settings of a person.
enum PropertyHolder: Sendable {
    case collection(CollectionPath, CollectionProperties)
    case member(MemberName, in: CollectionPath, CollectionProperties)
    case principal(CollectionPath, PrincipalSettings)

    /// The most that the properties of all members of a collection may take together, in bytes.
    private static let maximumMemberBytes = 4 << 20

    /// nil for plain directories, which have no place for properties.
    init?(_ resource: Resource) {
        switch resource.content {
        case .directory(let view):
            guard resource.kind == .principal else { return nil }
            self = .principal(view.path, view.settings)
        case .collection(let view): self = .collection(view.path, view.properties)
        case .member(let member, let view): self = .member(member.name, in: view.path, view.properties)
        }
    }

    var properties: CollectionProperties {
        switch self {
        case .collection(_, let properties): properties
        case .member(let name, _, let properties): Self.own(of: name, in: properties)
        case .principal(_, let settings): Self.own(of: settings)
        }
    }

    /// Changes them where they are kept, from what they are by then.
    func store(_ change: PropertyChange, _ context: DAVContext) async throws(CollectionStoreError) {
        switch self {
        case .collection(let path, _):
            try await context.storage.updateProperties(at: path, by: context.author) {
                (properties) throws(CollectionStoreError) in try change.applied(&properties)
            }
        case .member(let name, let path, _):
            try await context.storage.updateProperties(at: path, by: context.author) {
                (properties) throws(CollectionStoreError) in
                var own = Self.own(of: name, in: properties)
                try change.applied(&own)
                properties.memberProperties[name] = own.deadProperties.isEmpty ? nil : own.deadProperties
                try Self.checkSize(properties)
            }
        case .principal(let path, _):
            let failure = Mutex<CollectionStoreError?>(nil)
            try await context.storage.updatePrincipal(at: path) { settings in
                var own = Self.own(of: settings)
                do throws(CollectionStoreError) {
                    try change.applied(&own)
                    settings.displayName = own.displayName
                    settings.deadProperties = own.deadProperties
                } catch {
                    failure.withLock { $0 = error }
                }
            }
            if let error = failure.withLock({ $0 }) { throw error }
        }
    }

    /// Members have dead properties only.
    private static func own(of member: MemberName, in properties: CollectionProperties) -> CollectionProperties {
        var own = CollectionProperties()
        own.deadProperties = properties.memberProperties[member] ?? [:]
        return own
    }

    /// People have a name beside.
    private static func own(of settings: PrincipalSettings) -> CollectionProperties {
        var own = CollectionProperties()
        own.displayName = settings.displayName
        own.deadProperties = settings.deadProperties
        return own
    }

    /// All of them stand in one file, which is read as a whole.
    private static func checkSize(_ properties: CollectionProperties) throws(CollectionStoreError) {
        var total = 0
        for values in properties.memberProperties.values {
            for (name, xml) in values { total += name.utf8.count + xml.utf8.count }
        }
        guard total <= maximumMemberBytes else {
            throw CollectionStoreError(
                .invalidProperty,
                "The properties of all members of this collection would take more than \(maximumMemberBytes) bytes.")
        }
    }
}
