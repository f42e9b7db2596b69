import ConnectorKit
import DAVClient

/// What the previous snapshot knows of a collection.
struct PreviousCollection: Sendable {
    let tree: any SnapshotTree
    let sidecar: CollectionSidecar
    /// The objects that the snapshot holds, sorted bytewise by name.
    let objects: [ObjectsSidecar.Object]
    /// Objects that its side file names and that it does not hold: left out by the user then.
    let absent: [ObjectsSidecar.Object]
    /// Whether it has nothing beside its objects and their side files.
    let isOrderly: Bool
    /// The side file of the objects as it is stored.
    let objectsFile: [UInt8]

    /// - Returns: nil when the snapshot does not have the collection, or has side files that cannot be read: that only
    ///   makes this backup read everything.
    init?(_ path: BytePath, in tree: any SnapshotTree) async throws {
        guard let sidecar = await Self.sidecar(of: path, in: tree),
            let objectsFile = await Self.content(ObjectsSidecar.fileName, path, tree),
            let known = SidecarCoding.decode(ObjectsSidecar.self, objectsFile)
        else { return nil }
        let names = try await tree.names(in: path)
        var present = names[...]
        var objects: [ObjectsSidecar.Object] = []
        var absent: [ObjectsSidecar.Object] = []
        objects.reserveCapacity(known.objects.count)
        // Both are sorted bytewise.
        for object in known.objects {
            let name = object.name.utf8
            while let first = present.first, first.lexicographicallyPrecedes(name) { present.removeFirst() }
            if let first = present.first, first.elementsEqual(name) {
                objects.append(object)
            } else {
                absent.append(object)
            }
        }
        self.tree = tree
        self.sidecar = sidecar
        self.objects = objects
        self.absent = absent
        isOrderly = absent.isEmpty && names.count == objects.count + 2
        self.objectsFile = objectsFile
    }

    /// What the snapshot says of the collection itself; nil when it does not have it.
    static func sidecar(of path: BytePath, in tree: any SnapshotTree) async -> CollectionSidecar? {
        await content(CollectionSidecar.fileName, path, tree).flatMap {
            SidecarCoding.decode(CollectionSidecar.self, $0)
        }
    }

    private static func content(
        _ name: String, _ path: BytePath, _ tree: any SnapshotTree
    ) async -> [UInt8]? {
        guard let file = path.appending(name) else { return nil }
        return try? await tree.content(at: file, limit: sidecarLimit)
    }
}
