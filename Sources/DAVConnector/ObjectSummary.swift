import ContentLines
package import DAVClient
import WebDAV

/// The few things a backup wants to know of an object. Found by reading its lines, without judging them: what is
/// malformed is backed up like everything else.
package struct ObjectSummary: Hashable, Sendable {
    package var uid: String?
    /// The newest LAST-MODIFIED, else DTSTAMP (RFC 5545), or REV (RFC 6350); seconds since 1970.
    package var modified: Int64?
    /// Whether it has an organiser and attendees, so that a scheduling server may send mail when it is stored.
    package var isScheduled = false
    /// What people call such an object: event, task, journal entry, contact.
    package var noun = "object"
    /// What the server keeps beside it.
    package var attachments: [ManagedAttachment] = []

    package init(_ bytes: [UInt8], kind: DAVCollectionKind) {
        guard let document = try? ContentDocument(bytes, groups: kind == .addressBook) else { return }
        /// Of each open component, whether its properties say nothing about the object as a whole.
        var isInner: [Bool] = []
        var lastModified: Int64?
        var stamp: Int64?
        var hasOrganizer = false
        var hasAttendee = false
        document.forEachLine { index, name, value in
            // The length and the first letter tell most lines from those that matter.
            switch name.count {
            case 5 where name.isWord("BEGIN"):
                if noun == "object", let known = Self.nouns.first(where: { value.isWord($0.name) }) {
                    noun = known.noun
                }
                isInner.append(Self.inner.contains { value.isWord($0) })
            case 3 where name.isWord("END"): _ = isInner.popLast()
            case _ where isInner.last != false: break
            case 3 where name.isWord("UID"): uid = uid ?? String(decoding: value, as: UTF8.self)
            case 3 where name.isWord("REV"), 13 where name.isWord("LAST-MODIFIED"):
                lastModified = Self.newer(lastModified, value)
            case 6 where name.isWord("ATTACH"):
                if let attachment = ManagedAttachment(document[index]) { attachments.append(attachment) }
            case 7 where name.isWord("DTSTAMP"): stamp = Self.newer(stamp, value)
            case 8 where name.isWord("ATTENDEE"): hasAttendee = true
            case 9 where name.isWord("ORGANIZER"): hasOrganizer = true
            default: break
            }
        }
        modified = lastModified ?? stamp
        isScheduled = hasOrganizer && hasAttendee
    }

    /// Components whose properties say nothing about the object as a whole.
    private static let inner: [StaticString] = ["VTIMEZONE", "STANDARD", "DAYLIGHT", "VALARM"]

    private static let nouns: [(name: StaticString, noun: String)] = [
        ("VEVENT", "event"), ("VTODO", "task"), ("VJOURNAL", "journal entry"), ("VCARD", "contact"),
        ("VFREEBUSY", "free-busy object"), ("VAVAILABILITY", "availability"),
    ]

    private static func newer(_ known: Int64?, _ value: UnsafeBufferPointer<UInt8>) -> Int64? {
        let compact = value.filter { $0 != UInt8(ascii: "-") && $0 != UInt8(ascii: ":") }
        guard let time = HTTPDate.parseUTC(compact[...]), plausible.contains(time) else { return known }
        return max(known ?? time, time)
    }

    /// 1980 to 2200; other times are mistakes of some program.
    private static let plausible: ClosedRange<Int64> = 315_532_800...7_258_118_400
}
