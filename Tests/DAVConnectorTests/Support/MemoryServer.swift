import DAVClient
import Foundation
import HTTPTypes
import Synchronization
import WebDAV
import XMLStream

/// A small CalDAV and CardDAV server in memory, with the bad habits of real ones on demand.
final class MemoryServer: DAVTransport {
    struct Object: Sendable {
        var bytes: [UInt8]
        var etag: String
        var contentType: String
    }

    struct Collection: Sendable {
        var kind: DAVCollectionKind
        /// In place of that of the kind.
        var type: XMLName?
        var properties: [XMLElement] = []
        /// By the last segment of the path, as on the wire.
        var objects: [String: Object] = [:]
        var changes = 0
        /// ETags by name for each state that a sync token was given for; the token is the index.
        var states: [[String: String]] = []
    }

    /// What this server does differently from a good one.
    struct Habits: Sendable {
        /// Line ends in answers are bare, so that a parser turns CRLF into LF.
        var losesCarriageReturns = false
        var givesLengths = true
        var givesETags = true
        var givesChangeTags = true
        /// Answers sync-collection (RFC 6578).
        var givesSyncTokens = false
        /// The most changes in one answer.
        var syncLimit = Int.max
        /// Lists everything whatever the token, and says nothing about what is gone.
        var forgetsTokens = false
        /// More hrefs than this are silently left out of an answer.
        var multigetCap = Int.max
        /// More hrefs than this are refused with 507.
        var multigetLimit = Int.max
        var davHeader = "1, 3, calendar-access, addressbook"
        var refusesUIDTwice = false
        /// Says that a UID is taken in words of its own, and not by whom.
        var isVagueAboutUIDs = false
        /// Names of properties that make MKCALENDAR and PROPPATCH fail.
        var refusedProperties: Set<String> = []
        /// Answers POST with files beside events (RFC 8607).
        var managesAttachments = false
        /// What is kept of a file beside an event, by what was sent.
        var rewriteFile: (@Sendable ([UInt8]) -> [UInt8])?
        /// Where files beside events are said to be.
        var fileHost = "127.0.0.1"
        /// Makes subscriptions (extended MKCOL with the type `subscribed`).
        var keepsSubscriptions = false
        /// Answers MKCOL of a type that it does not know with a plain folder.
        var makesPlainFolders = false
        /// Loses the connection after each POST was done.
        var losesAnswersToPosts = false
        /// Objects with more bytes than this are refused.
        var sizeLimit = Int.max
        /// What a reader gets in place of what is stored; the number counts readings.
        var rewriteOnReading: (@Sendable ([UInt8], Int) -> [UInt8])?
        /// What is stored in place of what was sent.
        var rewrite: (@Sendable ([UInt8]) -> [UInt8])?
    }

    struct State: Sendable {
        var collections: [String: Collection] = [:]
        var habits = Habits()
        var requests: [DAVClientRequest] = []
        /// Files beside events, by the last segment of their address.
        var files: [String: [UInt8]] = [:]
        var readings = 0
        /// Answers before the server does, to script a fault.
        var fault: (@Sendable (DAVClientRequest, inout State) throws -> DAVClientResponse?)?
    }

    private let state: Mutex<State>

    init(_ habits: Habits = Habits()) { state = Mutex(State(habits: habits)) }

    func with<Result>(_ body: (inout State) -> sending Result) -> sending Result { state.withLock { body(&$0) } }

    var requests: [DAVClientRequest] { with { $0.requests } }

    func count(_ method: String) -> Int { requests.count { $0.method.rawValue == method } }

    func forgetRequests() { with { $0.requests = [] } }

    func addCalendar(_ name: String, properties: [XMLElement] = [], _ objects: [String: String] = [:]) {
        add("/cal/\(name)/", .calendar, properties, objects)
    }

    func addBook(_ name: String, _ objects: [String: String] = [:]) { add("/card/\(name)/", .addressBook, [], objects) }

