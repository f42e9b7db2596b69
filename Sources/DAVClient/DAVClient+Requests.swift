import HTTPTypes
package import WebDAV
package import XMLStream

/// The kinds of collections that hold calendar objects and contacts, with the words each protocol has for them.
package enum DAVCollectionKind: String, Hashable, Sendable, CaseIterable {
    case calendar
    case addressBook

    package var resourceType: XMLName { self == .calendar ? .calendar : .addressbook }
    package var homeSet: XMLName { self == .calendar ? .calendarHomeSet : .addressbookHomeSet }
    package var dataProperty: XMLName { self == .calendar ? .calendarData : .addressData }
    package var multiget: XMLName { self == .calendar ? .calendarMultiget : .addressbookMultiget }
    package var wellKnownPath: String { self == .calendar ? "/.well-known/caldav" : "/.well-known/carddav" }
    package var contentType: String { self == .calendar ? "text/calendar" : "text/vcard" }
    package var fileExtension: String { self == .calendar ? "ics" : "vcf" }
    /// For messages.
    package var noun: String { self == .calendar ? "calendar" : "address book" }
}

extension DAVClient {
    // MARK: Reading

    /// The tokens of the `DAV` header (RFC 4918, section 10.1), in lower case.
    package func options(_ url: DAVURL) async throws -> Set<String> {
        let answer = try await send(.options, url)
        guard answer.status.kind == .successful else { throw refusal(of: .options, answer) }
        let tokens = answer.headers[values: .dav].flatMap { $0.split(separator: ",") }
        return Set(tokens.map { $0.filter { $0 != " " && $0 != "\t" }.lowercased() })
    }

    /// What to ask for in a PROPFIND.
    package enum PropertySelection: Sendable {
        case all
        /// What there is, without the values.
        case names
        case named([XMLName])
    }

    /// - Throws: also when the answer is no complete multistatus.
    package func propfind(
        _ url: DAVURL, depth: Depth, _ selection: PropertySelection
    ) async throws -> DAVMultistatus {
        try multistatus(.propfind, try await sendPropfind(url, depth: depth, selection))
    }

    func sendPropfind(
        _ url: DAVURL, depth: Depth, _ selection: PropertySelection,
        reading makeReader: (@Sendable () -> any DAVBodyReader)? = nil
    ) async throws -> Answer {
        var writer = XMLWriter(prefixes: DAVNamespace.prefixes)
        writer.declaration()
        writer.element(.propfind) { writer in
            switch selection {
            case .all: writer.empty(.allprop)
            case .names: writer.empty(.propname)
            case .named(let names): writer.element(.prop) { for name in names { $0.empty(name) } }
            }
        }
        return try await send(
            .propfind, url, headers: xmlHeaders(depth: depth), body: writer.take(), reading: makeReader)
    }

    /// The bytes of one object as the server sends them.
    package struct Object: Sendable {
        package let bytes: [UInt8]
        package let etag: String?
        package let contentType: String?
        package let lastModified: String?
    }

    package func get(_ url: DAVURL) async throws -> Object {
        let answer = try await send(.get, url, limit: options.limits.object)
        guard answer.status == .ok else { throw refusal(of: .get, answer) }
        return Object(
            bytes: answer.body, etag: answer.headers[.eTag], contentType: answer.headers[.contentType],
            lastModified: answer.headers[.lastModified])
    }

    // MARK: Writing

    package enum WriteCondition: Sendable {
        case none
        /// `If-None-Match: *`
        case absent
        /// `If-Match`
        case matching(etag: String)
    }

    /// Stores an object.
    ///
    /// - Returns: its new ETag, if the server says it.
    @discardableResult
    package func put(
        _ url: DAVURL, _ bytes: [UInt8], contentType: String, condition: WriteCondition
    ) async throws -> String? {
        var headers: HTTPFields = [.contentType: contentType]
        switch condition {
        case .none: break
        case .absent: headers[.ifNoneMatch] = "*"
        case .matching(let etag): headers[.ifMatch] = etag
        }
        let answer = try await send(.put, url, headers: headers, body: bytes)
        guard answer.status.kind == .successful else { throw refusal(of: .put, answer) }
        try refusePage(for: .put, answer)
        return answer.headers[.eTag]
    }

