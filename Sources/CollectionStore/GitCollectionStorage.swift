/// Collections kept as git repositories below one directory, laid out as Xandikos lays them out.
package struct GitCollectionStorage: CollectionStorage {
    /// The data directory.
    package let root: String

    /// Throws `.notFound` when there is no such directory and `.inputOutput` when it cannot be read.
    package init(root: String) throws(CollectionStoreError) {
        self.root = root
    }

    private var unfinished: CollectionStoreError { CollectionStoreError(.inputOutput, "not there yet") }

    package func node(at path: CollectionPath) async throws(CollectionStoreError) -> Node { throw unfinished }
    package func children(of path: CollectionPath) async throws(CollectionStoreError) -> [String] { throw unfinished }
    package func createCollection(
        at path: CollectionPath, type: CollectionType, properties: CollectionProperties, by author: ChangeAuthor
    ) async throws(CollectionStoreError) -> any CollectionView { throw unfinished }
    package func createDirectory(at path: CollectionPath) async throws(CollectionStoreError) { throw unfinished }
    package func createDefaults(principal: CollectionPath, by author: ChangeAuthor) async throws(CollectionStoreError) {
        throw unfinished
    }
    package func updatePrincipal(
        at path: CollectionPath, _ change: @Sendable (inout PrincipalSettings) -> Void
    ) async throws(CollectionStoreError) { throw unfinished }
    package func deleteCollection(at path: CollectionPath, by author: ChangeAuthor) async throws(CollectionStoreError) {
        throw unfinished
    }
    package func put(
        _ bytes: [UInt8], as name: MemberName, in collection: CollectionPath, if condition: WriteCondition,
        by author: ChangeAuthor
    ) async throws(CollectionStoreError) -> PutOutcome { throw unfinished }
    package func delete(
        _ name: MemberName, in collection: CollectionPath, if condition: WriteCondition, by author: ChangeAuthor
    ) async throws(CollectionStoreError) { throw unfinished }
    package func updateProperties(
        at path: CollectionPath, by author: ChangeAuthor,
        _ change: @escaping @Sendable (inout CollectionProperties) throws(CollectionStoreError) -> Void
    ) async throws(CollectionStoreError) { throw unfinished }
}
