internal import ArgumentParser
internal import ConnectorKit
internal import FastiConfiguration
internal import Kloset
internal import KlosetFormat

struct CreateCommand: ContextualCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Make a new store for snapshots.",
        discussion: """
            The store is encrypted unless --plaintext is given. Its passphrase cannot be changed later, because the \
            key is derived from it, and without it nothing can be read: keep a copy where a fire does not reach it.

            Examples:
              fasti at /var/backups create
              fasti at @home create --hashing SHA256
              FASTI_PASSPHRASE=... fasti at /var/backups create
            """)

    static let worksOnStore = true

    @Flag(name: .customLong("plaintext"), help: "Do not encrypt: whoever can read the store can read everything.")
    var plaintext = false

    @Flag(
        name: [.customLong("weak-passphrase"), .customLong("no-strength-check")],
        help: "Accept a passphrase that is easy to guess.")
    var weakPassphrase = false

    @Option(name: .customLong("hashing"), help: ArgumentHelp("BLAKE3 or SHA256.", valueName: "algorithm"))
    var hashing = Hashing.blake3

    @Flag(name: .customLong("no-compression"), help: "Store everything as it is.")
    var noCompression = false

    @OptionGroup(title: "Global options") var global: GlobalOptions

    enum Hashing: String, ExpressibleByArgument, CaseIterable, Sendable {
        case blake3 = "BLAKE3"
        case sha256 = "SHA256"

        init?(argument: String) { self.init(rawValue: argument.uppercased().filter { $0 != "-" }) }
    }

    func validate() throws {
        if plaintext, global.keyfile != nil {
            throw ValidationError("--plaintext and --keyfile contradict each other.")
        }
    }

    func run(in context: CommandContext) async throws -> ExitStatus {
        let place = try context.storePlace()
        let store = try await context.registry.store(
            place.configuration(workingDirectory: context.workingDirectory))
        return try await context.closing(store.close) {
            try await refuseExisting(store, place, context)
            let passphrase = plaintext ? nil : try newPassphrase(place, context)
            var options = RepositoryOptions()
            options.hashing = hashing == .sha256 ? .sha256 : .blake3
            if noCompression { options.compression = .none }
            let repository = try await Repository.create(in: store, options, passphrase: passphrase)
            try show(repository, place, context)
            return .success
        }
    }

    /// Before anyone has to think of a passphrase.
    private func refuseExisting(_ store: any Store, _ place: ResolvedPlace, _ context: CommandContext) async throws {
        do {
            _ = try await store.open()
        } catch let error as ConnectorError where error.code == .notFound {
            return
        }
        throw ConnectorError(
            .alreadyExists, "There is a store in \(context.shown(place)) already.",
            advice: "Choose another location; this one is as it was.")
    }

    private func newPassphrase(_ place: ResolvedPlace, _ context: CommandContext) throws -> [UInt8] {
        if let found = try context.search(place).find() { return found.passphrase }
        context.note("The passphrase of a store cannot be changed, and nothing can be read without it.")
        guard let first = try Terminal.askSecretly("New passphrase for \(context.shown(place)): ") else {
            throw CommandError(
                .authentication, "There is no terminal to ask for a passphrase.",
                advice: "Give it with --keyfile or FASTI_PASSPHRASE, or make a store without one: --plaintext.")
        }
        guard !first.isEmpty else { throw CommandError(.weakPassphrase, "The passphrase is empty.") }
        let strength = PassphraseStrength(first)
        if !weakPassphrase, !strength.isSufficient { return try strongerThan(first, strength, context) }
        return try repeated(first)
    }

    /// Whoever types a weak passphrase again means it.
    private func strongerThan(
        _ weak: [UInt8], _ strength: PassphraseStrength, _ context: CommandContext
    ) throws -> [UInt8] {
        let judgement =
            "That passphrase is easy to guess: about \(Int(strength.bits)) bits, where "
            + "\(Int(PassphraseStrength.requiredBits)) are good."
        context.output.error(judgement)
        let next = try Terminal.askSecretly("A better one, or the same again to use it nevertheless: ") ?? []
        if next == weak {
            context.warn("the passphrase of this store is weak; whoever gets at the store can try to guess it.")
            return weak
        }
        guard PassphraseStrength(next).isSufficient else {
            throw CommandError(
                .weakPassphrase, next.isEmpty ? "The passphrase is empty." : "This one is easy to guess, too.")
        }
        return try repeated(next)
    }

    private func repeated(_ first: [UInt8]) throws -> [UInt8] {
        guard try Terminal.askSecretly("The same passphrase again: ") == first else {
            throw CommandError(.weakPassphrase, "The two passphrases differ.", advice: "Try again; nothing was made.")
        }
        return first
    }

    private func show(_ repository: Repository, _ place: ResolvedPlace, _ context: CommandContext) throws {
        let configuration = repository.configuration
        let compression = configuration.compression.map { $0.algorithm.description }
        guard !global.quiet || global.json else { return }
        if repository.isEncrypted {
            context.note(
                "Keep the passphrase and this line where a fire does not reach them: store \(repository.identifier) "
                    + "in \(context.shown(place)). To change a passphrase, make a new store and sync into it.")
        }
        try context.show(
            text: """
                Created \(repository.isEncrypted ? "an encrypted" : "a plaintext") store in \(context.shown(place)) \
                (\(configuration.hashing.algorithm), \(compression ?? "no compression")).
                """,
            json: [
                "version": .schemaVersion, "type": "create", "location": .string(context.shown(place)),
                "repository": .string("\(repository.identifier)"), "encrypted": .boolean(repository.isEncrypted),
                "hashing": .string("\(configuration.hashing.algorithm)"), "compression": .optional(compression),
            ])
    }
}
