/// Who asked for a change; becomes `Remote-User:` and `Requester:` in the commit message.
package struct ChangeAuthor: Hashable, Sendable {
    package var user: String?
    package var userAgent: String?

    package init(user: String? = nil, userAgent: String? = nil) {
        self.user = user
        self.userAgent = userAgent
    }
}