    private func add(_ path: String, _ kind: DAVCollectionKind, _ properties: [XMLElement], _ objects: [String: String])
    {
        with { state in
            state.collections[path] = Collection(kind: kind, properties: properties)
            for (name, text) in objects { state.store(Array(text.utf8), path, name, kind.contentType) }
        }
    }

    func object(_ path: String, _ name: String) -> [UInt8]? { with { $0.collections[path]?.objects[name]?.bytes } }

    func send(_ request: DAVClientRequest) async throws -> DAVClientResponse {
        try state.withLock { state in
            state.requests.append(request)
            if let fault = state.fault, let answer = try fault(request, &state) { return answer }
            let answer = state.answer(request)
            if request.method == .post, state.habits.losesAnswersToPosts {
                throw DAVTransportError(.connection, "reset")
            }
            return answer
        }
    }
}

extension DAVClientResponse {
    static func status(_ code: Int, _ headers: HTTPFields = [:], _ body: [UInt8] = []) -> DAVClientResponse {
        DAVClientResponse(status: .init(code: code), headers: headers, body: body)
    }
}

extension MemoryServer.State {
    static func etag(_ bytes: [UInt8]) -> String {
        "\""
            + String(
                bytes.reduce(UInt64(14_695_981_039_346_656_037)) { ($0 ^ UInt64($1)) &* 1_099_511_628_211 }, radix: 16)
            + "\""
    }

    mutating func store(_ bytes: [UInt8], _ path: String, _ name: String, _ type: String) {
        let stored = habits.rewrite?(bytes) ?? bytes
        collections[path]?.objects[name] = .init(bytes: stored, etag: Self.etag(stored), contentType: type)
        collections[path]?.changes += 1
    }

    /// Remembers the present state of every collection as the one that its token stands for.
    private mutating func stamp() {
        for path in collections.keys {
            let state = collections[path]?.objects.mapValues(\.etag) ?? [:]
            if collections[path]?.states.last != state { collections[path]?.states.append(state) }
        }
    }

    mutating func answer(_ request: DAVClientRequest) -> DAVClientResponse {
        if habits.givesSyncTokens { stamp() }
        readings += 1
        return switch request.method.rawValue {
        case "OPTIONS":
            .status(200, [.dav: habits.davHeader + (habits.managesAttachments ? ", calendar-managed-attachments" : "")])
        case "POST": post(request)
        case "PROPFIND": propfind(request)
        case "REPORT": isSync(request) ? sync(request) : report(request)
        case "DELETE": delete(request)
        case "GET": get(request)
        case "PUT": put(request)
        case "MKCALENDAR", "MKCOL": make(request)
        case "PROPPATCH": proppatch(request)
        default: .status(405)
        }
    }

    private func split(_ path: String) -> (collection: String, name: String) {
        guard !path.hasSuffix("/"), let slash = path.lastIndex(of: "/") else { return (path, "") }
        return (String(path[...slash]), String(path[path.index(after: slash)...]))
    }

    // MARK: Reading

    private func propfind(_ request: DAVClientRequest) -> DAVClientResponse {
        let path = request.url.path
        let isListing = request.headers[.depth] == "1"
        var writer = MultistatusWriter()
        switch path {
        case "/.well-known/caldav", "/.well-known/carddav": return .status(301, [.location: "/p/"])
        case "/p/":
            let own = [XMLElement(.href, text: "/p/")]
            writer.response(
                path,
                propstats: [
                    Propstat(
                        status: .ok,
                        properties: [
                            XMLElement(.currentUserPrincipal, own),
                            XMLElement(.calendarHomeSet, [XMLElement(.href, text: "/cal/")]),
                            XMLElement(.addressbookHomeSet, [XMLElement(.href, text: "/card/")]),
                        ])
                ])
        case "/cal/", "/card/":
            writer.response(path, propstats: [Propstat(status: .ok, properties: [Self.type([.collection])])])
            for (child, collection) in collections.sorted(by: { $0.key < $1.key })
            where isListing && child.hasPrefix(path) {
                writer.response(child, propstats: [Propstat(status: .ok, properties: properties(collection))])
            }
        default:
            guard let collection = collections[path] else { return .status(404) }
            writer.response(path, propstats: [Propstat(status: .ok, properties: properties(collection))])
            for (name, object) in collection.objects.sorted(by: { $0.key < $1.key }) where isListing {
                writer.response(path + name, propstats: [Propstat(status: .ok, properties: properties(object))])
            }
        }
        return .status(207, [.contentType: "application/xml"], writer.finish())
    }

