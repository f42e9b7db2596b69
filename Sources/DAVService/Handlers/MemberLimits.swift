import CollectionStore
import HTTPTypes
import WebDAV

/// How large a member may be, and whether there is room for it.
enum MemberLimits {
    /// What must stay free on the disk: git needs some room to write at all.
    private static let reserve = 16 << 20

    /// - Parameter path: where it is to be.
    /// - Throws: 403 `max-resource-size` (RFC 4791, 5.3.2.1; RFC 6352, 6.3.2.1), 507 `quota-not-exceeded` (RFC 4331, 6).
    static func check(
        _ size: Int, at path: CollectionPath, for type: CollectionType?, _ context: DAVContext
    ) async throws {
        guard size <= context.options.maxResourceSize else {
            throw DAVError(
                .forbidden, type == .addressbook ? .carddavMaxResourceSize : .caldavMaxResourceSize,
                "The member has \(size) bytes; at most \(context.options.maxResourceSize) are stored.")
        }
        try await checkRoom(for: size, at: path, context)
    }

    /// Whether members may have so many bytes more, less what is at the path already.
    /// - Throws: 507 `quota-not-exceeded` (RFC 4331, 6).
    static func checkRoom(for size: Int, at path: CollectionPath, _ context: DAVContext) async throws {
        if let available = context.options.availableBytes?(), available < size + reserve {
            throw DAVError(
                .insufficientStorage, .quotaNotExceeded, "There is no room left for \(size) bytes on the server's disk."
            )
        }
        guard let limit = context.options.quota, let owner = context.owner(of: path) else { return }
        if let used = context.quotas.used(owner), used + size <= limit {
            context.quotas.add(size, to: owner)
            return
        }
        let used = try await Quota.used(by: owner, context)
        context.quotas.set(used + size, for: owner)
        let old = try await context.resource(at: path)?.member?.size ?? 0
        guard used - old + size <= limit || size <= old else {
            context.quotas.set(used, for: owner)
            throw DAVError(
                .insufficientStorage, .quotaNotExceeded,
                "\(owner.name) may store \(limit) bytes and has \(used); \(size) more are too many.")
        }
    }
}
