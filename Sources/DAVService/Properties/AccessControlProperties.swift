import CollectionStore
import WebDAV
import XMLStream

extension PropertyRegistry {
    /// RFC 3744, 4 and 5. Nobody can edit grants yet: the owner has all privileges, others have none.
    static let accessControl: [LiveProperty] = [
        LiveProperty(.owner) { scope in
            scope.context.owner(of: scope.resource.path).map { .href(scope.context.href($0, isCollection: true)) }
        },
        LiveProperty(.currentUserPrivilegeSet) { scope in
            let names = scope.context.owns(scope.resource.path) ? ownerPrivileges : visitorPrivileges
            return .elements(names.map(privilege))
        },
        LiveProperty(.supportedPrivilegeSet) { _ in .elements([supportedPrivileges]) },
        LiveProperty(.acl) { scope in
            guard let owner = scope.context.owner(of: scope.resource.path) else { return .empty }
            let entry = XMLElement(
                .ace,
                [
                    XMLElement(
                        .principal, [XMLElement(.href, text: scope.context.href(owner, isCollection: true))]),
                    XMLElement(.grant, [privilege(.all)]), XMLElement(.protected),
                ])
            return .elements([entry])
        },
        LiveProperty(.inheritedAclSet) { _ in .empty },
        LiveProperty(.principalCollectionSet) { scope in
            .href(scope.context.href(scope.context.principal.parent ?? .root, isCollection: true))
        },
        LiveProperty(.principalURL, on: .principal) { scope in
            .href(scope.context.href(scope.resource.path, isCollection: true))
        },
        LiveProperty(.alternateURISet, on: .principal) { scope in
            .hrefs(scope.resource.settings?.addresses ?? [])
        },
        LiveProperty(.groupMemberSet, on: .principal) { _ in .empty },
        LiveProperty(.groupMembership, on: .principal) { _ in .empty },
    ]

    private static let ownerPrivileges: [XMLName] = [
        .all, .read, .readAcl, .readCurrentUserPrivilegeSet, .write, .writeProperties, .writeContent, .bind, .unbind,
        .readFreeBusy,
    ]
    private static let visitorPrivileges: [XMLName] = [.read, .readCurrentUserPrivilegeSet]

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
            supported(.readAcl, "Read who may do what"),
            supported(.readCurrentUserPrivilegeSet, "Read what oneself may do"),
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
