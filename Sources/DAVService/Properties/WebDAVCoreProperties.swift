import CollectionStore
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
                case .directory(let view): .text(view.path.isRoot ? "/" : view.path.name)
                case .member(let member, _): .text(member.name.string)
                }
            }),
        LiveProperty(.resourcetype, inAllprop: true) { scope in
            .elements(resourceTypes(of: scope.resource.kind).map { XMLElement($0) })
        },
        LiveProperty(.getetag, inAllprop: true) { $0.resource.entityTag.map { .text($0.description) } },
        LiveProperty(.getcontentlength, on: .members, inAllprop: true) { scope in
            scope.resource.member.map { .text(String($0.size)) }
        },
        LiveProperty(.getcontenttype, on: .members, inAllprop: true) { scope in
            scope.resource.contentType.map(PropertyValue.text)
        },
        LiveProperty(.getlastmodified, inAllprop: true) { .text(HTTPDate.format($0.resource.lastModified)) },
        LiveProperty(.supportedlock, inAllprop: true) { _ in .empty },
        LiveProperty(.lockdiscovery, inAllprop: true) { _ in .empty },
        LiveProperty(.supportedReportSet) { scope in
            .elements(
                ReportRegistry.reports(for: scope.resource.kind).map { report in
                    XMLElement(.supportedReport, [XMLElement(.report, [XMLElement(report.name)])])
                })
        },
        LiveProperty(.currentUserPrincipal) { scope in
            .href(scope.context.href(scope.context.principal, isCollection: true))
        },
        LiveProperty(.resourceID) { scope in
            scope.resource.collection?.properties.resourceID.map { .href("urn:uuid:\($0)") }
        },
    ]

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
