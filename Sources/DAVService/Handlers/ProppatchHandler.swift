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
            try await holder.store(change, context)
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
                : DAVError(.forbidden, "Only people, collections and their members keep properties.")
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