    private func properties(_ object: MemoryServer.Object) -> [XMLElement] {
        var properties = [XMLElement(.resourcetype), XMLElement(.getcontenttype, text: object.contentType)]
        if habits.givesETags { properties.append(XMLElement(.getetag, text: object.etag)) }
        if habits.givesLengths { properties.append(XMLElement(.getcontentlength, text: "\(object.bytes.count)")) }
        return properties
    }

    private func isSync(_ request: DAVClientRequest) -> Bool {
        String(decoding: request.body.prefix(200), as: UTF8.self).contains("sync-collection")
    }

    private func sync(_ request: DAVClientRequest) -> DAVClientResponse {
        let path = request.url.path
        guard habits.givesSyncTokens, let root = try? XMLElement(parsing: request.body),
            let collection = collections[path]
        else { return .status(403) }
        // "t:INDEX" or "t:INDEX:OFFSET" in the middle of a long answer.
        let token = root.first(.syncToken)?.trimmedText.split(separator: ":").dropFirst().compactMap { Int($0) } ?? []
        guard let index = token.first, collection.states.indices.contains(index) else {
            return .status(403, [:], Self.errorBody(XMLElement(XMLName(dav: "valid-sync-token"))))
        }
        let before = habits.forgetsTokens ? [:] : collection.states[index]
        let now = collection.objects.mapValues(\.etag)
        let names = Set(before.keys).union(now.keys).filter { before[$0] != now[$0] }.sorted()
        let offset = token.count > 1 ? token[1] : 0
        var writer = MultistatusWriter()
        for name in names.dropFirst(offset).prefix(habits.syncLimit) {
            if let object = collection.objects[name] {
                writer.response(path + name, propstats: [Propstat(status: .ok, properties: properties(object))])
            } else {
                writer.response(path + name, status: .notFound)
            }
        }
        let isTruncated = names.count - offset > habits.syncLimit
        if isTruncated { writer.response(path, status: .insufficientStorage) }
        let next = isTruncated ? "t:\(index):\(offset + habits.syncLimit)" : "t:\(collection.states.count - 1)"
        return .status(207, [.contentType: "application/xml"], writer.finish(syncToken: next))
    }

    private static func type(_ names: [XMLName]) -> XMLElement {
        XMLElement(.resourcetype, names.map { XMLElement($0) })
    }

    private func properties(_ collection: MemoryServer.Collection) -> [XMLElement] {
        var tag = habits.givesChangeTags ? [XMLElement(.getctag, text: "\(collection.changes)")] : []
        if habits.givesSyncTokens { tag.append(XMLElement(.syncToken, text: "t:\(collection.states.count - 1)")) }
        return [Self.type([.collection, collection.type ?? collection.kind.resourceType])] + tag + collection.properties
    }

