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
        var depth: [String] = []
        var lastModified: Int64?
        var stamp: Int64?
        var hasOrganizer = false
        var hasAttendee = false
        for line in document {
            if line.isNamed("BEGIN") {
                depth.append(ASCII.uppercasedString(line.value))
                if noun == "object", let known = depth.last.flatMap({ Self.nouns[$0] }) { noun = known }
            } else if line.isNamed("END") {
                _ = depth.popLast()
            } else if let component = depth.last, !Self.inner.contains(component) {
                if line.isNamed("UID") {
                    uid = uid ?? line.rawText
                } else if line.isNamed("LAST-MODIFIED") || line.isNamed("REV") {
                    lastModified = Self.newer(lastModified, line)
                } else if line.isNamed("DTSTAMP") {
                    stamp = Self.newer(stamp, line)
                } else if line.isNamed("ORGANIZER") {
                    hasOrganizer = true
                } else if line.isNamed("ATTENDEE") {
                    hasAttendee = true
                } else if let attachment = ManagedAttachment(line) {
                    attachments.append(attachment)
                }
            }
        }
        modified = lastModified ?? stamp
        isScheduled = hasOrganizer && hasAttendee
    }

    /// Components whose properties say nothing about the object as a whole.
    private static let inner: Set<String> = ["VTIMEZONE", "STANDARD", "DAYLIGHT", "VALARM"]

    private static let nouns = [
        "VEVENT": "event", "VTODO": "task", "VJOURNAL": "journal entry", "VCARD": "contact",
        "VFREEBUSY": "free-busy object", "VAVAILABILITY": "availability",
    ]

    private static func newer(_ known: Int64?, _ line: ContentLine) -> Int64? {
        let compact = line.rawText.filter { $0 != "-" && $0 != ":" }
        guard let time = HTTPDate.parseUTC(compact), plausible.contains(time) else { return known }
        return max(known ?? time, time)
    }

    /// 1980 to 2200; other times are mistakes of some program.
    private static let plausible: ClosedRange<Int64> = 315_532_800...7_258_118_400
}
