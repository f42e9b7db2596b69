import Foundation
import HTTPTypes
import PeerPrograms
import Testing
import WebDAV
import XMLStream

/// A client as it shows on the wire: its requests in their order, with its own headers.
struct Transcript: Sendable {
    let server: PeerServer
    let userAgent: String

    func send(
        _ method: String, _ path: String, _ headers: [String: String] = [:], _ body: String? = nil
    ) async throws -> HTTPAnswer {
        var headers = headers
        headers["User-Agent"] = userAgent
        if body?.hasPrefix("<") == true, headers["Content-Type"] == nil { headers["Content-Type"] = "text/xml" }
        return try await exchange(
            method, server.url + path, headers: headers, body: body.map { Array($0.utf8) }, user: "user:pass")
    }

    func propfind(_ path: String, depth: String, _ properties: String) async throws -> Multistatus {
        try await multistatus(
            "PROPFIND", path, ["Depth": depth], "<D:propfind \(Self.names)><D:prop>\(properties)</D:prop></D:propfind>")
    }

    func multistatus(
        _ method: String, _ path: String, _ headers: [String: String] = [:], _ body: String
    ) async throws -> Multistatus {
        let answer = try await send(method, path, headers, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>" + body)
        try #require(answer.status == 207, "\(userAgent): \(method) \(path): \(answer.status) \(answer.text)")
        return try Multistatus(parsing: answer.body)
    }

    static let names =
        "xmlns:D=\"DAV:\" xmlns:C=\"\(DAVNamespace.caldav)\" xmlns:CR=\"\(DAVNamespace.carddav)\" "
        + "xmlns:CS=\"\(DAVNamespace.calendarServer)\" xmlns:A=\"\(DAVNamespace.apple)\""

    static func event(_ uid: String, _ summary: String) -> String {
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Transcript//EN\r\nBEGIN:VEVENT\r\nUID:\(uid)\r\n"
            + "DTSTAMP:20260101T000000Z\r\nDTSTART:20260105T090000Z\r\nDTEND:20260105T100000Z\r\nSUMMARY:\(summary)\r\n"
            + "END:VEVENT\r\nEND:VCALENDAR\r\n"
    }
}

extension Multistatus {
    subscript(href: String) -> MultistatusResponse? { responses.first { $0.hrefs.contains(href) } }
}

extension MultistatusResponse {
    /// The first href in a property.
    func href(_ name: XMLName) -> String? { property(name)?.first(.href)?.trimmedText }
    func has(_ type: XMLName) -> Bool { property(.resourcetype)?.first(type) != nil }
}
