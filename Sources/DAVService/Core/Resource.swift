import CollectionStore
import WebDAV

/// What a request's path names, with what is needed to answer about it. One immutable state.
struct Resource: Sendable {
    enum Content: Sendable {
        case directory(DirectoryView)
        case collection(any CollectionView)
        case member(Member, in: any CollectionView)
    }

    let path: CollectionPath
    let content: Content
    let kind: ResourceKind

    var isCollection: Bool {
        if case .member = content { false } else { true }
    }

    /// The collection itself; nil for directories and members.
    var collection: (any CollectionView)? {
        if case .collection(let view) = content { view } else { nil }
    }

    var member: Member? {
        if case .member(let member, _) = content { member } else { nil }
    }

    /// The settings of the person, if this is a principal.
    var settings: PrincipalSettings? {
        guard kind == .principal else { return nil }
        if case .directory(let view) = content { return view.settings }
        return PrincipalSettings()
    }

    var entityTag: EntityTag? {
        switch content {
        case .directory: nil
        case .collection(let view): EntityTag(view.syncToken.description)
        case .member(let member, _): EntityTag(member.etag.hex)
        }
    }

    /// Seconds since 1970.
    var lastModified: Int64 {
        switch content {
        case .directory(let view): view.lastModified
        case .collection(let view): view.lastModified
        case .member(let member, _): member.lastModified
        }
    }

    /// The media type of a member: in a calendar everything is a calendar object, whatever its name.
    var contentType: String? {
        member?.contentType(as: kind)
    }
}

extension Member {
    func contentType(as kind: ResourceKind) -> String {
        switch kind {
        case .calendarObject: "text/calendar; charset=utf-8"
        case .card: "text/vcard; charset=utf-8"
        default: contentType
        }
    }
}

/// The kinds of resources that differ in properties and reports.
struct ResourceKind: OptionSet, Sendable {
    let rawValue: Int

    static let root = ResourceKind(rawValue: 1 << 0)
    static let principal = ResourceKind(rawValue: 1 << 1)
    /// A collection without a purpose of its own, such as a home.
    static let plainCollection = ResourceKind(rawValue: 1 << 2)
    static let calendar = ResourceKind(rawValue: 1 << 3)
    static let addressbook = ResourceKind(rawValue: 1 << 4)
    static let subscription = ResourceKind(rawValue: 1 << 5)
    static let scheduleInbox = ResourceKind(rawValue: 1 << 6)
    static let scheduleOutbox = ResourceKind(rawValue: 1 << 7)
    static let calendarObject = ResourceKind(rawValue: 1 << 8)
    static let card = ResourceKind(rawValue: 1 << 9)
    static let file = ResourceKind(rawValue: 1 << 10)
    /// A directory that is no repository: it holds collections and has no members, tags or properties.
    static let directory = ResourceKind(rawValue: 1 << 11)

    static let all: ResourceKind = [.collections, .members]
    static let members: ResourceKind = [.calendarObject, .card, .file]
    static let collections: ResourceKind = [
        .root, .principal, .directory, .plainCollection, .calendar, .addressbook, .subscription, .scheduleInbox,
        .scheduleOutbox,
    ]
    /// Collections that are stores of their own: they have members, tags, and properties that can be set.
    static let stores: ResourceKind = [
        .plainCollection, .calendar, .addressbook, .subscription, .scheduleInbox, .scheduleOutbox,
    ]
    /// What LOCK takes: everything but directories.
    static let lockable: ResourceKind = [.stores, .members]
    /// Collections that hold calendar objects and answer the reports of CalDAV.
    static let calendars: ResourceKind = [.calendar, .scheduleInbox]

    init(rawValue: Int) { self.rawValue = rawValue }

    init(_ type: CollectionType) {
        self =
            switch type {
            case .calendar: .calendar
            case .addressbook: .addressbook
            case .principal: .principal
            case .scheduleInbox: .scheduleInbox
            case .scheduleOutbox: .scheduleOutbox
            case .subscription: .subscription
            case .other: .plainCollection
            }
    }

    /// Of a member of such a collection.
    init(of member: Member, in type: CollectionType) {
        switch type {
        case .calendar, .scheduleInbox, .scheduleOutbox: self = .calendarObject
        case .addressbook: self = .card
        default:
            switch member.name.fileExtension {
            case "ics": self = .calendarObject
            case "vcf": self = .card
            default: self = .file
            }
        }
    }
}
