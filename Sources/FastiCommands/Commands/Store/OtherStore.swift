internal import ArgumentParser
internal import FastiConfiguration
internal import Kloset

/// A second store that a command reads from or writes to. Its passphrase is that of its own entry, or asked for: key file
/// and environment belong to the store after `at` (plakar command line, section 7).
struct OtherStoreOptions: ParsableArguments {
    @Option(
        name: .customLong("other-keyfile"),
        help: ArgumentHelp("Read the passphrase of the other store from a file.", valueName: "file"),
        completion: .file())
    var keyfile: String?
}

extension CommandContext {
    /// - Throws: ``ConfigurationError`` for a name that nothing has; nothing is opened yet.
    func otherPlace(_ text: String) throws -> ResolvedPlace {
        try configuration.resolve(try PlaceReference(text), kind: .store, environment: environment)
    }

    func withOther<Result: Sendable>(
        _ place: ResolvedPlace, _ options: OtherStoreOptions, _ body: (Repository) async throws -> Result
    ) async throws -> Result {
        let search = PassphraseSearch(keyFile: options.keyfile, entry: place.values)
        return try await withRepository(at: place, passphraseFrom: search, body)
    }
}