    private func report(_ request: DAVClientRequest) -> DAVClientResponse {
        guard let root = try? XMLElement(parsing: request.body), let collection = collections[request.url.path],
            root.name.local.hasSuffix("-query")
        else { return multiget(request) }
        // As real ones compare UIDs: a part is enough.
        let wanted = String(decoding: request.body, as: UTF8.self).split(separator: "text-match").dropFirst().first
            .flatMap { $0.split(separator: ">").dropFirst().first ?? $0.split(separator: ">").first }
            .map { $0.prefix { $0 != "<" } }
        let text = wanted.map(String.init) ?? ""
        var writer = MultistatusWriter()
        for (name, object) in collection.objects
        where Self.uid(object.bytes).map({ $0.dropFirst(4).contains(text) }) ?? false {
            writer.response(
                request.url.path + name,
                propstats: [Propstat(status: .ok, properties: [XMLElement(.getetag, text: object.etag)])])
        }
        return .status(207, [.contentType: "application/xml"], writer.finish())
    }

    private mutating func delete(_ request: DAVClientRequest) -> DAVClientResponse {
        if collections.removeValue(forKey: request.url.path) != nil { return .status(204) }
        let (path, name) = split(request.url.path)
        guard let present = collections[path]?.objects[name] else { return .status(404) }
        if let wanted = request.headers[.ifMatch], wanted != present.etag { return .status(412) }
        collections[path]?.objects[name] = nil
        return .status(204)
    }

    private func multiget(_ request: DAVClientRequest) -> DAVClientResponse {
        guard let root = try? XMLElement(parsing: request.body), let collection = collections[request.url.path] else {
            return .status(404)
        }
        let hrefs = root.all(.href).map(\.trimmedText)
        guard hrefs.count <= habits.multigetLimit else { return .status(507) }
        var writer = MultistatusWriter()
        for href in hrefs.prefix(habits.multigetCap) {
            guard let object = collection.objects[split(href).name] else {
                writer.response(href, status: .notFound)
                continue
            }
            var text = String(decoding: read(object.bytes), as: UTF8.self)
            if habits.losesCarriageReturns { text = String(text.unicodeScalars.filter { $0 != "\r" }) }
            var properties = [XMLElement(collection.kind.dataProperty, text: text)]
            if habits.givesETags { properties.append(XMLElement(.getetag, text: object.etag)) }
            writer.response(href, propstats: [Propstat(status: .ok, properties: properties)])
        }
        return .status(207, [.contentType: "application/xml"], writer.finish())
    }

    private func get(_ request: DAVClientRequest) -> DAVClientResponse {
        let (path, name) = split(request.url.path)
        if path == "/files/", let file = files[name] { return .status(200, [:], file) }
        guard let object = collections[path]?.objects[name] else { return .status(404) }
        var headers: HTTPFields = [.contentType: object.contentType]
        if habits.givesETags { headers[.eTag] = object.etag }
        return .status(200, headers, read(object.bytes))
    }

    private func read(_ bytes: [UInt8]) -> [UInt8] { habits.rewriteOnReading?(bytes, readings) ?? bytes }

    /// Adds a file to an event and to all of its overrides: `action=attachment-add`.
    private mutating func post(_ request: DAVClientRequest) -> DAVClientResponse {
        let (path, name) = split(request.url.path)
        guard habits.managesAttachments, let object = collections[path]?.objects[name] else { return .status(405) }
        let query = request.url.target.split(separator: "?").last?.split(separator: "&").map(String.init) ?? []
        if query.contains("action=attachment-update") {
            guard let id = query.first(where: { $0.hasPrefix("managed-id=") })?.dropFirst(11), files[String(id)] != nil
            else { return .status(403) }
            files[String(id)] = habits.rewriteFile?(request.body) ?? request.body
            return .status(204)
        }
        guard query.contains("action=attachment-add") else { return .status(400) }
        let id = "new-\(files.count + 1)"
        files[id] = habits.rewriteFile?(request.body) ?? request.body
        let quoted = request.headers[.contentDisposition]?.split(separator: "\"").dropFirst().first ?? "?"
        let type = request.headers[.contentType] ?? ""
        let line =
            "ATTACH;MANAGED-ID=\(id);FILENAME=\(quoted);FMTTYPE=\(type);SIZE=\(request.body.count):"
            + "http://\(habits.fileHost)/files/\(id)\r\n"
        let end = "END:VEVENT\r\n"
        let parts = String(decoding: object.bytes, as: UTF8.self).components(separatedBy: end)
        let changed = parts.dropLast().map { $0 + line + end }
        store(Array((changed.joined() + (parts.last ?? "")).utf8), path, name, object.contentType)
        return .status(201, [:])
    }

