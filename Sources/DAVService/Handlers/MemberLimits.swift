import CollectionStore
import HTTPTypes
import WebDAV

/// How large a member may be, and whether there is room for it.
enum MemberLimits {
    /// What must stay free on the disk: git needs some room to write at all.
    private static let reserve = 16 << 20

    /// - Throws: 403 `max-resource-size` (RFC 4791, 5.3.2.1; RFC 6352, 6.3.2.1), 507 `quota-not-exceeded` (RFC 4331, 6).
    static func check(_ size: Int, for type: CollectionType?, _ context: DAVContext) throws(DAVError) {
        guard size <= context.options.maxResourceSize else {
            throw DAVError(
                .forbidden, type == .addressbook ? .carddavMaxResourceSize : .caldavMaxResourceSize,
                "The member has \(size) bytes; at most \(context.options.maxResourceSize) are stored.")
        }
        try checkRoom(for: size, context)
    }

    /// - Throws: 507 `quota-not-exceeded` (RFC 4331, 6).
    static func checkRoom(for size: Int, _ context: DAVContext) throws(DAVError) {
        if let available = context.options.availableBytes?(), available < size + reserve {
            throw DAVError(
                .insufficientStorage, .quotaNotExceeded, "There is no room left for \(size) bytes on the server's disk."
            )
        }
    }
}
