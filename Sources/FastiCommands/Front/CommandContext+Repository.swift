internal import ConnectorKit
internal import FastiConfiguration
internal import Kloset
internal import KlosetFormat

extension CommandContext {
    /// The store that the command works on.
    func storePlace() throws -> ResolvedPlace {
        let reference =
            try location.map { text throws(ConfigurationError) in try PlaceReference(text) }
            ?? configuration.defaultStore(environment: environment)
        return try configuration.resolve(reference, kind: .store, environment: environment)
    }

    /// Opens and unlocks the repository, and closes it when `body` is done.
    ///
    /// - Throws: ``CommandError`` with `.repository`, `.authentication` or `.incompatible` when it cannot be opened.
    func withRepository<Result: Sendable>(_ body: (Repository) async throws -> Result) async throws -> Result {
        let place = try storePlace()
        return try await withRepository(at: place, passphraseFrom: search(place), body)
    }

    /// The same for any store.
    ///
    /// - Parameter search: where its passphrase is looked for before anyone is asked.
    func withRepository<Result: Sendable>(
        at place: ResolvedPlace, passphraseFrom search: PassphraseSearch, _ body: (Repository) async throws -> Result
    ) async throws -> Result {
        let isLockless = try environmentFlag("LOCKLESS")
        trace(.repository, "opening \(shown(place))")
        let repository = try await opening(place) {
            let store = try await registry.store(place.configuration(workingDirectory: workingDirectory))
            let locked = try await LockedRepository.read(store)
            guard locked.isEncrypted else { return try await locked.unlock(passphrase: nil, cache: cache) }
            return try await unlock(locked, of: place, search)
        }
        trace(.repository, "opened \(repository.identifier)")
        if isLockless { repository.workWithoutLocks() }
        return try await closing(repository.close) { try await body(repository) }
    }

    private func unlock(
        _ locked: LockedRepository, of place: ResolvedPlace, _ search: PassphraseSearch
    ) async throws -> Repository {
        if let found = try search.find() {
            do {
                return try await locked.unlock(passphrase: found.passphrase, cache: cache)
            } catch let error as KlosetError where error.code == .authentication {
                throw CommandError(
                    .authentication, "The passphrase from \(found.origin) does not open \(shown(place)).")
            }
        }
        for attempt in 1...3 {
            guard let passphrase = try Terminal.askSecretly("Passphrase of \(shown(place)): ") else {
                throw CommandError(
                    .authentication, "\(shown(place)) needs a passphrase, and there is no terminal to ask for it.",
                    advice: "Give it with --keyfile, with FASTI_PASSPHRASE, or in the store's entry.")
            }
            do {
                return try await locked.unlock(passphrase: passphrase, cache: cache)
            } catch let error as KlosetError where error.code == .authentication {
                if attempt < 3 { output.error("That is not the passphrase.") }
            }
        }
        throw CommandError(.authentication, "Three passphrases did not open \(shown(place)).")
    }

    /// What is kept of stores between commands; without a cache folder nothing is.
    var cache: RepositoryCache? { usesCache ? cacheFolder.map { RepositoryCache(folder: $0) } : nil }

    func search(_ place: ResolvedPlace) -> PassphraseSearch {
        PassphraseSearch(keyFile: global.keyfile, entry: place.values, environment: environment)
    }

    /// A store as it may be printed.
    func shown(_ place: ResolvedPlace) -> String {
        place.name.map { "@\($0)" } ?? SecretKeys.redacted(location: place.location.description)
    }

    /// Errors while a store is being opened are about the store, whatever their code says elsewhere.
    private func opening<Result>(_ place: ResolvedPlace, _ body: () async throws -> Result) async throws -> Result {
        do {
            return try await body()
        } catch let error as KlosetError {
            let code: CommandError.Code =
                switch error.code {
                case .authentication: .authentication
                case .incompatible: .incompatible
                case .corrupt: .damagedStore
                default: .repository
                }
            throw CommandError(code, "Cannot open \(shown(place)): \(error.reason)", advice: error.advice)
        } catch let error as ConnectorError {
            let code: CommandError.Code = error.code == .authentication ? .authentication : .repository
            let advice =
                error.code == .notFound
                ? "Check the path, or make a store: fasti at \(shown(place)) create" : error.advice
            throw CommandError(code, "Cannot open \(shown(place)): \(error.reason)", advice: advice)
        }
    }
}
