package import CollectionStore

/// How the service is set up.
package struct DAVOptions: Sendable {
    /// What every path begins with, as a reverse proxy passes it on: `/` or `/dav/`.
    package var routePrefix: String
    /// The principal that everybody is. nil when users log in: then the principal of user NAME is `/NAME/`, and a user
    /// reaches that tree only.
    package var singleUserPrincipal: CollectionPath?
    /// What happens when a user's principal does not exist yet.
    package var autocreate: Autocreate
    /// The largest member that is taken, in bytes (RFC 4791, 5.2.5; RFC 6352, 6.2.3).
    package var maxResourceSize: Int
    /// The most instances that one query expands in one object (RFC 4791, 5.2.8).
    package var maxInstances: Int
    /// The largest multistatus that is sent, in bytes. Only a piece of it is in memory.
    package var maxAnswerSize: Int
    /// The most hrefs of one multiget.
    package var maxMultigetHrefs: Int

    /// How many bytes can still be stored; nil when nobody knows.
    package var availableBytes: (@Sendable () -> Int?)?
    /// How many bytes the members of all collections of one person may have together; nil: no limit.
    package var quota: Int?
    /// The longest one request may take, in seconds.
    package var maxSeconds: Int
    /// The addresses of the one user, such as `mailto:ada@example.org`, when the principal has none of its own.
    package var addresses: [String]

    package enum Autocreate: Sendable {
        case never
        /// The principal's directory alone.
        case principal
        /// Homes, a calendar and an address book too.
        case defaults
    }

    package init(
        routePrefix: String = "/", singleUserPrincipal: CollectionPath? = nil, autocreate: Autocreate = .never,
        maxResourceSize: Int = 10 << 20, maxInstances: Int = 20_000, maxAnswerSize: Int = 4 << 30,
        maxMultigetHrefs: Int = 100_000, maxSeconds: Int = 120, addresses: [String] = [],
        quota: Int? = nil, availableBytes: (@Sendable () -> Int?)? = nil
    ) {
        self.routePrefix = routePrefix
        self.singleUserPrincipal = singleUserPrincipal
        self.autocreate = autocreate
        self.maxResourceSize = maxResourceSize
        self.maxInstances = maxInstances
        self.maxAnswerSize = maxAnswerSize
        self.maxMultigetHrefs = maxMultigetHrefs
        self.maxSeconds = maxSeconds
        self.addresses = addresses
        self.quota = quota
        self.availableBytes = availableBytes
    }
}
