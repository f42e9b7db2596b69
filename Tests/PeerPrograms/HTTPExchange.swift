import Foundation

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// One HTTP answer, as a test looks at it.
package struct HTTPAnswer: Sendable {
    package var status: Int
    package var headers: [String: String]
    package var body: [UInt8]
    package var text: String { String(decoding: body, as: UTF8.self) }

    package func header(_ name: String) -> String? {
        headers.first { $0.key.lowercased() == name.lowercased() }?.value
    }
}

/// Sends one request with curl, which changes nothing in paths, methods and bodies: the tests' own client.
package func exchange(
    _ method: String, _ url: String, headers: [String: String] = [:], body: [UInt8]? = nil, user: String? = nil
) async throws -> HTTPAnswer {
    guard let curl = ["/usr/bin/curl", "/bin/curl"].first(where: FileManager.default.isExecutableFile) else {
        throw PeerError(reason: "curl is not installed; make test installs it")
    }
    let scratch = try TemporaryFolder("fasti-http")
    let head = scratch.appending("head")
    var arguments = [
        "-sS", "--path-as-is", "--max-time", "60", "-X", method, "-D", head, "-o", scratch.appending("body"),
    ]
    if method == "HEAD" { arguments += ["-I"] }
    for (name, value) in headers.sorted(by: { $0.key < $1.key }) { arguments += ["-H", "\(name): \(value)"] }
    if let user { arguments += ["-u", user] }
    if body != nil { arguments += ["-H", "Expect:", "--data-binary", "@-"] }
    let result = try await run(curl, arguments + [url], input: body ?? [])
    guard result.status == 0 else {
        throw PeerError(reason: "\(method) \(url): curl ended with \(result.status): \(result.standardError)")
    }
    let lines = try String(contentsOfFile: head, encoding: .isoLatin1).split(whereSeparator: \.isNewline)
    var fields: [String: String] = [:]
    for line in lines.dropFirst() {
        let parts = line.split(separator: ":", maxSplits: 1)
        guard parts.count == 2 else { continue }
        fields[String(parts[0])] = parts[1].trimmingCharacters(in: .whitespaces)
    }
    let statusWords = lines.first?.split(separator: " ") ?? []
    let status = statusWords.count > 1 ? Int(statusWords[1]) ?? 0 : 0
    let bytes = (try? Data(contentsOf: scratch.url.appending(path: "body"))) ?? Data()
    return HTTPAnswer(status: status, headers: fields, body: [UInt8](bytes))
}
