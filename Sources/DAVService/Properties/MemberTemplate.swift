import CollectionStore
import HTTPTypes
import WebDAV
import XMLStream

/// The response for a member of one collection, prepared: most of it is the same for all of them. A listing of ten
/// thousand members is little more than copying these bytes.
struct MemberTemplate: Sendable {
    private enum Piece: Sendable {
        case bytes([UInt8])
        case name
        case entityTag
        case contentLength
        case lastModified
        case extra(XMLName)
    }

    private var pieces: [Piece] = []
    /// Values that only a report can give and that a member must have to be written with this.
    private(set) var extras: [XMLName] = []
    private var lastDate: (seconds: Int64, text: [UInt8]) = (.min, [])

    /// What members of a calendar or an address book have in common; nil when they must be asked one by one.
    /// - Parameters:
    ///   - properties: those asked for, in their order.
    ///   - optional: how many of them, from the first, are left out where they do not exist.
    ///   - sample: any member of the collection.
    ///   - href: of the collection.
    init?(
        _ properties: [(name: XMLName, property: LiveProperty?)], optional: Int, isMinimal: Bool,
        sample: PropertyScope, href: String
    ) {
        // Elsewhere members are of several kinds.
        guard case .member(_, let view) = sample.resource.content, Self.uniform.contains(view.type) else { return nil }
        var xml = XMLWriter(prefixes: DAVNamespace.prefixes)
        xml.start(.multistatus)
        _ = xml.take()
        xml.start(.response)
        xml.start(.href)
        xml.verbatim(href)
        cut(.name, &xml)
        xml.end()
        xml.start(.propstat)
        xml.start(.prop)
        var missing: [XMLName] = []
        for (index, (name, property)) in properties.enumerated() {
            if Self.extraNames.contains(name) {
                xml.start(name)
                cut(.extra(name), &xml)
                xml.end()
                extras.append(name)
                continue
            }
            guard let property, property.kinds.contains(sample.resource.kind) else {
                if index >= optional { missing.append(name) }
                continue
            }
            switch property.memberForm {
            case .computed: return nil
            case .constant:
                if let value = property.value(sample) {
                    value.write(name, to: &xml)
                } else if index >= optional {
                    missing.append(name)
                }
            case .entityTag:
                xml.start(name)
                xml.verbatim("\"")
                cut(.entityTag, &xml)
                xml.verbatim("\"")
                xml.end()
            case .contentLength:
                xml.start(name)
                cut(.contentLength, &xml)
                xml.end()
            case .lastModified:
                xml.start(name)
                cut(.lastModified, &xml)
                xml.end()
            }
        }
        xml.end()
        xml.element(.status, text: HTTPResponse.Status.ok.line)
        xml.end()
        if !missing.isEmpty, !isMinimal {
            xml.start(.propstat)
            xml.element(.prop) { xml in for name in missing { xml.empty(name) } }
            xml.element(.status, text: HTTPResponse.Status.notFound.line)
            xml.end()
        }
        xml.end()
        pieces.append(.bytes(xml.take()))
    }

    private static let uniform: Set<CollectionType> = [.calendar, .scheduleInbox, .scheduleOutbox, .addressbook]
    private static let extraNames: Set<XMLName> = [.calendarData, .addressData]

    private mutating func cut(_ piece: Piece, _ xml: inout XMLWriter) {
        pieces.append(.bytes(xml.take()))
        pieces.append(piece)
    }

    /// - Parameter extra: has values for all `extras`.
    mutating func write(_ member: Member, extra: [XMLName: ExtraValue], to writer: inout MultistatusWriter) {
        for piece in pieces {
            switch piece {
            case .bytes(let part): writer.prepared { $0 += part }
            case .name: writer.prepared { ResourcePath.encode(member.name.string, into: &$0) }
            case .entityTag: writer.prepared { member.etag.append(to: &$0) }
            case .contentLength: writer.prepared { $0 += String(member.size).utf8 }
            case .lastModified:
                if lastDate.seconds != member.lastModified {
                    lastDate = (member.lastModified, Array(HTTPDate.format(member.lastModified).utf8))
                }
                writer.prepared { $0 += lastDate.text }
            case .extra(let name):
                switch extra[name] {
                case .bytes(let value): writer.text(value)
                case .escaped(let value): writer.prepared { $0 += value }
                case .refused, nil: break
                }
            }
        }
    }
}
