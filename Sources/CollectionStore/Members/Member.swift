/// A file of a collection, without its content.
package struct Member: Hashable, Sendable {
    package let name: MemberName
    package let etag: ETag
    /// In bytes.
    package let size: Int
    /// Seconds since 1970. Of the file where there is a work tree, else of the last commit.
    package let lastModified: Int64

    package init(name: MemberName, etag: ETag, size: Int, lastModified: Int64) {
        self.name = name
        self.etag = etag
        self.size = size
        self.lastModified = lastModified
    }

    package var contentType: String { name.contentType }
}

/// What a member's content says about itself; a function of the content alone, so it is kept by blob id.
package struct MemberFacts: Hashable, Sendable {
    /// nil when the content has none or is not valid.
    package var uid: String?
    /// Component types of a calendar object without VTIMEZONE, upper case; `VCARD` for a card; empty for other files.
    package var components: [String] = []
    /// The summary or formatted name, for people.
    package var summary: String?
    /// When it takes place.
    package var times = MemberTimes.unknown

    package init() {}
}
