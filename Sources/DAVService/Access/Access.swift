import CollectionStore
import Synchronization
import WebDAV

/// What somebody may do with a place; each includes the ones before it.
enum Access: Int, Comparable, Sendable {
    case none
    /// See when the owner is busy, and that there is a calendar.
    case freeBusy
    case read
    /// Change members and properties.
    case write
    /// Everything, also letting others in.
    case owner

    init(_ level: AccessGrant.Level) {
        switch level {
        case .freeBusy: self = .freeBusy
        case .read: self = .read
        case .write: self = .write
        }
    }

    static func < (a: Access, b: Access) -> Bool { a.rawValue < b.rawValue }
}

extension DAVContext {
    /// Whether the user owns what is at the path.
    func owns(_ path: CollectionPath) -> Bool {
        options.singleUserPrincipal != nil || path.isWithin(principal)
    }

    /// Owners do what they like; everybody who has logged in sees the root and who has an account, where discovery
    /// begins; for the rest the collections and those around them say who may come in.
    func access(to path: CollectionPath) async throws -> Access {
        if owns(path) { return .owner }
        if path.isRoot || isPrincipal(path) { return .read }
        if let known = knownAccess.withLock({ $0[path] }) { return known }
        var access = Access.none
        var current = path
        while !current.isRoot, !isPrincipal(current) {
            if case .collection(let view) = try await storage.node(at: current) {
                for grant in view.properties.grants where isFor(grant.grantee) {
                    access = max(access, Access(grant.level))
                }
            }
            guard let parent = current.parent else { break }
            current = parent
        }
        let result = access
        knownAccess.withLock { $0[path] = result }
        return result
    }

    private func isFor(_ grantee: AccessGrant.Grantee) -> Bool {
        switch grantee {
        case .authenticated: true
        case .principal(let path): path == principal
        }
    }

    /// The same, from what the request has found out already.
    func accessKnown(to path: CollectionPath) -> Access {
        if owns(path) { return .owner }
        if path.isRoot || isPrincipal(path) { return .read }
        return knownAccess.withLock { known in
            var current: CollectionPath? = path
            while let place = current {
                if let access = known[place] { return access }
                current = place.parent
            }
            return .none
        }
    }

    func mayRead(_ path: CollectionPath) async throws -> Bool { try await access(to: path) >= .read }

    /// Whether a listing shows it: what one may read, and what leads there.
    func isVisible(_ path: CollectionPath) async throws -> Bool {
        if principal.isWithin(path) { return true }
        if isPrincipal(path), !owns(path) { return false }
        return try await access(to: path) > .none
    }

    /// - Throws: 403 `need-privileges` (RFC 3744, 7.1.1).
    func require(_ privilege: Privilege, on path: CollectionPath) async throws {
        // To add or to remove something is a change of the collection around it.
        let place = privilege.isOfParent ? path.parent ?? path : path
        guard try await access(to: place) >= privilege.access else {
            throw privilege.missing(at: href(place, isCollection: true))
        }
    }
}
