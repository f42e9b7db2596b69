import CollectionStore
import HTTPTypes
import WebDAV
import XMLStream

/// PROPPATCH (RFC 4918, 9.2): all instructions, in the order of the document, or none.
struct ProppatchHandler: DAVHandler {
    func respond(_ context: DAVContext) async throws -> DAVResponse {
        let path = try context.collectionPath(context.target)
        try await context.require(.writeProperties, on: path)
        let resource = try await context.resource()
        let preconditions = try await Preconditions(context)
        try preconditions.check(resource)
        try preconditions.requireUnlocked(path, .content)
        let request = try ProppatchRequest(parsing: context.request.body)
        guard let holder = PropertyHolder(resource) else { return refuse(request, resource, context) }
        let change = PropertyChange(updates: request.updates, kind: resource.kind, isCreation: false)
        if case .failure(let failure) = change.apply(to: holder.properties) {
            return answer(failure.propstats, resource, context)
        }
        if let refusal = try await store(change, holder, context) {
            let failures = request.updates.map { (name: $0.name, error: refusal) }
            return answer(
                PropertyChangeFailure(updates: request.updates, failures: failures).propstats, resource, context)
        }
        if context.preferences.isMinimal {
            return DAVResponse(status: .noContent, headers: [.preferenceApplied: "return=minimal"])
        }
        var names: [XMLName] = []
        for update in request.updates where !names.contains(update.name) { names.append(update.name) }
        return answer([Propstat(status: .ok, properties: names.map { XMLElement($0) })], resource, context)
    }

    /// - Returns: why the storage does not take these values, if it does not.
    private func store(
        _ change: PropertyChange, _ holder: PropertyHolder, _ context: DAVContext
    ) async throws -> DAVError? {
        do {
            try await context.storage.updateProperties(at: holder.collection, by: context.author) {
                (properties) throws(CollectionStoreError) in
                var own = holder.own(in: properties)
                try change.applied(&own)
                holder.replace(own, in: &properties)
            }
            return nil
        } catch {
            guard error.code == .invalidProperty else { throw error }
            return DAVError(.forbidden, error.reason)
        }
    }

    /// Plain directories have no place for properties.
    private func refuse(_ request: ProppatchRequest, _ resource: Resource, _ context: DAVContext) -> DAVResponse {
        let failures = request.updates.map { update in
            let isProtected = PropertyRegistry.byName[update.name].map { $0.set == nil } ?? false
            let error =
                isProtected
                ? DAVError(.forbidden, .cannotModifyProtectedProperty, "This property is set by the server.")
                : DAVError(.forbidden, "Only collections and their members keep properties.")
            return (name: update.name, error: error)
        }
        return answer(
            PropertyChangeFailure(updates: request.updates, failures: failures).propstats, resource, context)
    }

    private func answer(_ propstats: [Propstat], _ resource: Resource, _ context: DAVContext) -> DAVResponse {
        var writer = MultistatusWriter()
        writer.response(context.href(resource), propstats: propstats)
        return .multistatus(writer.finish())
    }
}

/// Where the properties of a resource are kept: in its collection's metadata, those of a member under its name.
private struct PropertyHolder: Sendable {
    let collection: CollectionPath
    let properties: CollectionProperties
    private let member: MemberName?

    init?(_ resource: Resource) {
        switch resource.content {
        case .directory: return nil
        case .collection(let view):
            collection = view.path
            member = nil
            properties = view.properties
        case .member(let member, let view):
            collection = view.path
            self.member = member.name
            properties = Self.own(of: member.name, in: view.properties)
        }
    }

    func own(in properties: CollectionProperties) -> CollectionProperties {
        member.map { Self.own(of: $0, in: properties) } ?? properties
    }

    func replace(_ own: CollectionProperties, in properties: inout CollectionProperties) {
        guard let member else {
            properties = own
            return
        }
        properties.memberProperties[member] = own.deadProperties.isEmpty ? nil : own.deadProperties
    }

    /// Members have dead properties only.
    private static func own(of member: MemberName, in properties: CollectionProperties) -> CollectionProperties {
        var own = CollectionProperties()
        own.deadProperties = properties.memberProperties[member] ?? [:]
        return own
    }
}
