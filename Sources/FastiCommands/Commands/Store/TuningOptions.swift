internal import ArgumentParser

/// plakar's ways to tune what a backup or a sync keeps where (plakar command line, section 11).
struct TuningOptions: ParsableArguments {
    enum Cache: String, ExpressibleByArgument, CaseIterable {
        case vfs
        case no
    }

    @Option(
        name: .customLong("cache"),
        help: ArgumentHelp("no: neither read nor write the cache folder.", valueName: "kind"))
    var cache = Cache.vfs

    @Option(name: .customLong("packfiles"), help: .hidden) var packfiles: String?

    /// The context as these options want it.
    func applied(to context: CommandContext) -> CommandContext {
        if packfiles != nil {
            context.note("--packfiles changes nothing here: packfiles go to the store while they are filled.")
        }
        var context = context
        context.usesCache = cache != .no
        return context
    }
}
