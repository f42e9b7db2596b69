package import DAVClient
import FoundationEssentials
import WebDAV
package import XMLStream

/// The file `.collection.json`: what a collection is beside its members.
package struct CollectionSidecar: Codable, Hashable, Sendable {
    package static let fileName = ".collection.json"
    static let currentVersion = 1

    package struct Property: Codable, Hashable, Sendable {
        package var namespace: String
        package var name: String
        /// The whole element, see ``PropertyText``.
        package var xml: String
    }

    package var format = "fasti-dav-collection"
    package var version = currentVersion
    package var kind: DAVCollectionKind
    /// As the server wrote it.
    package var href: String
    package var displayName: String?
    package var ctag: String?
    /// Of the state that the objects beside this file had, or of an earlier one: what changed since then is what the
    /// next backup asks for.
    package var syncToken: String?
    /// The day on which the whole collection was last listed; seconds since 1970.
    package var listed: Int64?
    /// The day on which all objects were last read, whatever their ETags; seconds since 1970.
    package var read: Int64?
    /// Whether objects of the collection are missing beside this file, so that the next backup must not ask for
    /// changes only.
    package var lacksObjects: Bool?
    /// Sorted by namespace and name.
    package var properties: [Property]

    package init(_ collection: DAVCollection) {
        kind = collection.kind
        href = collection.href
        displayName = collection.displayName
        ctag = collection.text(.getctag)
        syncToken = collection.text(.syncToken)
        properties = collection.properties.map {
            Property(namespace: $0.name.namespace, name: $0.name.local, xml: PropertyText.text($0))
        }
    }

    /// A collection that no sidecar describes, as in snapshots of other programs.
    package init(kind: DAVCollectionKind, segment: String, displayName: String?) {
        self.kind = kind
        href = segment + "/"
        self.displayName = displayName
        properties = []
    }

    package var segment: String {
        String(href.split(separator: "/", omittingEmptySubsequences: true).last ?? "")
    }

    /// The properties as elements; one that cannot be read is left out.
    package var elements: [XMLElement] { properties.compactMap { try? PropertyText.element($0.xml) } }
}

extension DAVCollectionKind: Codable {}

/// The file `.objects.json`: what is known of each member beside its bytes.
package struct ObjectsSidecar: Codable, Hashable, Sendable {
    package static let fileName = ".objects.json"

    package struct Object: Codable, Hashable, Sendable {
        /// Of the file beside this one.
        package var name: String
        /// As the server wrote it.
        package var href: String
        package var etag: String?
        /// Of the bytes, where no ETag tells one state from another.
        package var digest: String?
        package var contentType: String?
        package var uid: String?
        /// Bytes.
        package var size: Int
        /// Seconds since 1970, as recorded for the file.
        package var modified: Int64
        /// What the server keeps beside the object, and the backup in `/attachments`; nil for nothing.
        package var attachments: [ManagedAttachment]?
    }

    package var format = "fasti-dav-objects"
    package var version = CollectionSidecar.currentVersion
    /// Sorted bytewise by name.
    package var objects: [Object]

    package init(_ objects: [Object]) {
        self.objects = objects
        self.objects.sortUnlessSorted { $0.name.precedesBytewise($1.name) }
    }
}

/// The largest side file that is read: 300 bytes for each of a million objects.
let sidecarLimit = 300 << 20

/// JSON in one way only: keys sorted, so that equal values are equal bytes.
enum SidecarCoding {
    static func encode(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
        return Array(try encoder.encode(value)) + [UInt8(ascii: "\n")]
    }

    /// - Returns: nil for bytes that are no such file, or one of a later version.
    static func decode<Value: Sidecar>(_ type: Value.Type, _ bytes: [UInt8]) -> Value? {
        guard let value = try? JSONDecoder().decode(type, from: Data(bytes)),
            value.version <= CollectionSidecar.currentVersion
        else { return nil }
        return value
    }
}

/// A side file, which says what it is.
protocol Sidecar: Decodable {
    var format: String { get }
    var version: Int { get }
}

extension CollectionSidecar: Sidecar {}
extension ObjectsSidecar: Sidecar {}
extension AttachmentsSidecar: Sidecar {}

extension CollectionSidecar {
    /// The side file of a collection in a snapshot; nil for anything else.
    package init?(decoding bytes: [UInt8]) {
        guard let sidecar = SidecarCoding.decode(CollectionSidecar.self, bytes) else { return nil }
        self = sidecar
    }

    /// The colour as written by Apple's programs and all who follow them: `#FF8800`, perhaps with opacity.
    package var color: String? {
        text(.calendarColor) ?? text(XMLName("http://inf-it.com/ns/ab/", "addressbook-color"))
    }

    private func text(_ name: XMLName) -> String? {
        elements.first { $0.name == name }.map(\.trimmedText).flatMap { $0.isEmpty ? nil : $0 }
    }

    /// What people would notice between two states of a collection, as predicates to its name.
    package func changes(to new: CollectionSidecar) -> [String] {
        var found: [String] = []
        if displayName != new.displayName {
            found.append(new.displayName.map { "is called \"\($0)\" now" } ?? "has no name any more")
        }
        let (before, after) = (elements, new.elements)
        for name in Set((before + after).map(\.name)).sorted(by: { $0.local < $1.local })
        where name != .displayname && CollectionProperties.isSettable(name, on: kind) {
            let (a, b) = (before.first { $0.name == name }, after.first { $0.name == name })
            let title = PropertyComparison.title(name)
            switch (a, b) {
            case (let a?, let b?) where !PropertyComparison.isSame(a, b):
                let isShort = [a, b].allSatisfy { $0.elements.isEmpty && $0.text.utf8.count < 60 }
                found.append(
                    isShort
                        ? "has the \(title) \"\(b.trimmedText)\" instead of \"\(a.trimmedText)\""
                        : "has another \(title)")
            case (nil, let b?): found.append("has the \(title) \"\(b.trimmedText.prefix(60))\" now")
            case (_?, nil): found.append("has no \(title) any more")
            default: break
            }
        }
        return found
    }
}
