import CollectionStore
import WebDAV
import XMLStream

extension PropertyRegistry {
    /// RFC 6352, 6.2 and 7.1.
    static let carddav: [LiveProperty] = [
        LiveProperty(.addressbookHomeSet, on: .principal) { scope in
            scope.context.homes(scope.resource.settings?.addressbookHomes, of: scope.resource.path)
        },
        .storedText(.addressbookDescription, on: .addressbook, maximumLength: 65_536, field: { \.description }),
        LiveProperty(.supportedAddressData, on: .addressbook) { _ in
            .elements(
                ["3.0", "4.0"].map { version in
                    XMLElement(
                        .addressDataType,
                        attributes: [
                            XMLAttribute(XMLName("", "content-type"), "text/vcard"),
                            XMLAttribute(XMLName("", "version"), version),
                        ])
                })
        },
        LiveProperty(.carddavSupportedCollationSet, on: .addressbook) { _ in
            .elements(Collation.allCases.map { XMLElement(.carddavSupportedCollation, text: $0.rawValue) })
        },
        LiveProperty(.carddavMaxResourceSize, on: .addressbook) { scope in
            .text(String(scope.context.options.maxResourceSize))
        },
        // Encoded in base64 and folded it takes less than half as much again, and the card has other lines.
        LiveProperty(.maxImageSize, on: .addressbook) { scope in
            .text(String(scope.context.options.maxResourceSize / 2))
        },
    ]
}
