import CollectionStore
import HTTPTypes
import WebDAV
import XMLStream

/// ACL (RFC 3744, 8.1): lets others into a collection, or out again. Who is let in finds it in their home.
struct ACLHandler: DAVHandler {
    /// How many entries one resource may have.
    private static let maximumEntries = 500

    func respond(_ context: DAVContext) async throws -> DAVResponse {
        let path = try context.collectionPath(context.target)
        try await context.require(.writeAcl, on: path)
        let resource = try await context.resource()
        let preconditions = try await Preconditions(context)
        try preconditions.check(resource)
        try preconditions.requireUnlocked(path, .content)
        guard resource.collection != nil, ResourceKind.stores.contains(resource.kind) else {
            throw DAVError(.forbidden, "Others are let into calendars, address books and collections as a whole.")
        }
        let request = try ACLRequest(parsing: context.request.body)
        guard request.entries.count <= Self.maximumEntries else {
            throw DAVError(
                .forbidden, .limitedNumberOfAces,
                "An ACL has \(request.entries.count) entries; \(Self.maximumEntries) are the most.")
        }
        var grants: [AccessGrant] = []
        for entry in request.entries where !entry.isFixed {
            guard let grant = try await grant(entry, on: path, context) else { continue }
            grants.removeAll { $0.grantee == grant.grantee && $0.level <= grant.level }
            if !grants.contains(where: { $0.grantee == grant.grantee }) { grants.append(grant) }
        }
        try await Sharing(context).set(grants, on: path)
        return DAVResponse(status: .ok)
    }

    /// - Returns: nil for what the owner may do anyway.
    private func grant(
        _ entry: ACLRequest.Entry, on path: CollectionPath, _ context: DAVContext
    ) async throws -> AccessGrant? {
        guard !entry.isInverted else {
            throw DAVError(.forbidden, .noInvert, "Entries for everybody but somebody are not kept.")
        }
        guard entry.isGrant else {
            throw DAVError(.forbidden, .grantOnly, "Rights are granted; nobody has any who has not been granted them.")
        }
        guard let level = try level(entry.privileges) else { return nil }
        switch entry.principal {
        case .authenticated: return AccessGrant(.authenticated, level)
        case .property(.owner): return nil
        case .href(let href):
            guard let principal = try? context.path(href: href), context.isPrincipal(principal),
                try await context.resource(at: principal) != nil
            else {
                throw DAVError(.forbidden, .recognizedPrincipal, "Nobody has the address \(href).")
            }
            return principal == context.owner(of: path) ? nil : AccessGrant(.principal(principal), level)
        case .all, .unauthenticated, .selfPrincipal, .property:
            throw DAVError(
                .forbidden, .allowedPrincipal, "Rights are granted to people, and to all who have logged in.")
        }
    }

    /// The least of our three levels that includes all of these.
    private func level(_ privileges: [XMLName]) throws(DAVError) -> AccessGrant.Level? {
        var level: AccessGrant.Level?
        for privilege in privileges {
            let wanted: AccessGrant.Level
            switch privilege {
            case .readFreeBusy: wanted = .freeBusy
            case .read: wanted = .read
            case .write, .writeContent, .writeProperties, .bind, .unbind: wanted = .write
            case .readCurrentUserPrivilegeSet: continue
            case .all, .readAcl, .writeAcl, .unlock:
                throw DAVError(
                    .forbidden, .notSupportedPrivilege, "The privilege \(privilege.local) stays with the owner.")
            default:
                throw DAVError(.forbidden, .notSupportedPrivilege, "There is no privilege \(privilege).")
            }
            level = max(level ?? wanted, wanted)
        }
        return level
    }
}
