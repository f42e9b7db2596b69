import CollectionStore
import WebDAV
import XMLStream

extension PropertyRegistry {
    /// RFC 6578, 4; the change tag of calendarserver.org, which older clients use.
    /// Those of plain collections look at what is below; see ``CollectionTree``.
    static let synchronisation: [LiveProperty] = [
        LiveProperty(.syncToken, on: simpleStores) { scope in
            scope.resource.collection.map { .text(SyncTokenURI.write($0.syncToken)) }
        },
        LiveProperty(.getctag, on: simpleStores, get: changeTag),
        // Some clients look for it in the namespace of WebDAV.
        LiveProperty(XMLName(dav: "getctag"), on: simpleStores, get: changeTag),
    ]

    private static let simpleStores = ResourceKind.stores.subtracting(.plainCollection)
}

/// The state of the collection as an opaque text.
private let changeTag: LiveProperty.Getter = { scope in
    scope.resource.collection.map { .text($0.syncToken.description) }
}

/// Sync tokens as clients see them. RFC 6578, 6.2 wants URIs, so the storage's token stands in a `data:` URI; the bare
/// token, which Xandikos handed out, is read too, so that its clients go on without a full synchronisation.
enum SyncTokenURI {
    private static let prefix = "data:,"

    static func write(_ token: SyncToken) -> String { prefix + token.description }

    static func read(_ text: String) -> SyncToken {
        SyncToken(text.hasPrefix(prefix) ? String(text.dropFirst(prefix.count)) : text)
    }
}
