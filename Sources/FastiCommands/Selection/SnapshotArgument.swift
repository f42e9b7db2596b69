internal import ArgumentParser
internal import BackupEngine

/// `ID`, `ID:PATH`, `latest`, `latest:PATH` or `/PATH` on the command line.
struct SnapshotArgument: ExpressibleByArgument, Hashable, Sendable {
    let text: String
    let reference: SnapshotReference

    init?(argument: String) {
        guard let reference = SnapshotReference(argument) else { return nil }
        text = argument
        self.reference = reference
    }
}

extension Sequence<SnapshotArgument> {
    /// - Throws: a usage error for a path in a snapshot where only whole ones make sense.
    func requireWholeSnapshots(_ reason: String) throws {
        for target in self where target.reference.path != nil {
            throw ValidationError("\"\(target.text)\": \(reason)")
        }
    }
}

/// Items with commas between them and blanks around them.
enum CommaList {
    static func items(_ text: String) -> [String] {
        text.split(separator: ",").map { item in
            String(item.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
        }.filter { !$0.isEmpty }
    }
}
