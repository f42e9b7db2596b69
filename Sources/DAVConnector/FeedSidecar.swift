import DAVClient

/// The file `.feed.json` beside the events of a subscription: what the next backup asks the feed with, and what the feed
/// says of itself.
struct FeedSidecar: Codable, Hashable, Sendable {
    static let fileName = ".feed.json"

    var format = "fasti-dav-feed"
    var version = 1
    /// Where the events come from, as the server of the account names it.
    var source: String
    var etag: String?
    var lastModified: String?
    /// Of the whole feed, for those that have neither.
    var digest: String
    /// Properties of the feed that its events do not have, such as `X-WR-CALNAME:Holidays`.
    var lines: [String]
}

extension FeedSidecar: Sidecar {}

/// Where a feed is to be fetched from.
enum FeedAddress {
    /// Calendar programs write `webcal:` for what is fetched as any page is, with TLS.
    ///
    /// - Throws: `DAVClientError.invalidConfiguration` for what is no address of a page, or has a password in it.
    static func url(_ text: String, base: DAVURL) throws(DAVClientError) -> DAVURL {
        let lower = text.lowercased()
        var address = text
        for scheme in ["webcals:", "webcal:"] where lower.hasPrefix(scheme) {
            address = "https:" + text.dropFirst(scheme.count)
        }
        if address.hasPrefix("/"), let url = base.resolving(address) { return url }
        guard let url = DAVURL(address) else {
            let hasUser = address.drop { $0 != "/" }.drop { $0 == "/" }.prefix { $0 != "/" }.contains("@")
            throw DAVClientError(
                .invalidConfiguration,
                hasUser
                    ? "the address of the feed has a user name in it, which is not sent."
                    : "the address of the feed, \"\(text.prefix(120))\", is none that can be fetched.")
        }
        return url
    }
}
