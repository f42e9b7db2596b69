import ConnectorKit
import DAVClient

/// One collection of a snapshot that is to be restored.
struct RestoreSource: Sendable {
    /// Where its objects lie in the tree.
    let directory: BytePath
    let sidecar: CollectionSidecar
    /// What the side file says of each object, by file name; empty for snapshots of other programs.
    let objects: [String: ObjectsSidecar.Object]
    /// Whether the snapshot had no side file, so that name and kind are a guess.
    let isFlat: Bool

    var kind: DAVCollectionKind { sidecar.kind }

    /// For messages.
    var title: String {
        sidecar.displayName ?? String(decoding: PercentEncoding.decode(sidecar.segment), as: UTF8.self)
    }

    // MARK: Reading a tree

    /// Finds every collection in a tree: ours with side files, at any depth, as well as plain folders of `.ics` or `.vcf`
    /// files such as the flat ones that plakar's connector writes. Two collections never become one.
    ///
    /// - Parameter flatName: the name for objects that lie at the root without a side file.
    static func all(in tree: any SnapshotTree, flatName: String) async throws -> [RestoreSource] {
        var sources: [RestoreSource] = []
        var pending: [(path: BytePath, depth: Int)] = [(.root, 0)]
        while let (directory, depth) = pending.popLast() {
            let names = try await tree.names(in: directory)
            if names.contains(where: { $0.elementsEqual(CollectionSidecar.fileName.utf8) }) {
                sources.append(try await ours(directory, tree))
                continue
            }
            for kind in DAVCollectionKind.allCases where names.contains(where: { isObject($0, kind) }) {
                sources.append(flat(directory, kind, flatName))
            }
            guard depth < 6 else { continue }
            for name in names where !DAVCollectionKind.allCases.contains(where: { isObject(name, $0) }) {
                if let child = directory.appending(name) { pending.append((child, depth + 1)) }
            }
        }
        return sources.sorted { $0.directory < $1.directory }
    }

    private static func ours(_ directory: BytePath, _ tree: any SnapshotTree) async throws -> RestoreSource {
        guard let file = directory.appending(CollectionSidecar.fileName),
            let bytes = try await tree.content(at: file, limit: sidecarLimit),
            let sidecar = SidecarCoding.decode(CollectionSidecar.self, bytes)
        else {
            throw ConnectorError(
                .corrupt, "\(directory)/\(CollectionSidecar.fileName) cannot be read.",
                advice: "It may come from a later version of this program.")
        }
        var objects: [String: ObjectsSidecar.Object] = [:]
        // An incomplete snapshot may lack this file; names tell enough then.
        if let file = directory.appending(ObjectsSidecar.fileName),
            let bytes = try await tree.content(at: file, limit: sidecarLimit),
            let known = ObjectsSidecar(decoding: bytes)
        {
            objects = Dictionary(known.objects.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        }
        return RestoreSource(directory: directory, sidecar: sidecar, objects: objects, isFlat: false)
    }

    private static func flat(_ directory: BytePath, _ kind: DAVCollectionKind, _ flatName: String) -> RestoreSource {
        let name = directory.isRoot ? Array(flatName.utf8) : directory.name
        let segment = PercentEncoding.encode(segment: name)
        let sidecar = CollectionSidecar(kind: kind, segment: segment, displayName: printable(name))
        return RestoreSource(directory: directory, sidecar: sidecar, objects: [:], isFlat: true)
    }

    static func isObject(_ name: [UInt8], _ kind: DAVCollectionKind) -> Bool {
        let ending = Array(".\(kind.fileExtension)".utf8)
        return name.count > ending.count && name.suffix(ending.count).elementsEqual(ending)
    }

    // MARK: Members

    /// The last segment of an object's address on the new server: the one it had.
    func segment(for name: [UInt8]) -> String {
        let text = String(decoding: name, as: UTF8.self)
        if let known = objects[text] {
            let last = known.href.split(separator: "/", omittingEmptySubsequences: true).last ?? ""
            let segment = last.prefix { $0 != "?" && $0 != "#" }
            if !segment.isEmpty { return Self.sound(String(segment)) }
        }
        if !isFlat, let segment = MemberName.segment(forName: text, ending: kind.fileExtension) {
            return Self.sound(segment)
        }
        return PercentEncoding.encode(segment: name)
    }

    /// Percent-encodes what must not stand bare, and leaves the rest as it is.
    private static func sound(_ segment: String) -> String {
        var result = ""
        for byte in segment.utf8 {
            if PercentEncoding.isSegmentByte(byte) || byte == UInt8(ascii: "%") {
                result.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                result += PercentEncoding.escape(byte)
            }
        }
        return result
    }
}
