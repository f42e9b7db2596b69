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
            let known = ObjectsSidecar(decoding: objectsFile)
        else { return nil }
        // The side files beside them. Nothing else gets there, so that equal numbers are equal names.
        isOrderly = try await tree.childCount(in: path) == known.objects.count + 2
        (objects, absent) =
            isOrderly ? (known.objects, []) : Self.sort(known.objects, present: try await tree.names(in: path))
        self.tree = tree
        self.sidecar = sidecar
        self.objectsFile = objectsFile
    }

    /// The objects that are there, and those that are not. Both lists are sorted bytewise.
    private static func sort(
        _ known: [ObjectsSidecar.Object], present names: [[UInt8]]
    ) -> (present: [ObjectsSidecar.Object], absent: [ObjectsSidecar.Object]) {
        var place = 0
        var present: [ObjectsSidecar.Object] = []
        var absent: [ObjectsSidecar.Object] = []
        for object in known {
            while place < names.count, names[place].lexicographicallyPrecedes(object.name.utf8) { place += 1 }
            if place < names.count, names[place].elementsEqual(object.name.utf8) {
                present.append(object)
                place += 1
            } else {
                absent.append(object)
            }
        }
        return (present, absent)
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