    /// Gives an object, and each override in it, a file that the server keeps beside it (RFC 8607, section 3.4). Not tried
    /// again when the answer is lost, since a second one would be a second file.
    ///
    /// - Parameter id: of a file that it replaces (section 3.4.4); nil for one more.
    package func addAttachment(
        _ bytes: [UInt8], named name: String, contentType: String, to url: DAVURL, inPlaceOf id: String? = nil
    ) async throws {
        let action =
            id.map { "attachment-update&managed-id=" + PercentEncoding.encode(segment: $0.utf8) } ?? "attachment-add"
        let target = url.target + (url.target.contains("?") ? "&" : "?") + "action=" + action
        var headers: HTTPFields = [.contentType: contentType]
        headers[.contentDisposition] = Self.disposition(name)
        let answer = try await send(.post, url.with(target: target), headers: headers, body: bytes)
        guard answer.status.kind == .successful else { throw refusal(of: .post, answer) }
        try refusePage(for: .post, answer)
    }

    /// RFC 6266, with the name in both forms where it needs that.
    private static func disposition(_ name: String) -> String {
        let plain = name.utf8.map { (0x20...0x7E).contains($0) && $0 != 0x22 && $0 != 0x5C ? $0 : UInt8(ascii: "_") }
        let simple = "attachment; filename=\"\(String(decoding: plain, as: UTF8.self))\""
        guard !name.utf8.elementsEqual(plain) else { return simple }
        return simple + "; filename*=UTF-8''\(PercentEncoding.encode(segment: name.utf8))"
    }

    /// Removes an object. A scheduling server is asked to tell nobody (RFC 6638, section 8.1).
    package func delete(_ url: DAVURL, etag: String? = nil) async throws {
        var headers = HTTPFields()
        if let name = HTTPField.Name("Schedule-Reply") { headers[name] = "F" }
        if let etag { headers[.ifMatch] = etag }
        let answer = try await send(.delete, url, headers: headers)
        guard answer.status.kind == .successful, answer.status.code != 207 else { throw refusal(of: .delete, answer) }
        try refusePage(for: .delete, answer)
    }

    /// Creates a calendar (RFC 4791, section 5.3.1) with properties, all or nothing.
    package func mkcalendar(_ url: DAVURL, properties: [XMLElement]) async throws {
        try await create(.mkcalendar, url, root: .mkcalendar, properties)
    }

    /// Creates a collection of any type (extended MKCOL, RFC 5689).
    package func mkcol(_ url: DAVURL, types: [XMLName], properties: [XMLElement]) async throws {
        let type = XMLElement(.resourcetype, types.map { XMLElement($0) })
        try await create(.mkcol, url, root: .mkcol, [type] + properties)
    }

    private func create(
        _ method: HTTPRequest.Method, _ url: DAVURL, root: XMLName, _ properties: [XMLElement]
    ) async throws {
        var body: [UInt8] = []
        if !properties.isEmpty {
            var writer = XMLWriter(prefixes: DAVNamespace.prefixes)
            writer.declaration()
            writer.element(root) { $0.set(properties) }
            body = writer.take()
        }
        let headers: HTTPFields = body.isEmpty ? [:] : xmlHeaders(depth: nil)
        let answer = try await send(method, url, headers: headers, body: body)
        // 207 says that a property was refused, and therefore that nothing was created.
        guard answer.status.kind == .successful, answer.status.code != 207 else { throw refusal(of: method, answer) }
    }

    /// Sets properties in one request.
    ///
    /// - Returns: the ones that were refused; when there are any, an orderly server has set none.
    package func proppatch(_ url: DAVURL, set properties: [XMLElement]) async throws -> [(name: XMLName, status: Int)] {
        var writer = XMLWriter(prefixes: DAVNamespace.prefixes)
        writer.declaration()
        writer.element(.propertyupdate) { $0.set(properties) }
        let answer = try await send(.proppatch, url, headers: xmlHeaders(depth: nil), body: writer.take())
        return try multistatus(.proppatch, answer).resources.flatMap(\.refused)
    }

    func xmlHeaders(depth: Depth?) -> HTTPFields {
        var headers: HTTPFields = [.contentType: "application/xml; charset=utf-8"]
        if let depth { headers[.depth] = depth.rawValue }
        return headers
    }
}

extension XMLWriter {
    /// `<D:set><D:prop>...`
    fileprivate mutating func set(_ properties: [XMLElement]) {
        element(.set) { $0.element(.prop) { for property in properties { $0.element(property) } } }
    }
}
