package import DAVClient
import WebDAV

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
    init(_ member: DAVMember) {
        let properties = member.properties
        self.init(
            href: member.href, url: member.url, etag: properties.etag, contentType: properties.contentType,
            size: properties.contentLength, lastModified: properties.lastModified)
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

    /// - Parameter note: told of the members as they come.
    /// - Throws: unless the listing arrived whole.
    package init(
        _ collection: DAVURL, kind: DAVCollectionKind, client: DAVClient, noting note: DAVClient.MemberProgress? = nil
    ) async throws {
        try self.init(await client.members(of: collection, noting: note), kind: kind, client: client)
    }

    private init(_ answer: DAVMembers, kind: DAVCollectionKind, client: DAVClient) throws {
        members = []
        folders = []
        members.reserveCapacity(answer.members.count)
        // The collection itself is in the listing as well.
        var seen: Set<[UInt8]> = [answer.url.resourceKey]
        seen.reserveCapacity(answer.members.count)
        for member in answer.members {
            guard seen.insert(member.url.resourceKey).inserted else { continue }
            if member.properties.isCollection {
                folders.append(member.url)
                continue
            }
            if let status = member.status, !(200..<300).contains(status) {
                // 404: deleted while the server was listing. Anything else hides an object from us.
                if status == 404 || status == 410 { continue }
                throw DAVClientError(
                    .protocolViolation, "\(answer.url): the listing has status \(status) in place of \(member.href).")
            }
            guard member.url.hasSameOrigin(as: answer.url) || client.allows(member.url) else {
                throw DAVClientError(
                    .redirect, "\(answer.url) lists a member on another host, \(member.url.authority).",
                    advice: "If it belongs to the same provider, set trusted_hosts=\(member.url.host).")
            }
            members.append(Member(member))
        }
        var taken: Set<String> = []
        Self.giveNames(&members, ending: kind.fileExtension, taken: &taken)
    }

    /// Names depend on the hrefs only, not on their order, as long as no name is taken before.
    static func giveNames(_ members: inout [Member], ending: String, taken: inout Set<String>) {
        members.sortUnlessSorted { $0.href.precedesBytewise($1.href) }
        taken.reserveCapacity(taken.count + members.count)
        for index in members.indices {
            let segment = members[index].url.lastSegment
            var name = MemberName.name(forSegment: segment, ending: ending)
            if !taken.insert(name).inserted {
                name = MemberName.distinctName(forHref: members[index].href, segment: segment, ending: ending)
                taken.insert(name)
            }
            members[index].name = name
        }
        members.sortUnlessSorted { $0.name.precedesBytewise($1.name) }
    }
}

extension String {
    /// Whether its UTF-8 comes before that of another, byte by byte.
    func precedesBytewise(_ other: String) -> Bool {
        let order = utf8.withContiguousStorageIfAvailable { first in
            other.utf8.withContiguousStorageIfAvailable { first.lexicographicallyPrecedes($0) }
        }
        return (order ?? nil) ?? utf8.lexicographicallyPrecedes(other.utf8)
    }
}

extension Array {
    /// Most lists come in order, and looking is cheaper than moving.
    mutating func sortUnlessSorted(by precedes: (Element, Element) -> Bool) {
        if !zip(dropFirst(), self).contains(where: precedes) { return }
        sort(by: precedes)
    }
}
