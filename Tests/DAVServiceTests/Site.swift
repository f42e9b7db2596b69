import CollectionStore
import DAVService
import HTTPTypes
import Logging
import Testing
import WebDAV
import XMLStream

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A service over a data directory of its own, which goes away with it.
final class Site: Sendable {
    let folder: URL
    let storage: GitCollectionStorage
    let service: DAVService

    /// - Parameter options: single-user, with `/user/` as the principal, unless given.
    init(_ options: DAVOptions? = nil) async throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("fasti-dav-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        storage = try GitCollectionStorage(root: folder.path)
        let user = try CollectionPath("/user/")
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        service = DAVService(
            storage: storage, options: options ?? DAVOptions(singleUserPrincipal: user, autocreate: .defaults),
            logger: logger)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    /// Sends a request and gives the whole answer.
    func send(
        _ method: HTTPRequest.Method, _ target: String, _ headers: HTTPFields = [:], body: String = "",
        user: String? = nil
    ) async throws -> Answer {
        let request = DAVRequest(
            method: method, target: target, headers: headers, body: Array(body.utf8), user: user)
        let response = await service.respond(to: request)
        return Answer(
            status: response.status.code, headers: response.headers, body: try await response.collectBody())
    }

    func propfind(
        _ target: String, depth: String = "0", _ properties: String, headers: HTTPFields = [:], user: String? = nil
    ) async throws -> Multistatus {
        var headers = headers
        headers[.depth] = depth
        let answer = try await send(.propfind, target, headers, body: Body.propfind(properties), user: user)
        #expect(answer.status == 207)
        return try answer.multistatus
    }

    func report(_ target: String, _ headers: HTTPFields = [.depth: "1"], body: String) async throws -> Answer {
        try await send(.report, target, headers, body: body)
    }
}

struct Answer {
    let status: Int
    let headers: HTTPFields
    let body: [UInt8]

    var text: String { String(decoding: body, as: UTF8.self) }
    var multistatus: Multistatus { get throws { try Multistatus(parsing: body) } }
    var etag: String? { headers[.eTag] }

    /// The condition element of a `DAV:error`, in Clark notation.
    var condition: String? {
        let root = try? XMLElement(parsing: body)
        guard root?.name == .error else { return nil }
        return root?.elements.first { $0.name != .responsedescription }?.name.description
    }

    /// The sentence of a `DAV:error`.
    var sentence: String {
        ((try? XMLElement(parsing: body))?.first(.responsedescription)?.text) ?? ""
    }
}

extension Multistatus {
    subscript(href: String) -> MultistatusResponse? { responses.first { $0.hrefs.contains(href) } }

    /// The hrefs of members, by their last segment.
    var names: [String] {
        responses.compactMap { $0.hrefs.first?.split(separator: "/").last.map(String.init) }.sorted()
    }
}

extension MultistatusResponse {
    /// The text of a property; nil when it was not given with 200.
    func text(_ name: XMLName) -> String? { property(name)?.text }
    /// The hrefs in a property.
    func hrefs(in name: XMLName) -> [String] { property(name)?.all(.href).map(\.trimmedText) ?? [] }
    /// The status of the propstat a property is in.
    func status(of name: XMLName) -> Int? {
        propstats.first { $0.properties.contains { $0.name == name } }?.status.code
    }
}

/// Request bodies.
enum Body {
    static let namespaces =
        "xmlns=\"DAV:\" xmlns:C=\"\(DAVNamespace.caldav)\" xmlns:CR=\"\(DAVNamespace.carddav)\" "
        + "xmlns:CS=\"\(DAVNamespace.calendarServer)\" xmlns:A=\"\(DAVNamespace.apple)\" xmlns:Z=\"urn:z\""

    static func propfind(_ properties: String) -> String {
        "<propfind \(namespaces)><prop>\(properties)</prop></propfind>"
    }

    static func proppatch(_ instructions: String) -> String {
        "<propertyupdate \(namespaces)>\(instructions)</propertyupdate>"
    }

    /// Rights for one principal.
    static func acl(_ principal: String, _ privileges: String...) -> String {
        "<acl \(namespaces)><ace><principal><href>\(principal)</href></principal><grant>"
            + privileges.joined().split(separator: ">").map { "<privilege>\($0)></privilege>" }.joined()
            + "</grant></ace></acl>"
    }

    static func query(_ filter: String, properties: String = "<getetag/>") -> String {
        "<C:calendar-query \(namespaces)><prop>\(properties)</prop><C:filter>"
            + "<C:comp-filter name=\"VCALENDAR\">\(filter)</C:comp-filter></C:filter></C:calendar-query>"
    }

    static func range(_ start: String, _ end: String, of component: String = "VEVENT") -> String {
        "<C:comp-filter name=\"\(component)\"><C:time-range start=\"\(start)\" end=\"\(end)\"/></C:comp-filter>"
    }

    static func multiget(_ hrefs: [String], properties: String = "<getetag/><C:calendar-data/>") -> String {
        "<C:calendar-multiget \(namespaces)><prop>\(properties)</prop>"
            + hrefs.map { "<href>\($0)</href>" }.joined() + "</C:calendar-multiget>"
    }

    static func sync(_ token: String, limit: Int? = nil, level: String? = "1") -> String {
        "<sync-collection \(namespaces)><sync-token>\(token)</sync-token>"
            + (level.map { "<sync-level>\($0)</sync-level>" } ?? "")
            + (limit.map { "<limit><nresults>\($0)</nresults></limit>" } ?? "")
            + "<prop><getetag/></prop></sync-collection>"
    }

    /// An event of one line or a few; `lines` stand inside VEVENT beside UID and DTSTAMP.
    static func event(uid: String, _ lines: String...) -> String {
        object("VEVENT", uid: uid, lines)
    }

    static func object(_ component: String, uid: String, _ lines: [String]) -> String {
        ([
            "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//test//EN", "BEGIN:\(component)", "UID:\(uid)",
            "DTSTAMP:20260101T000000Z",
        ] + lines + ["END:\(component)", "END:VCALENDAR", ""])
        .joined(separator: "\r\n")
    }

    static func card(uid: String, _ name: String, _ lines: String...) -> String {
        (["BEGIN:VCARD", "VERSION:3.0", "UID:\(uid)", "FN:\(name)", "N:\(name);;;;"] + lines + ["END:VCARD", ""])
            .joined(separator: "\r\n")
    }
}

/// The calendar and the address book that every site has.
let calendar = "/user/calendars/calendar/"
let addressbook = "/user/contacts/addressbook/"
