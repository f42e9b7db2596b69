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
            let addresses = (scope.resource.settings?.addresses ?? []).filter { $0.hasPrefix("mailto:") }
            return .elements(
                addresses.map { XMLElement(.emailAddress, text: String($0.dropFirst(7))) })
        },
    ]
}
