package import DAVClient
import WebDAV
import XMLStream

/// One object of a collection, as a listing names it.
package struct Member: Hashable, Sendable {
    package var href: String
    package var url: DAVURL
    /// As the server wrote it, quotes included.
    package var etag: String?
    package var contentType: String?
    /// Bytes, as the server says.
    package var size: Int?
    /// Seconds since 1970.
    package var lastModified: Int64?
    /// The name of its file, unique in the collection.
    package var name = ""

    /// The ETag, when equal ones mean equal bytes (RFC 9110, section 8.8.1).
    package var strongETag: String? {
        guard let etag, !etag.isEmpty, !etag.hasPrefix("W/") else { return nil }
        return etag
    }
}

extension Member {
    init(_ resource: DAVResource) {
        self.init(
            href: resource.href, url: resource.url, etag: resource.text(.getetag),
            contentType: resource.text(.getcontenttype), size: resource.text(.getcontentlength).flatMap(Int.init),
            lastModified: resource.text(.getlastmodified).flatMap(HTTPDate.parse))
    }

    /// A member that is known from the previous snapshot.
    init?(_ object: ObjectsSidecar.Object, in collection: DAVURL) {
        guard let url = collection.resolving(object.href) else { return nil }
        self.init(
            href: object.href, url: url, etag: object.etag, contentType: object.contentType, size: nil,
            lastModified: nil, name: object.name)
    }
}

/// A whole listing of a collection.
package struct MemberListing: Sendable {
    /// In the order of their names.
    package var members: [Member]
    /// Folders inside, which neither protocol allows and no backup follows.
    package var folders: [DAVURL]

    static let properties: [XMLName] = [
        .resourcetype, .getetag, .getcontenttype, .getcontentlength, .getlastmodified,
    ]

    /// - Throws: unless the listing arrived whole.
    package init(_ collection: DAVURL, kind: DAVCollectionKind, client: DAVClient) async throws {
        let answer = try await client.propfind(collection, depth: .one, .named(Self.properties))
        try self.init(answer, kind: kind, client: client)
    }

    private init(_ answer: DAVMultistatus, kind: DAVCollectionKind, client: DAVClient) throws {
        members = []
        folders = []
        members.reserveCapacity(answer.resources.count)
        // The collection itself is in the listing as well.
        var seen: Set<[UInt8]> = [answer.url.resourceKey]
        seen.reserveCapacity(answer.resources.count)
        for resource in answer.resources {
            guard seen.insert(resource.url.resourceKey).inserted else { continue }
            if resource.isCollection {
                folders.append(resource.url)
                continue
            }
            if let status = resource.status, !(200..<300).contains(status) {
                // 404: deleted while the server was listing. Anything else hides an object from us.
                if status == 404 || status == 410 { continue }
                throw DAVClientError(
                    .protocolViolation, "\(answer.url): the listing has status \(status) in place of \(resource.href).")
            }
            guard client.allows(resource.url) else {
                throw DAVClientError(
                    .redirect, "\(answer.url) lists a member on another host, \(resource.url.authority).",
                    advice: "If it belongs to the same provider, set trusted_hosts=\(resource.url.host).")
            }
            members.append(Member(resource))
        }
        var taken: Set<String> = []
        Self.giveNames(&members, ending: kind.fileExtension, taken: &taken)
    }

    /// Names depend on the hrefs only, not on their order, as long as no name is taken before.
    static func giveNames(_ members: inout [Member], ending: String, taken: inout Set<String>) {
        members.sort { $0.href.utf8.lexicographicallyPrecedes($1.href.utf8) }
        for index in members.indices {
            let segment = members[index].url.lastSegment
            var name = MemberName.name(forSegment: segment, ending: ending)
            if taken.contains(name) {
                name = MemberName.distinctName(forHref: members[index].href, segment: segment, ending: ending)
            }
            taken.insert(name)
            members[index].name = name
        }
        members.sort { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }
}
