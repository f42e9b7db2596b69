import GitObjects

/// What the index knows of a member: everything that requests ask of many members at once.
struct MemberRecord: Hashable, Sendable {
    var name: MemberName
    var id: ObjectID
    /// In bytes.
    var size: UInt32
    var mode: TreeEntry.Mode
    /// Seconds since 1970.
    var modified: Int64
    /// nil when the content has none or is not valid.
    var uid: String?
    /// As in `MemberFacts`.
    var components: [String]
    var times: MemberTimes

    var member: Member {
        Member(name: name, etag: ETag(id), size: Int(size), lastModified: modified)
    }

    init(
        name: MemberName, id: ObjectID, size: UInt32, mode: TreeEntry.Mode, modified: Int64, uid: String?,
        components: [String], times: MemberTimes
    ) {
        self.name = name
        self.id = id
        self.size = size
        self.mode = mode
        self.modified = modified
        self.uid = uid
        self.components = Self.shared(components)
        self.times = times
    }

    init(name: MemberName, id: ObjectID, size: Int, mode: TreeEntry.Mode, modified: Int64, facts: MemberFacts) {
        self.init(
            name: name, id: id, size: UInt32(clamping: size), mode: mode, modified: modified, uid: facts.uid,
            components: facts.components, times: facts.times)
    }

    private static let event = ["VEVENT"]
    private static let task = ["VTODO"]
    private static let card = ["VCARD"]

    /// Nearly all members have the same few lists: kept once.
    private static func shared(_ components: [String]) -> [String] {
        guard components.count == 1 else { return components }
        return switch components[0] {
        case "VEVENT": event
        case "VTODO": task
        case "VCARD": card
        default: components
        }
    }
}
