import CollectionStore
import WebDAV
import XMLStream

extension PropertyRegistry {
    /// RFC 3744, 4 and 5.
    static let accessControl: [LiveProperty] = [
        LiveProperty(.owner, member: .constant) { scope in
            scope.context.owner(of: scope.resource.path).map { .href(scope.context.href($0, isCollection: true)) }
        },
        LiveProperty(.currentUserPrivilegeSet, member: .constant) { scope in
            .elements(privileges(of: scope.context.accessKnown(to: scope.resource.path)).map(privilege))
        },
        LiveProperty(.supportedPrivilegeSet, member: .constant) { _ in .elements([supportedPrivileges]) },
        LiveProperty(.acl, member: .constant) { scope in
            guard scope.context.owns(scope.resource.path) else { return nil }
            return .elements(entries(of: scope.resource, scope.context))
        },
        LiveProperty(.aclRestrictions, member: .constant) { _ in
            .elements([XMLElement(.grantOnly), XMLElement(.noInvert)])
        },
        LiveProperty(.inheritedAclSet, member: .constant) { _ in .empty },
        LiveProperty(.principalCollectionSet, member: .constant) { scope in
            .href(scope.context.href(scope.context.principal.parent ?? .root, isCollection: true))
        },
        LiveProperty(.principalURL, on: .principal) { scope in
            .href(scope.context.href(scope.resource.path, isCollection: true))
        },
        LiveProperty(.alternateURISet, on: .principal) { .hrefs($0.resource.addresses) },
        LiveProperty(.groupMemberSet, on: .principal) { _ in .empty },
        LiveProperty(.groupMembership, on: .principal) { _ in .empty },
    ]

    /// What each level of access comes to.
    private static func privileges(of access: Access) -> [XMLName] {
        switch access {
        case .none: []
        case .freeBusy: [.readFreeBusy, .readCurrentUserPrivilegeSet]
        case .read: [.read, .readFreeBusy, .readCurrentUserPrivilegeSet]
        case .write:
            [
                .read, .readFreeBusy, .readCurrentUserPrivilegeSet, .write, .writeProperties, .writeContent, .bind,
                .unbind,
            ]
        case .owner:
            [
                .all, .read, .readFreeBusy, .readAcl, .readCurrentUserPrivilegeSet, .write, .writeProperties,
                .writeContent, .bind, .unbind, .writeAcl, .unlock,
            ]
        }
    }

    /// The owner first, whom nobody can take anything; then those who have been let in.
    private static func entries(of resource: Resource, _ context: DAVContext) -> [XMLElement] {
        guard let owner = context.owner(of: resource.path) else { return [] }
        let ofOwner = XMLElement(
            .ace, [principal(owner, context), XMLElement(.grant, [privilege(.all)]), XMLElement(.protected)])
        let grants = resource.collection?.properties.grants ?? []
        return [ofOwner]
            + grants.map { grant in
                let names: [XMLName] =
                    switch grant.level {
                    case .freeBusy: [.readFreeBusy]
                    case .read: [.read]
                    case .write: [.read, .write]
                    }
                let grantee: XMLElement =
                    switch grant.grantee {
                    case .principal(let path): principal(path, context)
                    case .authenticated: XMLElement(.principal, [XMLElement(.authenticated)])
                    }
                return XMLElement(.ace, [grantee, XMLElement(.grant, names.map(privilege))])
            }
    }

    private static func principal(_ path: CollectionPath, _ context: DAVContext) -> XMLElement {
        XMLElement(.principal, [XMLElement(.href, text: context.href(path, isCollection: true))])
    }

    private static func privilege(_ name: XMLName) -> XMLElement {
        XMLElement(.privilege, [XMLElement(name)])
    }

    /// The tree of RFC 3744, 5.3: what contains what.
    private static let supportedPrivileges = supported(
        .all, "Everything",
        [
            supported(.read, "Read", [supported(.readFreeBusy, "See when someone is busy")]),
            supported(
                .write, "Write",
                [
                    supported(.writeProperties, "Change properties"), supported(.writeContent, "Change content"),
                    supported(.bind, "Add members"), supported(.unbind, "Remove members"),
                ]),
            supported(.readAcl, "Read who may do what"), supported(.writeAcl, "Say who may do what"),
            supported(.readCurrentUserPrivilegeSet, "Read what oneself may do"),
            supported(.unlock, "Break locks of others"),
        ])

    private static func supported(_ name: XMLName, _ description: String, _ parts: [XMLElement] = []) -> XMLElement {
        var text = XMLElement(.description, text: description)
        text.attributes = [XMLAttribute(.xmlLang, "en")]
        return XMLElement(.supportedPrivilege, [privilege(name), text] + parts)
    }
}

extension DAVContext {
    /// The principal that owns what is at a path; nil for what belongs to nobody.
    func owner(of path: CollectionPath) -> CollectionPath? {
        if let single = options.singleUserPrincipal { return single }
        guard let name = path.segments.first else { return nil }
        return try? CollectionPath(segments: [name])
    }
}
