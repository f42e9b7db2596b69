internal import ArgumentParser
internal import BackupEngine
internal import ConnectorKit

/// What a new snapshot is called, and when it is said to be from.
struct HeaderOptions: ParsableArguments {
    @Option(name: .customLong("name"), help: ArgumentHelp("The name of the snapshot.", valueName: "name"))
    var name = "default"

    @Option(
        name: .customLong("tag"),
        help: ArgumentHelp("Tags of the snapshot, comma separated. May repeat.", valueName: "tags"))
    var tags: [String] = []

    @Option(name: .customLong("category"), help: ArgumentHelp("A category, to select by.", valueName: "text"))
    var category = ""

    @Option(name: .customLong("environment"), help: ArgumentHelp("An environment, to select by.", valueName: "text"))
    var environment = ""

    @Option(name: .customLong("perimeter"), help: ArgumentHelp("A perimeter, to select by.", valueName: "text"))
    var perimeter = ""

    @Option(name: .customLong("job"), help: ArgumentHelp("A job, to select by.", valueName: "text"))
    var job = ""

    @Option(name: .customLong("dataset"), help: ArgumentHelp("A data set, to select by.", valueName: "text"))
    var dataset = ""

    @Option(
        name: .customLong("force-timestamp"),
        help: ArgumentHelp("Say that the snapshot is from then.", valueName: "time"))
    var time: TimeExpression?

    mutating func validate() throws {
        let moment = Moment(now: .now, calendar: .system)
        if let time, time.instant(at: moment) > moment.now {
            throw ValidationError("--force-timestamp \(time.text) is in the future.")
        }
        for text in [name, category, environment, perimeter, job, dataset] where text.utf8.count > 4096 {
            throw ValidationError("A field of the snapshot is longer than 4096 bytes.")
        }
    }

    func apply(to options: inout BackupOptions, _ context: CommandContext) {
        options.name = name
        options.category = category
        options.environment = environment
        options.perimeter = perimeter
        options.job = job
        options.dataset = dataset
        options.tags = tags.flatMap(CommaList.items)
        if options.tags.isEmpty {
            let fromEnvironment = [context.environment["FASTI_TAGS"], context.environment["PLAKAR_TAGS"]]
            options.tags = CommaList.items(fromEnvironment.compactMap(\.self).first { !$0.isEmpty } ?? "")
        }
        if let time {
            let moment = context.moment
            options.start = time.instant(at: moment)
            context.note("--force-timestamp \(time.text): \(time.understood(at: moment))")
        }
        options.context = context.recordedContext
    }
}
