import CollectionStore
import HTTPTypes
import WebDAV

/// GET and HEAD (RFC 9110, 9.3.1): a member's bytes as they were put, or a rendering of a collection.
struct GetHandler: DAVHandler {
    func respond(_ context: DAVContext) async throws -> DAVResponse {
        let path = try context.collectionPath(context.target)
        try await context.require(.read, on: path)
        let resource = try await context.resource()
        let target = ConditionalRequest.Target(
            tag: resource.entityTag, exists: true, lastModified: resource.lastModified)
        switch context.conditions.evaluate(for: target, isRead: true) {
        case .notModified: return DAVResponse(status: .notModified, headers: Self.validators(of: resource))
        case .failed(let field): throw DAVError(.preconditionFailed, "The condition in \(field) does not hold.")
        case .proceed: break
        }
        var headers = Self.validators(of: resource)
        let body: [UInt8]
        switch resource.content {
        case .member(let member, let view):
            headers[.contentType] = resource.contentType
            let content = try await view.content(of: member)
            switch resource.kind {
            case .calendarObject: body = context.withWantedTimeZones(content)
            case .card:
                let card = try CardNegotiation.render(content, accept: context.request.headers[.accept])
                body = card.bytes
                if let version = card.version {
                    headers[.contentType] = "text/vcard; charset=utf-8; version=\(version)"
                }
                headers[.vary] = "Accept"
            default: body = content
            }
            if context.request.headers[.calDAVTimezones] != nil { headers[.vary] = "CalDAV-Timezones" }
        case .collection, .directory:
            let rendering = try await CollectionRendering.choose(for: resource, context)
            headers[.contentType] = rendering.contentType
            headers[.vary] = "Accept"
            headers[.contentSecurityPolicy] = rendering.securityPolicy
            body = try await rendering.render(resource, context)
        }
        return Self.answer(body, headers, context.request.method)
    }

    private static func answer(_ body: [UInt8], _ headers: HTTPFields, _ method: HTTPRequest.Method) -> DAVResponse {
        var headers = headers
        headers[.contentLength] = String(body.count)
        // What somebody stored must never become a page of this server.
        headers[.xContentTypeOptions] = "nosniff"
        return DAVResponse(status: .ok, headers: headers, body: method == .head ? .empty : .bytes(body))
    }

    private static func validators(of resource: Resource) -> HTTPFields {
        validators(tag: resource.entityTag, lastModified: resource.lastModified)
    }

    private static func validators(tag: EntityTag?, lastModified: Int64) -> HTTPFields {
        var headers: HTTPFields = [.lastModified: HTTPDate.format(lastModified), .cacheControl: "no-cache"]
        if let tag { headers[.eTag] = tag.description }
        return headers
    }

    /// The answer for a member that is in memory; nil when a condition fails, which has to be explained.
    static func answer(
        _ stored: MemberInMemory, _ conditions: ConditionalRequest, _ method: HTTPRequest.Method
    ) -> DAVResponse? {
        let tag = EntityTag(stored.member.etag.hex)
        var headers = validators(tag: tag, lastModified: stored.member.lastModified)
        let target = ConditionalRequest.Target(tag: tag, exists: true, lastModified: stored.member.lastModified)
        switch conditions.evaluate(for: target, isRead: true) {
        case .notModified: return DAVResponse(status: .notModified, headers: headers)
        case .failed: return nil
        case .proceed: break
        }
        let kind = ResourceKind(of: stored.member, in: stored.collectionType)
        headers[.contentType] = stored.member.contentType(as: kind)
        if kind == .card { headers[.vary] = "Accept" }
        return answer(stored.content, headers, method)
    }
}
