internal import BackupEngine
internal import ConnectorKit
internal import DAVClient
internal import DAVConnector
internal import Kloset
internal import KlosetFormat
internal import ObjectMeaning

/// What changed between two snapshots of calendars and contacts, for people: objects are known by their UIDs, wherever
/// and under whatever name they lie.
struct MeaningDiff {
    /// What happened to one collection.
    struct CollectionChange {
        var directory: BytePath
        var title: String
        var noun: String
        var change: SnapshotDiff.Change
        var predicates: [String]
    }

    struct Item {
        /// The collection it is in now, or was in.
        var directory: BytePath
        var path: BytePath
        var change: Change
        var object: ObjectDescription
        var sentences: [String]
    }

    enum Change: String {
        case added, removed, changed, moved
    }

    let old: SnapshotDiff.Place
    let new: SnapshotDiff.Place
    private let times: TimeWords
    private(set) var collections: [CollectionChange] = []
    private(set) var items: [Item] = []
    /// Paths of changed files that are no objects, or cannot be read as such.
    private(set) var others: [DiffLog.Item] = []
    private var titles: [BytePath: (title: String, noun: String)] = [:]

    init(_ old: SnapshotDiff.Place, _ new: SnapshotDiff.Place, _ times: TimeWords) {
        self.old = old
        self.new = new
        self.times = times
    }

    /// Whether both are snapshots of accounts, ours or of plakar's connector.
    static func isNatural(_ old: SnapshotDiff.Place, _ new: SnapshotDiff.Place) -> Bool {
        [old, new].allSatisfy { place in
            let type =
                place.snapshot.header.source.map { String(decoding: $0.importer.type.bytes, as: UTF8.self) } ?? ""
            return type.hasPrefix("dav") || type.hasPrefix("caldav") || type.hasPrefix("carddav")
        }
    }

    // MARK: Comparing

    /// One changed file with what can be read of it.
    private struct Side {
        let path: BytePath
        let bytes: [UInt8]
        let object: ObjectDescription
        let kind: ObjectKind

        var key: String? { object.uid.map { "\(kind) \($0)" } }
    }

    mutating func run(_ changes: [DiffLog.Item]) async throws {
        var removed: [Side] = []
        var added: [Side] = []
        for item in changes {
            if item.path.name.elementsEqual(CollectionSidecar.fileName.utf8) {
                try await compareCollection(item)
            } else if item.path.name.elementsEqual(ObjectsSidecar.fileName.utf8) {
                continue
            } else if item.kind == .file, let kind = ObjectKind(fileName: item.path.name) {
                try await compareObject(item, kind, &removed, &added)
            } else if item.kind != .directory {
                others.append(item)
            }
        }
        try await settle(removed, added)
        items.sort {
            ($0.directory, $0.change.order, $0.object.title) < ($1.directory, $1.change.order, $1.object.title)
        }
        collections.sort { $0.directory < $1.directory }
    }

    private mutating func compareObject(
        _ item: DiffLog.Item, _ kind: ObjectKind, _ removed: inout [Side], _ added: inout [Side]
    ) async throws {
        let before = item.change == .added ? nil : try await side(old, item.path, kind)
        let after = item.change == .removed ? nil : try await side(new, item.path, kind)
        switch (before, after) {
        case (let before?, let after?) where before.key == after.key:
            guard let change = ObjectChange(from: before.bytes, to: after.bytes, kind, times) else { return }
            append(.changed, after, change.sentences, change.object)
        case (nil, nil): others.append(item)
        default:
            if let before { removed.append(before) }
            if let after { added.append(after) }
        }
    }

    private func side(_ place: SnapshotDiff.Place, _ path: BytePath, _ kind: ObjectKind) async throws -> Side? {
        guard let bytes = try await place.snapshot.boundedContent(at: path.joined(to: place.path)),
            let object = ObjectDescription(bytes, kind, times)
        else { return nil }
        return Side(path: path, bytes: bytes, object: object, kind: kind)
    }

