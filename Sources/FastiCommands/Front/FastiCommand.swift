internal import ArgumentParser

/// The root of the command line.
struct FastiCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fasti",
        abstract: "Calendars and address books that cannot get lost.",
        usage: "fasti [global options] [at LOCATION] COMMAND [options] [arguments]",
        discussion: """
            Commands that work on a store of snapshots take its location after "at". Without it, the store is the \
            value of FASTI_REPOSITORY, the default of stores.yml, or ~/.fasti. LOCATION may also be @NAME, a store \
            that was given a name.

            Examples:
              fasti source add my-caldav caldav://cal.example.org username=anna
              fasti at /var/backups create
              fasti at /var/backups backup @my-caldav
              fasti at /var/backups ls
              fasti at /var/backups restore --to @my-restore latest

            Options may stand anywhere and be written with one dash or two. The exit status is 0 for success, 3 for \
            finished but incomplete, 64 for a command line that cannot be understood, 65 for damaged data, 66 when \
            there is no store, 77 for a wrong passphrase, 78 for a store of a newer version, 1 for any other failure.
            """,
        groupedSubcommands: [
            CommandGroup(
                name: "Snapshot",
                subcommands: [
                    CreateCommand.self, BackupCommand.self, ListCommand.self, CatCommand.self, RestoreCommand.self,
                    DiffCommand.self, CheckCommand.self, InfoCommand.self, DigestCommand.self, RemoveCommand.self,
                    PruneCommand.self, LocateCommand.self, ExportCommand.self,
                ]),
            CommandGroup(
                name: "Store",
                subcommands: [
                    MaintenanceCommand.self, RepairCommand.self, SyncCommand.self, DuplicateCommand.self,
                    ArchiveCommand.self, PtarCommand.self,
                ]),
            CommandGroup(
                name: "Place",
                subcommands: [SourceCommand.self, DestinationCommand.self, StoreCommand.self, PolicyCommand.self]),
            CommandGroup(name: "Server", subcommands: serverCommands),
            CommandGroup(
                name: "Other",
                subcommands: [
                    VersionCommand.self, ManualCommand.self, CompletionCommand.self, CompleteCommand.self,
                ]),
        ])

    /// The commands of the calendar server.
    private static let serverCommands: [any ParsableCommand.Type] = [ServeCommand.self, UserCommand.self]

    /// The names of all commands, for a helpful word about a mistyped one.
    static var commandNames: [String] {
        var names = ["help"]
        for command in configuration.subcommands {
            names.append(command._commandName)
            names.append(contentsOf: command.configuration.aliases)
        }
        return names
    }
}
