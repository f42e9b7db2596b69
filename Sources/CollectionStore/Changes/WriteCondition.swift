/// In which state a member must be for a change to go ahead (RFC 9110, 13.1). Checked by the writer, so that nothing can
/// come between the check and the change.
package struct WriteCondition: Sendable {
    private let holds: @Sendable (Member?) -> Bool

    /// A rule of the caller's; it is given what the member is now, nil when there is none.
    package init(_ holds: @escaping @Sendable (Member?) -> Bool) { self.holds = holds }

    package static let any = WriteCondition { _ in true }
    /// `If-None-Match: *`
    package static let absent = WriteCondition { $0 == nil }
    /// `If-Match: *`
    package static let present = WriteCondition { $0 != nil }
    /// `If-Match` with tags.
    package static func matches(_ tags: Set<ETag>) -> WriteCondition {
        WriteCondition { member in member.map { tags.contains($0.etag) } ?? false }
    }
    /// `If-None-Match` with tags.
    package static func differs(from tags: Set<ETag>) -> WriteCondition {
        WriteCondition { member in member.map { !tags.contains($0.etag) } ?? true }
    }

    package func isMet(by member: Member?) -> Bool { holds(member) }
}
