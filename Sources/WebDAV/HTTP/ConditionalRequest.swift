package import HTTPTypes

/// The conditional header fields of a request (RFC 9110, 13).
package struct ConditionalRequest: Sendable {
    package let ifMatch: EntityTagCondition?
    package let ifNoneMatch: EntityTagCondition?
    /// Seconds since 1970.
    package let ifModifiedSince: Int64?
    /// Seconds since 1970.
    package let ifUnmodifiedSince: Int64?

    /// - Throws: 400 for malformed tags. Dates that cannot be read are ignored, as RFC 9110 asks.
    package init(_ headers: HTTPFields) throws(DAVError) {
        func tags(_ name: HTTPField.Name) throws(DAVError) -> EntityTagCondition? {
            guard let value = headers[name] else { return nil }
            return try EntityTagCondition(header: value)
        }
        ifMatch = try tags(.ifMatch)
        ifNoneMatch = try tags(.ifNoneMatch)
        ifModifiedSince = headers[.ifModifiedSince].flatMap(HTTPDate.parse)
        ifUnmodifiedSince = headers[.ifUnmodifiedSince].flatMap(HTTPDate.parse)
    }

    package var isEmpty: Bool {
        ifMatch == nil && ifNoneMatch == nil && ifModifiedSince == nil && ifUnmodifiedSince == nil
    }

    /// What the fields are compared with.
    package struct Target: Sendable {
        /// nil when nothing is there, or what is there has no tag.
        package let tag: EntityTag?
        package let exists: Bool
        /// Seconds since 1970, when known.
        package let lastModified: Int64?

        package init(tag: EntityTag?, exists: Bool, lastModified: Int64? = nil) {
            self.tag = tag
            self.exists = exists
            self.lastModified = lastModified
        }
    }

    package enum Outcome: Hashable, Sendable {
        case proceed
        /// 304, only for GET and HEAD.
        case notModified
        /// 412; names the field that failed.
        case failed(String)
    }

    /// Evaluates the fields in the order of RFC 9110, 13.2.2.
    package func evaluate(for target: Target, isRead: Bool) -> Outcome {
        switch ifMatch {
        case .any: if !target.exists { return .failed("If-Match") }
        case .tags(let tags):
            guard let tag = target.tag, tags.contains(where: { $0.matchesStrongly(tag) }) else {
                return .failed("If-Match")
            }
        case nil:
            if let limit = ifUnmodifiedSince, let modified = target.lastModified, modified > limit {
                return .failed("If-Unmodified-Since")
            }
        }
        let isSame: Bool
        switch ifNoneMatch {
        case .any: isSame = target.exists
        case .tags(let tags): isSame = target.tag.map { tag in tags.contains { $0.matchesWeakly(tag) } } ?? false
        case nil:
            if isRead, let limit = ifModifiedSince, let modified = target.lastModified, modified <= limit {
                return .notModified
            }
            return .proceed
        }
        guard isSame else { return .proceed }
        return isRead ? .notModified : .failed("If-None-Match")
    }
}