    // MARK: Writing

    private mutating func put(_ request: DAVClientRequest) -> DAVClientResponse {
        let (path, name) = split(request.url.path)
        guard let collection = collections[path] else { return .status(409) }
        let present = collection.objects[name]
        guard request.body.count <= habits.sizeLimit else { return .status(403) }
        if request.headers[.ifNoneMatch] == "*", present != nil { return .status(412) }
        if let wanted = request.headers[.ifMatch], wanted != present?.etag { return .status(412) }
        if habits.refusesUIDTwice,
            let holder = collection.objects.first(where: {
                $0.key != name && Self.uid($0.value.bytes) == Self.uid(request.body)
            })
        {
            if habits.isVagueAboutUIDs {
                let words = XMLElement(
                    XMLName("http://sabredav.org/ns", "message"), text: "Calendar object with uid already exists.")
                return .status(400, [:], Self.errorBody(words))
            }
            let element = XMLElement(.caldavNoUidConflict, [XMLElement(.href, text: path + holder.key)])
            return .status(409, [:], Self.errorBody(element))
        }
        store(request.body, path, name, request.headers[.contentType] ?? "")
        return .status(present == nil ? 201 : 204)
    }

    private static func errorBody(_ condition: XMLElement) -> [UInt8] {
        var writer = XMLWriter(prefixes: DAVNamespace.prefixes)
        writer.element(XMLElement(.error, [condition]))
        return writer.take()
    }

    static func uid(_ bytes: [UInt8]) -> Substring? {
        String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline).first { $0.hasPrefix("UID:") }
    }

    private mutating func make(_ request: DAVClientRequest) -> DAVClientResponse {
        guard collections[request.url.path] == nil else { return .status(405) }
        let elements = (try? XMLElement(parsing: request.body))?.first(.set)?.first(.prop)?.elements ?? []
        if elements.contains(where: { habits.refusedProperties.contains($0.name.local) }) { return .status(403) }
        let types = elements.first { $0.name == .resourcetype }?.elements.map(\.name) ?? []
        let isBook = types.contains(.addressbook)
        var type: XMLName?
        if types.contains(.subscribed), habits.keepsSubscriptions {
            type = .subscribed
        } else if request.method.rawValue == "MKCOL", !isBook, !types.contains(.calendar) {
            guard habits.makesPlainFolders else { return .status(415) }
            type = .collection
        }
        collections[request.url.path] = .init(
            kind: isBook ? .addressBook : .calendar, type: type,
            properties: elements.filter { $0.name != .resourcetype && type != .collection })
        return .status(201)
    }

    private mutating func proppatch(_ request: DAVClientRequest) -> DAVClientResponse {
        guard let root = try? XMLElement(parsing: request.body), collections[request.url.path] != nil else {
            return .status(404)
        }
        let elements = root.first(.set)?.first(.prop)?.elements ?? []
        let refused = elements.filter { habits.refusedProperties.contains($0.name.local) }
        var writer = MultistatusWriter()
        if refused.isEmpty {
            for element in elements {
                collections[request.url.path]?.properties.removeAll { $0.name == element.name }
                collections[request.url.path]?.properties.append(element)
            }
        }
        writer.response(
            request.url.path,
            propstats: [
                Propstat(status: .forbidden, properties: refused.map { XMLElement($0.name) }),
                Propstat(
                    status: refused.isEmpty ? .ok : .failedDependency,
                    properties: elements.filter { !refused.contains($0) }.map { XMLElement($0.name) }),
            ])
        return .status(207, [:], writer.finish())
    }
}
