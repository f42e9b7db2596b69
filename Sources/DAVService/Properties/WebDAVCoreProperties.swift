import CollectionStore
import HTTPTypes
import WebDAV
import XMLStream

extension PropertyRegistry {
    /// RFC 4918, 15; RFC 3253, 3.1; RFC 5397; RFC 5842.
    static let webDAVCore: [LiveProperty] = [
        .storedText(
            .displayname, on: .all, inAllprop: true, field: { \.displayName },
            get: { scope in
                switch scope.resource.content {
                case .collection(let view): .text(view.displayName)
                case .directory(let view):
                    .text(view.settings.displayName ?? (view.path.isRoot ? "/" : view.path.name))
                case .member(let member, _):
                    scope.resource.deadProperty(.displayname).map(PropertyValue.element) ?? .text(member.name.string)
                }
            }),
        LiveProperty(.resourcetype, inAllprop: true, member: .constant) { scope in
            let types = resourceTypes(of: scope.resource.kind) + sharingTypes(of: scope.resource, scope.context)
            return .elements(types.map { XMLElement($0) })
        },
        LiveProperty(.getetag, inAllprop: true, member: .entityTag) {
            $0.resource.entityTag.map { .text($0.description) }
        },
        LiveProperty(.getcontentlength, on: .members, inAllprop: true, member: .contentLength) { scope in
            scope.resource.member.map { .text(String($0.size)) }
        },
        LiveProperty(.getcontenttype, on: .members, inAllprop: true, member: .constant) { scope in
            scope.resource.contentType.map(PropertyValue.text)
        },
        LiveProperty(.getlastmodified, inAllprop: true, member: .lastModified) {
            .text(HTTPDate.format($0.resource.lastModified))
        },
        LiveProperty(.supportedlock, on: .lockable, inAllprop: true, member: .constant) { _ in
            .elements(ActiveLock.supported)
        },
        LiveProperty(.lockdiscovery, inAllprop: true) { scope in
            .elements(scope.context.locks.covering(scope.resource.path).map(scope.context.element))
        },
        LiveProperty(.supportedReportSet, member: .constant) { scope in
            .elements(
                ReportRegistry.reports(for: scope.resource.kind).map { report in
                    XMLElement(.supportedReport, [XMLElement(.report, [XMLElement(report.name)])])
                })
        },
        LiveProperty(.currentUserPrincipal, member: .constant) { scope in
            .href(scope.context.href(scope.context.principal, isCollection: true))
        },
        LiveProperty(.addMember, on: .stores) { .href($0.context.href($0.resource)) },
        LiveProperty(.supportedMethodSet, member: .constant) { scope in
            .elements(
                HandlerTable.methods(scope.resource.kind).map { method in
                    XMLElement(
                        .supportedMethod, attributes: [XMLAttribute(XMLName("", "name"), method.rawValue)])
                })
        },
        LiveProperty(.resourceID, member: .constant) { scope in
            scope.resource.collection?.properties.resourceID.map { .href("urn:uuid:\($0)") }
        },
    ]

    /// Whether a calendar is shared, in the words of Apple's clients.
    private static func sharingTypes(of resource: Resource, _ context: DAVContext) -> [XMLName] {
        guard let view = resource.collection, context.options.singleUserPrincipal == nil else { return [] }
        if !context.owns(resource.path) { return [.sharedToUser] }
        return view.properties.grants.isEmpty ? [] : [.sharedByOwner]
    }

    /// The elements of `DAV:resourcetype`.
    private static func resourceTypes(of kind: ResourceKind) -> [XMLName] {
        switch kind {
        case .calendar: [.collection, .calendar]
        case .addressbook: [.collection, .addressbook]
        case .subscription: [.collection, .subscribed]
        case .principal: [.collection, .principal]
        case .scheduleInbox: [.collection, .scheduleInbox]
        case .scheduleOutbox: [.collection, .scheduleOutbox]
        case .root, .directory, .plainCollection: [.collection]
        default: []
        }
    }
}
