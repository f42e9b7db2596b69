import CollectionStore
import WebDAV

/// The people of this server.
struct PrincipalDirectory {
    private let context: DAVContext

    init(_ context: DAVContext) { self.context = context }

    /// All of them: the directories below the root, or the one user.
    func all() async throws -> [Resource] {
        guard context.options.singleUserPrincipal == nil else {
            return try await context.resource(at: context.principal).map { [$0] } ?? []
        }
        var result: [Resource] = []
        for name in try await context.storage.children(of: .root) {
            let path = try CollectionPath.root.appending(name)
            if let resource = try await context.resource(at: path), resource.kind == .principal {
                result.append(resource)
            }
        }
        return result
    }

    /// Who has an address: that of the principal itself, or one of those in the settings.
    func principal(at address: String) async throws -> CollectionPath? {
        if address.hasPrefix("/") || address.contains("://") {
            guard let path = try? context.path(href: address), context.isPrincipal(path) else { return nil }
            return try await context.resource(at: path).map(\.path)
        }
        let wanted = address.lowercased()
        return try await all().first { $0.addresses.contains { $0.lowercased() == wanted } }?.path
    }
}

extension Resource {
    /// Addresses of a principal for invitations: those in the settings; a name that is a mail address is one too.
    var addresses: [String] {
        let own = settings?.addresses ?? []
        guard own.isEmpty, kind == .principal, path.name.contains("@") else { return own }
        return ["mailto:" + path.name]
    }
}
