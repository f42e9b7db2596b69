import CollectionStore
import HTTPTypes
import WebDAV
import XMLStream

extension PropertyRegistry {
    /// What the Calendar and Contacts Server and Apple's clients brought, and all others took up.
    static let calendarServer: [LiveProperty] = [
        .storedText(
            .calendarColor, on: [.calendar, .subscription, .addressbook, .plainCollection], maximumLength: 64,
            field: { \.color },
            get: { scope in
                // Old metadata has colours without number sign, which clients cannot read.
                scope.resource.collection?.properties.color.map { color in
                    let isBare = [6, 8].contains(color.utf8.count) && color.allSatisfy(\.isHexDigit)
                    return .text(isBare ? "#" + color : color)
                }
            }),
        .storedText(.calendarOrder, on: [.calendar, .subscription], maximumLength: 32, field: { \.order }),
        .storedText(.refreshrate, on: .subscription, maximumLength: 64, field: { \.refreshRate }),
        LiveProperty(
            .source, on: .subscription,
            set: { (properties, element) throws(DAVError) in
                properties.source = element.map { $0.first(.href)?.trimmedText ?? $0.trimmedText }
            },
            get: { scope in scope.resource.collection?.properties.source.map(PropertyValue.href) }),
        LiveProperty(.emailAddressSet, on: .principal) { scope in
            let addresses = scope.context.addresses(of: scope.resource).filter { $0.hasPrefix("mailto:") }
            return .elements(
                addresses.map { XMLElement(.emailAddress, text: String($0.dropFirst(7))) })
        },
        LiveProperty(.calendarProxyReadFor, on: .principal) { scope in
            scope.context.principals(scope.resource.settings?.calendarProxyReadFor)
        },
        LiveProperty(.calendarProxyWriteFor, on: .principal) { scope in
            scope.context.principals(scope.resource.settings?.calendarProxyWriteFor)
        },
        LiveProperty(.allowedSharingModes, on: [.calendar, .addressbook]) { scope in
            scope.context.canShare(scope.resource) ? .elements([XMLElement(.canBeShared)]) : nil
        },
        LiveProperty(.invite, on: [.calendar, .addressbook]) { scope in
            guard scope.context.canShare(scope.resource), let view = scope.resource.collection else { return nil }
            return .elements(view.properties.grants.compactMap { invitation($0, scope.context) })
        },
    ]

    /// Somebody who has been let in, in the words of Apple's clients.
    private static func invitation(_ grant: AccessGrant, _ context: DAVContext) -> XMLElement? {
        guard case .principal(let path) = grant.grantee, grant.level >= .read else { return nil }
        return XMLElement(
            .sharingUser,
            [
                XMLElement(.href, text: context.href(path, isCollection: true)),
                XMLElement(.commonNameElement, text: path.name), XMLElement(.inviteAccepted),
                XMLElement(.access, [XMLElement(grant.level == .write ? .readWriteAccess : .readAccess)]),
            ])
    }
}

extension DAVContext {
    /// Where there is somebody to share with, owners can.
    func canShare(_ resource: Resource) -> Bool {
        options.singleUserPrincipal == nil && owns(resource.path)
    }

    /// Principals by their paths.
    func principals(_ paths: [String]?) -> PropertyValue {
        .hrefs((paths ?? []).compactMap { try? CollectionPath($0) }.map { href($0, isCollection: true) })
    }
}
