/// The two kinds of objects whose meaning is known here.
package enum ObjectKind: String, Hashable, Sendable {
    /// iCalendar (RFC 5545).
    case calendar
    /// vCard (RFC 6350, RFC 2426, vCard 2.1).
    case contact

    /// By the ending of the name of a file; nil for any other.
    package init?(fileName: some BidirectionalCollection<UInt8>) {
        let ending = String(decoding: fileName.suffix(4), as: UTF8.self).lowercased()
        switch ending {
        case ".ics": self = .calendar
        case ".vcf": self = .contact
        default: return nil
        }
    }
}
