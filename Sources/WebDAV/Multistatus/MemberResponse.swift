package import XMLStream

/// What a 207 body says of one member of a collection: the few properties that listings and multigets ask for.
package struct MemberResponse: Sendable {
    /// As written: not decoded.
    package var href: String
    /// Of the member as a whole, when there are no properties: 404 for a missing one.
    package var status: Int?
    package var properties = Properties()
    /// Whether all that was asked for is said not to be there: some servers say so instead of a status of the member.
    package var lacksEverything = false

    /// Properties that came with a status of success.
    package struct Properties: Sendable {
        package var isCollection = false
        /// As the server wrote it, quotes included.
        package var etag: String?
        package var contentType: String?
        /// Bytes.
        package var contentLength: Int?
        /// Seconds since 1970.
        package var lastModified: Int64?
        /// `CALDAV:calendar-data` or `CARDDAV:address-data`, with the line ends that XML has left.
        package var data: [UInt8]?

        package init() {}
    }

    package init(href: String) { self.href = href }
}

/// A whole 207 body about the members of a collection.
package struct MemberMultistatus: Sendable {
    package var responses: [MemberResponse]
    /// RFC 6578, 6.2.
    package var syncToken: String?
    /// Whether the server says that it left something out (507, RFC 6578, 3.6).
    package var isTruncated: Bool
}

/// Reads a 207 body about the members of a collection as it comes. It says what ``MultistatusReader`` says, as strictly, of
/// less: no element is built on the way, for bodies that have ten thousand members or their data.
package final class MemberMultistatusReader {
    private let handler = MemberMultistatusHandler()
    private let parser: XMLParser

    package init(limits: XMLLimits = .response) throws(XMLError) {
        parser = try XMLParser(handler: handler, limits: limits)
    }

    /// - Throws: `XMLError`.
    package func feed(_ bytes: UnsafeBufferPointer<UInt8>) throws { try parser.feed(bytes) }

    /// The responses that have ended until now.
    package var responses: [MemberResponse] { handler.responses }

    /// Says that the body ends here.
    /// - Throws: `XMLError.truncated` when it cannot end here.
    package func finish() throws -> MemberMultistatus {
        try parser.finish()
        return MemberMultistatus(
            responses: handler.responses, syncToken: handler.syncToken, isTruncated: handler.isTruncated)
    }
}
