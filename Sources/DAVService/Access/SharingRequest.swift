import CollectionStore
import HTTPTypes
import WebDAV
import XMLStream

/// The body with which Apple's clients share a calendar: `CS:share` with people to let in and to let out.
struct SharingRequest {
    private enum Change {
        case set(String, AccessGrant.Level)
        case remove(String)
    }

    private let changes: [Change]

    init(parsing body: [UInt8]) throws(DAVError) {
        let root = try RequestBody.parse(body)
        guard root.name == .share else {
            throw DAVError(
                .badRequest, "A POST of XML shares a calendar; its body is \(XMLName.share), not \(root.name).")
        }
        var changes: [Change] = []
        for element in root.elements {
            guard let href = element.first(.href)?.trimmedText else { continue }
            switch element.name {
            case .shareSet: changes.append(.set(href, element.first(.readWriteAccess) == nil ? .read : .write))
            case .shareRemove: changes.append(.remove(href))
            default: continue
            }
        }
        self.changes = changes
    }

    /// Who is let in is named by the address of the principal, or by mail address.
    func apply(to path: CollectionPath, _ context: DAVContext) async throws -> DAVResponse {
        var steps: [(principal: CollectionPath, level: AccessGrant.Level?)] = []
        let directory = PrincipalDirectory(context)
        for change in changes {
            switch change {
            case .set(let href, let level):
                guard let principal = try await directory.principal(at: href) else {
                    throw DAVError(.forbidden, .recognizedPrincipal, "Nobody here has the address \(href).")
                }
                if principal != context.owner(of: path) { steps.append((principal, level)) }
            case .remove(let href):
                if let principal = try await directory.principal(at: href) { steps.append((principal, nil)) }
            }
        }
        let all = steps
        try await Sharing(context).change(path) { grants in
            for step in all {
                grants.removeAll { $0.grantee == .principal(step.principal) }
                if let level = step.level { grants.append(AccessGrant(.principal(step.principal), level)) }
            }
        }
        return DAVResponse(status: .ok)
    }
}
