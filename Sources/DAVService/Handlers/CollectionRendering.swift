import CollectionStore
import ContentLines
import HTTPTypes
import ICalendar
import WebDAV

/// How a collection looks when it is fetched with GET.
enum CollectionRendering {
    /// All events in one VCALENDAR, for subscriptions (as RFC 4791, A.2 wishes).
    case calendar
    /// All cards, one after the other.
    case cards
    /// A small page for a person with a browser.
    case page
    /// The first page: what the person has here, and how apps find it. Its own styles and script bear a secret of this
    /// answer, so that nothing else on it can be one.
    case home(nonce: String)

    /// Data for calendars unless a browser asks; data for address books if it is asked for.
    static func choose(for resource: Resource, _ context: DAVContext) async throws -> CollectionRendering {
        let accept = (context.request.headers[.accept] ?? "").lowercased()
        let isExport = context.query.map { $0.split(separator: "&").contains { $0.hasPrefix("export") } } ?? false
        switch resource.kind {
        case .calendar:
            return accept.contains("text/html") && !accept.contains("text/calendar") && !isExport ? .page : .calendar
        case .addressbook:
            return isExport || accept.contains("text/vcard") ? .cards : .page
        case .root: return .home(nonce: HTML.nonce())
        default: return .page
        }
    }

    /// What the browser may load and run.
    var securityPolicy: String {
        let nothing = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        guard case .home(let nonce) = self else { return nothing }
        return nothing + "; style-src 'nonce-\(nonce)'; script-src 'nonce-\(nonce)'"
    }

    var contentType: String {
        switch self {
        case .calendar: "text/calendar; charset=utf-8"
        case .cards: "text/vcard; charset=utf-8"
        case .page, .home: "text/html; charset=utf-8"
        }
    }

    func render(_ resource: Resource, _ context: DAVContext) async throws -> [UInt8] {
        switch (self, resource.collection) {
        case (.calendar, let view?): return try await Self.mergedCalendar(view)
        case (.cards, let view?): return try await Self.allCards(view)
        case (.home(let nonce), _): return try await HomePage(context).render(nonce: nonce)
        default: return try await CollectionPage.render(resource, context)
        }
    }

    private static func mergedCalendar(_ view: any CollectionView) async throws -> [UInt8] {
        var zones = ContentLineWriter()
        var components = ContentLineWriter()
        var known: Set<String> = []
        for member in try await view.members() {
            // What cannot be read is left out here; it can still be fetched by itself.
            guard let object = try? CalendarObject(parsing: try await view.content(of: member)) else { continue }
            for zone in object.timeZones where known.insert(zone.property("TZID")?.text ?? "").inserted {
                zones.copy(zone, of: object)
            }
            for component in object.components { components.copy(component, of: object) }
        }
        var head = ContentLineWriter()
        head.write(line: Array("BEGIN:VCALENDAR".utf8))
        head.write(line: Array("VERSION:2.0".utf8))
        head.write(line: Array("PRODID:-//Fasti//Fasti//EN".utf8))
        head.write(line: Array("X-WR-CALNAME:".utf8) + TextEscaping.escape(view.displayName))
        return head.bytes + zones.bytes + components.bytes + Array("END:VCALENDAR\r\n".utf8)
    }

    private static func allCards(_ view: any CollectionView) async throws -> [UInt8] {
        var result: [UInt8] = []
        for member in try await view.members() {
            let content = try await view.content(of: member)
            guard content.count >= 6 else { continue }
            result += content
            if result.last != UInt8(ascii: "\n") { result += [0x0D, 0x0A] }
        }
        return result
    }
}

extension ContentLineWriter {
    /// A component as it stands in its source.
    mutating func copy(_ component: Component, of object: CalendarObject) {
        copy(component.beginLine.index..<(component.endLine.index + 1), of: object.document)
    }
}
