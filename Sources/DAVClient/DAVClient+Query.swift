import HTTPTypes
import WebDAV
import XMLStream

extension DAVClient {
    /// The members of a collection that have a UID (RFC 4791, section 7.8.6; RFC 6352, section 8.6).
    package func members(of collection: DAVURL, kind: DAVCollectionKind, uid: String) async throws -> [DAVURL] {
        var found: [DAVURL] = []
        // A comp-filter names one kind of component, and nothing says which kind holds the UID.
        for component in kind == .calendar ? ["VEVENT", "VTODO", "VJOURNAL"] : [""] {
            let answer = try await query(collection, kind, component: component, uid: uid)
            found += answer.resources.filter { !$0.isCollection && $0.status == nil }.map(\.url)
            if !found.isEmpty { break }
        }
        return found
    }

    private func query(
        _ collection: DAVURL, _ kind: DAVCollectionKind, component: String, uid: String
    ) async throws -> DAVMultistatus {
        func name(_ local: String) -> XMLName {
            kind == .calendar ? XMLName(caldav: local) : XMLName(carddav: local)
        }
        func named(_ local: String, _ value: String, _ children: [XMLElement]) -> XMLElement {
            var element = XMLElement(name(local), children)
            element.attributes = [XMLAttribute(XMLName("", "name"), value)]
            return element
        }
        var match = XMLElement(name("text-match"), text: uid)
        match.attributes = [XMLAttribute(XMLName("", "collation"), "i;octet")]
        if kind == .addressBook { match.attributes.append(XMLAttribute(XMLName("", "match-type"), "equals")) }
        let property = named("prop-filter", "UID", [match])
        let filter =
            kind == .calendar
            ? XMLElement(
                name("filter"), [named("comp-filter", "VCALENDAR", [named("comp-filter", component, [property])])])
            : XMLElement(name("filter"), [property])
        let root = XMLElement(
            kind == .calendar ? XMLName(caldav: "calendar-query") : XMLName(carddav: "addressbook-query"),
            [XMLElement(.prop, [XMLElement(.getetag)]), filter])
        var writer = XMLWriter(prefixes: DAVNamespace.prefixes)
        writer.declaration()
        writer.element(root)
        return try await report(collection, writer.take())
    }

    private func report(_ collection: DAVURL, _ body: [UInt8]) async throws -> DAVMultistatus {
        let answer = try await send(
            .report, collection, headers: [.contentType: "application/xml; charset=utf-8", .depth: Depth.one.rawValue],
            body: body)
        return try multistatus(.report, answer)
    }
}
