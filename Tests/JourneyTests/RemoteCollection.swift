import Foundation
import PeerPrograms

/// One collection on a server of any make, filled and read with curl alone.
struct RemoteCollection: Sendable {
    let server: PeerServer
    /// Absolute path on the server, ending with `/`.
    let path: String

    /// Creates the calendar with a name, a colour and an order, as Apple's calendar does.
    static func create(
        calendar path: String, on server: PeerServer, name: String, color: String
    ) async throws -> RemoteCollection {
        let body = """
            <?xml version="1.0" encoding="utf-8"?>
            <C:mkcalendar xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:A="http://apple.com/ns/ical/">
            <D:set><D:prop><D:displayname>\(name)</D:displayname><A:calendar-color>\(color)</A:calendar-color>
            </D:prop></D:set></C:mkcalendar>
            """
        let answer = try await exchange(
            "MKCALENDAR", server.url + path, headers: ["Content-Type": "application/xml; charset=utf-8"],
            body: Array(body.utf8), user: server.credentials)
        guard answer.status == 201 else {
            throw PeerError(reason: "MKCALENDAR \(path): \(answer.status) \(answer.text)")
        }
        return RemoteCollection(server: server, path: path)
    }

    static func create(addressBook path: String, on server: PeerServer, name: String) async throws -> RemoteCollection {
        let body = """
            <?xml version="1.0" encoding="utf-8"?>
            <D:mkcol xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:carddav"><D:set><D:prop>
            <D:resourcetype><D:collection/><C:addressbook/></D:resourcetype><D:displayname>\(name)</D:displayname>
            </D:prop></D:set></D:mkcol>
            """
        let answer = try await exchange(
            "MKCOL", server.url + path, headers: ["Content-Type": "application/xml; charset=utf-8"],
            body: Array(body.utf8), user: server.credentials)
        guard answer.status == 201 else { throw PeerError(reason: "MKCOL \(path): \(answer.status) \(answer.text)") }
        return RemoteCollection(server: server, path: path)
    }

    /// Stores every object over one connection. Returns the HTTP status by name.
    func put(_ objects: [String: [UInt8]]) async throws -> [String: Int] {
        let scratch = try TemporaryFolder("fasti-upload")
        var requests: [Transfer] = []
        for (index, (name, bytes)) in objects.sorted(by: { $0.key < $1.key }).enumerated() {
            let file = scratch.appending("\(index)")
            try Data(bytes).write(to: URL(filePath: file))
            let type = name.hasSuffix(".vcf") ? "text/vcard" : "text/calendar"
            requests.append(
                Transfer(
                    name: name,
                    lines: [
                        "request = PUT", "upload-file = \"\(file)\"",
                        "header = \"Content-Type: \(type); charset=utf-8\"",
                    ]))
        }
        return try await transfer(requests, scratch)
    }

    func delete(_ names: [String]) async throws -> [String: Int] {
        try await transfer(names.map { Transfer(name: $0, lines: ["request = DELETE"]) }, try TemporaryFolder())
    }

    /// The bytes of every object whose name ends in `.ics` or `.vcf`.
    func contents() async throws -> [String: [UInt8]] {
        let scratch = try TemporaryFolder("fasti-download")
        let names = try await names()
        let transfers = names.enumerated().map { index, name in
            Transfer(name: name, lines: ["output = \"\(scratch.appending("\(index)"))\""])
        }
        let statuses = try await transfer(transfers, scratch)
        var result: [String: [UInt8]] = [:]
        for (index, name) in names.enumerated() {
            guard statuses[name] == 200 else { throw PeerError(reason: "GET \(path)\(name): \(statuses[name] ?? 0)") }
            // curl creates no file for an empty body.
            result[name] = (try? [UInt8](Data(contentsOf: scratch.url.appending(path: "\(index)")))) ?? []
        }
        return result
    }

    /// Percent-decoded names of the members.
    func names() async throws -> [String] {
        let answer = try await propfind("<D:getetag/>", depth: 1)
        return answer.matches(of: /<[^<>]*href>\s*([^<]+?)\s*<\//).compactMap { match in
            let name = match.1.split(separator: "/").last.map(String.init) ?? ""
            return name.hasSuffix(".ics") || name.hasSuffix(".vcf") ? name.removingPercentEncoding : nil
        }
    }

    /// The text of a property of the collection itself; empty when it has none.
    func property(_ element: String, namespace: String) async throws -> String {
        let answer = try await propfind("<X:\(element) xmlns:X=\"\(namespace)\"/>", depth: 0)
        guard let start = answer.firstMatch(of: try Regex("<[^<>/]*\(element)[^<>/]*>")),
            let end = answer[start.range.upperBound...].firstIndex(of: "<")
        else { return "" }
        return String(answer[start.range.upperBound..<end])
    }

    private func propfind(_ property: String, depth: Int) async throws -> String {
        let body = "<?xml version=\"1.0\"?><D:propfind xmlns:D=\"DAV:\"><D:prop>\(property)</D:prop></D:propfind>"
        let answer = try await exchange(
            "PROPFIND", server.url + path,
            headers: ["Content-Type": "application/xml; charset=utf-8", "Depth": String(depth)], body: Array(body.utf8),
            user: server.credentials)
        guard answer.status == 207 else { throw PeerError(reason: "PROPFIND \(path): \(answer.status) \(answer.text)") }
        return answer.text
    }

    private struct Transfer {
        var name: String
        var lines: [String]
    }

    /// One curl for all requests: it keeps its connection, and a thousand requests take a second or two.
    private func transfer(_ requests: [Transfer], _ scratch: TemporaryFolder) async throws -> [String: Int] {
        guard !requests.isEmpty else { return [:] }
        var configuration: [String] = []
        for (index, request) in requests.enumerated() {
            let allowed = CharacterSet.alphanumerics.union(CharacterSet(charactersIn: "-._~@"))
            let name = request.name.addingPercentEncoding(withAllowedCharacters: allowed) ?? request.name
            if index > 0 { configuration.append("next") }
            configuration += [
                "url = \"\(server.url)\(path)\(name)\"", "user = \"\(server.credentials)\"", "silent", "path-as-is",
                "globoff", "header = \"Expect:\"", "write-out = \"%{stderr}%{http_code}\\n\"",
            ]
            if !request.lines.contains(where: { $0.hasPrefix("output") }) {
                configuration.append("output = \"/dev/null\"")
            }
            configuration += request.lines
        }
        let file = scratch.appending("curl.config")
        try configuration.joined(separator: "\n").write(toFile: file, atomically: true, encoding: .utf8)
        let result = try await run("/usr/bin/curl", ["-K", file])
        let codes = result.standardError.split(separator: "\n").compactMap { Int($0) }
        guard codes.count == requests.count else {
            throw PeerError(
                reason: "curl sent \(codes.count) of \(requests.count) requests: \(result.standardError.suffix(500))")
        }
        return Dictionary(zip(requests.map(\.name), codes), uniquingKeysWith: { $1 })
    }
}

extension PeerServer {
    var credentials: String { "\(userName):\(password)" }
}
