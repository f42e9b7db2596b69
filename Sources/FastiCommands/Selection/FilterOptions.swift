internal import ArgumentParser
internal import BackupEngine
internal import ConnectorKit

/// The options that say which snapshots a command is about (plakar command line, section 9).
struct FilterOptions: ParsableArguments {
    @Option(
        name: .customLong("before"),
        help: ArgumentHelp("Only from then or earlier: a date, a time, or how long ago.", valueName: "time"))
    var before: TimeExpression?

    @Option(name: .customLong("since"), help: ArgumentHelp("Only from then or later.", valueName: "time"))
    var since: TimeExpression?

    @Flag(name: .customLong("latest"), help: "Only the newest of those.")
    var latest = false

    @Option(
        name: .customLong("tag"),
        help: ArgumentHelp("Only with these tags, comma separated; !TAG excludes. May repeat.", valueName: "tags"))
    var tags: [String] = []

    @Option(name: .customLong("name"), help: ArgumentHelp("Only of this name.", valueName: "name"))
    var name: String?

    @Option(name: .customLong("category"), help: ArgumentHelp("Only of this category.", valueName: "text"))
    var category: String?

    @Option(name: .customLong("environment"), help: ArgumentHelp("Only of this environment.", valueName: "text"))
    var environment: String?

    @Option(name: .customLong("perimeter"), help: ArgumentHelp("Only of this perimeter.", valueName: "text"))
    var perimeter: String?

    @Option(name: .customLong("job"), help: ArgumentHelp("Only of this job.", valueName: "text"))
    var job: String?

    @Option(name: .customLong("dataset"), help: ArgumentHelp("Only of this data set.", valueName: "text"))
    var dataset: String?

    @Option(
        name: .customLong("type"),
        help: ArgumentHelp("Only of these kinds of source, such as fs. May repeat.", valueName: "types"))
    var types: [String] = []

    @Option(
        name: .customLong("origin"),
        help: ArgumentHelp("Only from these hosts or servers. May repeat.", valueName: "origins"))
    var origins: [String] = []

    @Option(
        name: .customLong("data-class"),
        help: ArgumentHelp("Only of these classes of data. May repeat.", valueName: "classes"))
    var dataClasses: [String] = []

    @Option(name: .customLong("root"), help: ArgumentHelp("Only of this directory.", valueName: "path"))
    var roots: [String] = []

    /// Whether nothing is asked for.
    var isEmpty: Bool { before == nil && since == nil && fill(SnapshotFilter()).isEmpty }

    /// The conditions, those of `base` where the command line says nothing.
    func filter(at moment: Moment, over base: SnapshotFilter = SnapshotFilter()) -> SnapshotFilter {
        var filter = fill(base)
        filter.before = before?.instant(at: moment) ?? base.before
        filter.since = since?.instant(at: moment) ?? base.since
        return filter
    }

    private func fill(_ base: SnapshotFilter) -> SnapshotFilter {
        var filter = base
        filter.name = name ?? base.name
        filter.category = category ?? base.category
        filter.environment = environment ?? base.environment
        filter.perimeter = perimeter ?? base.perimeter
        filter.job = job ?? base.job
        filter.dataset = dataset ?? base.dataset
        if !tags.isEmpty { filter.tags = tags.flatMap(CommaList.items) }
        if !types.isEmpty { filter.types = types.flatMap(CommaList.items) }
        if !origins.isEmpty { filter.origins = origins.flatMap(CommaList.items) }
        if !dataClasses.isEmpty { filter.dataClasses = dataClasses.flatMap(CommaList.items) }
        if !roots.isEmpty { filter.roots = roots.flatMap(CommaList.items) }
        filter.latestOnly = latest || base.latestOnly
        return filter
    }
}

extension TimeExpression: ExpressibleByArgument {
    package init?(argument: String) { self.init(argument) }
}

extension FilterOptions {
    /// The instants that were meant, for programs.
    func json(at moment: Moment) -> JSONValue {
        [
            "since": since.map { .time($0.instant(at: moment)) } ?? .null,
            "before": before.map { .time($0.instant(at: moment)) } ?? .null,
        ]
    }
}
