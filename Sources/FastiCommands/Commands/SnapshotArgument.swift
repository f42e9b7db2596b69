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

/// The options that choose snapshots.
struct SelectionOptions: ParsableArguments {
    @Option(
        name: .customLong("tag"),
        help: ArgumentHelp("Only with these tags, comma separated; !TAG excludes. May repeat.", valueName: "tags"))
    var tags: [String] = []

    @Option(name: .customLong("name"), help: ArgumentHelp("Only of this name.", valueName: "name"))
    var name: String?

    @Option(
        name: .customLong("type"), help: ArgumentHelp("Only of these kinds of source, such as fs.", valueName: "types"))
    var types: [String] = []

    @Option(name: .customLong("origin"), help: ArgumentHelp("Only from these hosts or servers.", valueName: "origins"))
    var origins: [String] = []

    @Option(name: .customLong("root"), help: ArgumentHelp("Only of this directory.", valueName: "path"))
    var roots: [String] = []

    @Flag(name: .customLong("latest"), help: "Only the newest of those.")
    var latest = false

    var filter: SnapshotFilter {
        var filter = SnapshotFilter()
        filter.tags = tags.flatMap(Self.list)
        filter.name = name
        filter.types = types.flatMap(Self.list)
        filter.origins = origins.flatMap(Self.list)
        filter.roots = roots
        filter.latestOnly = latest
        return filter
    }

    /// A comma list with blanks around its items.
    static func list(_ text: String) -> [String] {
        text.split(separator: ",").map { $0.drop { $0 == " " } }.map { item in
            String(item.reversed().drop { $0 == " " }.reversed())
        }.filter { !$0.isEmpty }
    }
}
