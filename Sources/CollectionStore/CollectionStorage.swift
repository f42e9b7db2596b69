/// Where collections are kept: the seam between the protocol handlers and a storage.
///
/// A change is durable when the function that makes it returns. Nodes and views are immutable: what a request has looked
/// up stays as it was for that request.
package protocol CollectionStorage: Sendable {
    /// What is at a path. Throws only for damage and failing disks; a path that names nothing is `.missing`.
    func node(at path: CollectionPath) async throws(CollectionStoreError) -> Node

    /// The member at a path with its content, if both are known to be as they are now and neither another task nor the disk
    /// has to be waited for; nil says nothing.
    func memberAtOnce(at path: CollectionPath) -> MemberInMemory?

    /// Names of the collections and plain directories directly below a directory or collection, in the order of bytes.
    /// Throws `.notFound`.
    func children(of path: CollectionPath) async throws(CollectionStoreError) -> [String]

    /// Creates a collection with its metadata. Throws `.alreadyExists`, `.parentMissing`, `.invalidProperty`.
    @discardableResult
    func createCollection(
        at path: CollectionPath, type: CollectionType, properties: CollectionProperties, by author: ChangeAuthor
    ) async throws(CollectionStoreError) -> any CollectionView

    /// Creates a plain directory (a principal). Throws `.alreadyExists`, `.parentMissing`.
    func createDirectory(at path: CollectionPath) async throws(CollectionStoreError)

    /// Creates what is missing of a principal: its directory, homes, a calendar, an address book, inbox and outbox.
    func createDefaults(principal: CollectionPath, by author: ChangeAuthor) async throws(CollectionStoreError)

    /// Changes the settings of a principal's directory. Throws `.notFound`.
    func updatePrincipal(
        at path: CollectionPath, _ change: @Sendable (inout PrincipalSettings) -> Void
    ) async throws(CollectionStoreError)

    /// Removes a collection or a plain directory and everything below it. Throws `.notFound`.
    func deleteCollection(at path: CollectionPath, by author: ChangeAuthor) async throws(CollectionStoreError)

    /// Creates or replaces a member. The bytes are kept exactly as they are.
    /// Throws `.notFound` (no such collection), `.preconditionFailed`, `.uidConflict`, `.invalidContent`,
    /// `.unsupportedComponent`, `.alreadyExists` (a collection has that name).
    func put(
        _ bytes: [UInt8], as name: MemberName, in collection: CollectionPath, if condition: WriteCondition,
        by author: ChangeAuthor
    ) async throws(CollectionStoreError) -> PutOutcome

    /// Removes a member. Throws `.notFound`, `.preconditionFailed`.
    func delete(
        _ name: MemberName, in collection: CollectionPath, if condition: WriteCondition, by author: ChangeAuthor
    ) async throws(CollectionStoreError)

    /// Gives a member another name in its collection, with its properties, in one commit; what had the name is replaced.
    /// `replacing` is about that. Throws as `put`.
    @discardableResult
    func rename(
        _ name: MemberName, to new: MemberName, in collection: CollectionPath, if condition: WriteCondition,
        replacing: WriteCondition, by author: ChangeAuthor
    ) async throws(CollectionStoreError) -> PutOutcome

    /// Gives a collection, or a plain directory, another place, with all that is below it and with its history.
    /// Throws `.notFound`, `.alreadyExists`, `.parentMissing`, `.invalidName` when the new place is inside the old one.
    func moveCollection(
        from path: CollectionPath, to target: CollectionPath, by author: ChangeAuthor
    ) async throws(CollectionStoreError)

    /// Changes properties: all that `change` does in one commit, or nothing. What `change` throws is thrown on.
    func updateProperties(
        at path: CollectionPath, by author: ChangeAuthor,
        _ change: @escaping @Sendable (inout CollectionProperties) throws(CollectionStoreError) -> Void
    ) async throws(CollectionStoreError)
}

extension CollectionStorage {
    package func memberAtOnce(at path: CollectionPath) -> MemberInMemory? { nil }
}

/// A member, with what is needed to give it to somebody.
package struct MemberInMemory: Sendable {
    package let member: Member
    package let collectionType: CollectionType
    package let content: [UInt8]
}

/// What a path names.
package enum Node: Sendable {
    case missing
    /// A plain directory: the root, a principal, a directory of principals.
    case directory(DirectoryView)
    case collection(any CollectionView)
    case member(Member, in: any CollectionView)
}

/// A plain directory as it is now.
package struct DirectoryView: Sendable {
    package let path: CollectionPath
    /// The defaults when the directory has no settings of its own.
    package let settings: PrincipalSettings
    /// Seconds since 1970.
    package let lastModified: Int64

    package init(path: CollectionPath, settings: PrincipalSettings, lastModified: Int64) {
        self.path = path
        self.settings = settings
        self.lastModified = lastModified
    }
}

/// What a `put` did.
package struct PutOutcome: Hashable, Sendable {
    /// Whether the member did not exist before.
    package let created: Bool
    /// False when the stored content was equal already; nothing was written then.
    package let changed: Bool
    package let etag: ETag

    package init(created: Bool, changed: Bool, etag: ETag) {
        self.created = created
        self.changed = changed
        self.etag = etag
    }
}
