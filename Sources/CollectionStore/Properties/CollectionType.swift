/// What a collection is for; the raw values are those of the metadata file.
package enum CollectionType: String, Hashable, Sendable, CaseIterable {
    case calendar
    case addressbook
    case principal
    case scheduleInbox = "schedule-inbox"
    case scheduleOutbox = "schedule-outbox"
    case subscription
    /// A plain WebDAV collection, such as a home.
    case other
}
