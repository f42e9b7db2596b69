import ConnectorKit
import DAVClient
import XMLStream

/// What happens to objects that are in a collection before the restore.
enum RestorePolicy: Sendable {
    /// There are none, and whatever comes up meanwhile is somebody else's.
    case new
    /// They are from an earlier run of the same restore.
    case resume
    case merge
    case overwrite
    case exact
}

/// Where a collection of the snapshot goes.
struct RestoreTarget: Sendable {
    let url: DAVURL
    let kind: DAVCollectionKind
    let policy: RestorePolicy
    var outline: RestoreOutline
    /// Its members before the restore, by address.
    var existing: [[UInt8]: Member] = [:]
    /// Those of them that no object of the snapshot has the address of, by UID.
    var strangers: [String: Member] = [:]
    /// Addresses that objects of the snapshot have, or stand for.
    var claimed: Set<[UInt8]> = []
    /// The name to give when everything is there; nil when the name stays.
    var finalName: String?
    /// What the next run recognises this one's work by; nil for collections that were there before.
    var mark: RestoreMark?
    /// What was asked of the collection itself, to be compared with what it has in the end.
    var wanted: [PropertyElement] = []
    /// Properties that the server refused.
    var refused: [String] = []
    /// Whether it only stands for a calendar elsewhere, so that no object goes into it.
    var isSubscription = false
    var tally = RestoreTally()

    init(_ url: DAVURL, _ source: RestoreSource, _ policy: RestorePolicy) {
        self.url = url
        kind = source.kind
        self.policy = policy
        outline = RestoreOutline(directory: source.directory, title: source.title, place: url.path)
    }

    /// Gives an object its address.
    ///
    /// - Returns: the address, and what is in its way.
    mutating func claim(_ segment: String, uid: String?) -> (existing: Member?, url: DAVURL) {
        var url = url.appending(segment: segment)
        // Two folders that go to one collection may use one name for different objects.
        var number = 2
        while claimed.contains(url.resourceKey) {
            url = self.url.appending(segment: "\(number)-" + segment)
            number += 1
        }
        let existing = existing(at: url, uid: uid)
        claimed.insert(url.resourceKey)
        if let existing { claimed.insert(existing.url.resourceKey) }
        return (existing, url)
    }

    /// What is in the snapshot's way, or has its place already.
    func existing(at address: DAVURL, uid: String?) -> Member? {
        existing[address.resourceKey] ?? uid.flatMap { strangers[$0] }
    }

    /// Members that the snapshot has nothing to do with, in the order of their addresses.
    var others: [Member] {
        existing.values.filter { !claimed.contains($0.url.resourceKey) }
            .sorted { $0.href.utf8.lexicographicallyPrecedes($1.href.utf8) }
    }
}
