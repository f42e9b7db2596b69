package import ArgumentParser

/// A command of `fasti`: its options are parsed by the argument parser, what it runs in is handed to it.
///
/// A command conforms to this instead of implementing `run()`, and is listed in ``FastiCommand``.
package protocol ContextualCommand: AsyncParsableCommand, Sendable {
    var global: GlobalOptions { get }

    /// Whether `at LOCATION` has a meaning for it.
    static var worksOnStore: Bool { get }

    /// Whether it looks after SIGINT and SIGTERM itself, as a server does that ends gracefully. The others are
    /// cancelled as a task.
    static var handlesSignals: Bool { get }

    func run(in context: CommandContext) async throws -> ExitStatus
}

extension ContextualCommand {
    package static var worksOnStore: Bool { false }
    package static var handlesSignals: Bool { false }
}