    /// Objects that are gone at one place and have come at another were moved.
    private mutating func settle(_ removed: [Side], _ added: [Side]) async throws {
        var open: [String: [Side]] = [:]
        for side in removed { if let key = side.key { open[key, default: []].append(side) } }
        var matched: Set<BytePath> = []
        for side in added {
            guard let key = side.key, let from = open[key]?.popLast() else {
                append(.added, side, [], side.object)
                continue
            }
            matched.insert(from.path)
            let change = ObjectChange(from: from.bytes, to: side.bytes, side.kind, times)
            if from.path.parent == side.path.parent {
                // The server gave it another name; nobody sees that.
                if let change { append(.changed, side, change.sentences, change.object) }
                continue
            }
            let (source, target) = (try await title(from.path.parent), try await title(side.path.parent))
            let words = "\(from.object.title) moved from \(source.noun) \"\(source.title)\" to \"\(target.title)\""
            append(.moved, side, [words] + (change?.sentences ?? []), side.object)
        }
        for side in removed where !matched.contains(side.path) { append(.removed, side, [], side.object) }
        for item in items { _ = try await title(item.directory) }
    }

    private mutating func append(_ change: Change, _ side: Side, _ sentences: [String], _ object: ObjectDescription) {
        items.append(
            Item(
                directory: side.path.parent ?? .root, path: side.path, change: change, object: object,
                sentences: sentences))
    }

    // MARK: Collections

    private mutating func compareCollection(_ item: DiffLog.Item) async throws {
        let before = item.change == .added ? nil : try await sidecar(old, item.path)
        let after = item.change == .removed ? nil : try await sidecar(new, item.path)
        let directory = item.path.parent ?? .root
        guard let any = after ?? before else { return others.append(item) }
        let name = try await title(directory)
        switch (before, after) {
        case (nil, _?): add(directory, any, name.title, .added, [])
        case (_?, nil): add(directory, any, name.title, .removed, [])
        case (let before?, let after?):
            let predicates = before.changes(to: after)
            guard !predicates.isEmpty else { return }
            add(directory, any, before.displayName ?? name.title, .changed, predicates)
        case (nil, nil): break
        }
    }

    private mutating func add(
        _ directory: BytePath, _ sidecar: CollectionSidecar, _ title: String, _ change: SnapshotDiff.Change,
        _ predicates: [String]
    ) {
        collections.append(
            CollectionChange(
                directory: directory, title: title, noun: sidecar.kind.noun, change: change, predicates: predicates))
    }

    private func sidecar(_ place: SnapshotDiff.Place, _ path: BytePath) async throws -> CollectionSidecar? {
        guard let bytes = try await place.snapshot.boundedContent(at: path.joined(to: place.path)) else { return nil }
        return CollectionSidecar(decoding: bytes)
    }

    /// What people call a folder: as it is called now, else as it was.
    private mutating func title(_ directory: BytePath?) async throws -> (title: String, noun: String) {
        let directory = directory ?? .root
        if let known = titles[directory] { return known }
        var found: (title: String, noun: String) = (printable(directory.name), "folder")
        if directory.isRoot { found.title = "the root" }
        for place in [new, old] {
            guard let file = directory.appending(CollectionSidecar.fileName),
                try await place.snapshot.entry(at: file.joined(to: place.path)) != nil,
                let sidecar = try await sidecar(place, file)
            else { continue }
            found = (sidecar.displayName ?? printable(directory.name), sidecar.kind.noun)
            break
        }
        titles[directory] = found
        return found
    }

    /// For headings; known for every directory that has an item.
    func heading(_ directory: BytePath) -> String {
        let (title, noun) = titles[directory] ?? (printable(directory.name), "folder")
        return "\(noun.prefix(1).uppercased() + noun.dropFirst()) \"\(title)\""
    }
}

extension MeaningDiff.Change {
    /// What came, what went, what changed.
    fileprivate var order: Int {
        switch self {
        case .added: 0
        case .removed: 1
        case .moved: 2
        case .changed: 3
        }
    }
}
