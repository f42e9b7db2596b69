internal import Accounts
internal import ArgumentParser
internal import CollectionStore
internal import ConnectorKit
internal import DAVService
internal import GitTransport
internal import HTTPFront
internal import Logging
internal import ServiceLifecycle
internal import UnixSignals

/// `fasti serve`: the CalDAV and CardDAV server.
struct ServeCommand: ContextualCommand {
    static let handlesSignals = true

    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Serve calendars and address books over CalDAV and CardDAV.",
        discussion: """
            The data folder is laid out as Xandikos lays it out: each collection is a git repository of .ics or .vcf \
            files, and every change is a commit.

            Without a users file everybody who can connect is the one user of this server, so it listens on this \
            machine only. With --users, people log in, and the principal of user NAME is /NAME/.

            Examples:
              fasti serve --defaults -d ~/dav
              fasti user add --users ~/dav/users anna
              fasti serve --defaults -d ~/dav --users ~/dav/users --listen-address 0.0.0.0 --port 8080
              fasti serve --defaults -d ~/dav --users ~/dav/users -l :: --tls-certificate chain.pem --tls-key key.pem
              fasti serve --defaults -d ~/dav --snapshots /var/backups --snapshot-interval 6h

            The options and environment variables of Xandikos are understood.
            """)

    @Option(
        name: [.short, .customLong("directory"), .customLong("directory", withSingleDash: true)],
        help: ArgumentHelp("The data folder (environment: DATA_DIR).", valueName: "folder"), completion: .directory)
    var directory: String?

    @OptionGroup(title: "Security") var security: ServerSecurityOptions

    @OptionGroup(title: "Of Xandikos") var xandikos: XandikosOptions

    @OptionGroup var later: XandikosLaterOptions

    @Flag(name: .customLong("defaults"), help: "Create what is missing: the folder, a calendar and an address book.")
    var defaults = false

    @Flag(name: .customLong("autocreate"), help: "Create what is missing, but no calendar and no address book.")
    var autocreate = false

    @Option(
        name: .customLong("current-user-principal"),
        help: ArgumentHelp(
            "The principal of the one user, without a users file: /user/ (environment: CURRENT_USER_PRINCIPAL).",
            valueName: "path"))
    var givenPrincipal: String?

    @Option(
        name: .customLong("users"),
        help: ArgumentHelp("Ask for names and passwords, and check them against this file.", valueName: "file"),
        completion: .file())
    var users: String?

    @Option(
        name: [.customShort("l"), .customLong("listen-address"), .customLong("listen-address", withSingleDash: true)],
        help: ArgumentHelp(
            "Address to listen on, 127.0.0.1 if not given; one with a / is a Unix socket (environment: LISTEN_ADDRESS).",
            valueName: "address"))
    var givenAddress: String?

    @Option(
        name: [.short, .customLong("port"), .customLong("port", withSingleDash: true)],
        help: ArgumentHelp("Port to listen on; 0 takes a free one (environment: PORT).", valueName: "number"))
    var port: Int?

    @Option(
        name: .customLong("route-prefix"),
        help: ArgumentHelp(
            "What every path begins with, as a reverse proxy passes it on (environment: ROUTE_PREFIX).",
            valueName: "path"))
    var givenPrefix: String?

    @Option(
        name: .customLong("metrics-port"),
        help: ArgumentHelp(
            "Answer /health and /metrics (Prometheus) on this port of the same address (environment: METRICS_PORT).",
            valueName: "number"))
    var metricsPort: Int?

    @Flag(
        name: .customLong("without-authentication"),
        help: "Serve other machines without asking who they are. Everybody who can connect can change everything.")
    var withoutAuthentication = false

    @Option(
        name: .customLong("snapshots"),
        help: ArgumentHelp(
            "Keep snapshots of everything in this store; it is created when missing, encrypted if FASTI_PASSPHRASE is "
                + "set.", valueName: "location"))
    var snapshots: String?

    @Option(
        name: .customLong("snapshot-interval"),
        help: ArgumentHelp("How often to look for changes worth a snapshot: 30m, 6h, 1d.", valueName: "time"))
    var snapshotInterval = Interval(seconds: 3600)

    @Option(
        name: .customLong("max-resource-size"),
        help: ArgumentHelp("The largest object that is taken, in MiB.", valueName: "number"))
    var maxResourceSize = 10

    @Option(
        name: .customLong("quota"),
        help: ArgumentHelp("What the collections of one user may hold together, in MiB.", valueName: "number"))
    var quota: Int?

    @OptionGroup(title: "Global options") var global: GlobalOptions

    func validate() throws {
        if let quota, !(1...(1 << 30)).contains(quota) { throw ValidationError("--quota must be at least 1.") }
        if let port, !(0...65_535).contains(port) { throw ValidationError("--port must be between 0 and 65535.") }
        guard (1...512).contains(maxResourceSize) else {
            throw ValidationError("--max-resource-size must be between 1 and 512.")
        }
        if let metricsPort, !(0...65_535).contains(metricsPort) {
            throw ValidationError("--metrics-port must be between 0 and 65535.")
        }
        guard givenPrincipal?.contains("%(") != true else {
            throw ValidationError(
                "--current-user-principal is one path here. Where people log in, the principal of each is /NAME/: see "
                    + "--users and --trust-x-remote-user-from.")
        }
        guard givenPrincipal?.hasPrefix("/") ?? true, givenPrefix?.hasPrefix("/") ?? true else {
            throw ValidationError("Paths of the server begin with a slash.")
        }
    }

    func run(in context: CommandContext) async throws -> ExitStatus {
        let setup = try setup(context)
        let folder = try context.dataFolder(directory)
        let environment = ServerEnvironment(context.environment)
        for name in ["NO_STRICT", "PARANOID", "EAGER"] { _ = try environment.flag(name) }
        let dumpsXML =
            try xandikos.dumpXML || environment.flag("DUMP_DAV_XML") || environment.flag("XANDIKOS_DUMP_DAV_XML")
        for warning in try later.warnings(environment) { context.warn(warning) }
        let storage = try await openStorage(folder, setup)
        let logger = try logger(context)
        let service = DAVService(storage: storage, options: try options(context, folder, setup), logger: logger)
        let gate = try gate(setup.address, context)
        let certificate = try security.certificate(context)
        let schedule: SnapshotSchedule? =
            if let snapshots {
                try await SnapshotSchedule(
                    store: snapshots, interval: snapshotInterval, service: service, routePrefix: setup.prefix,
                    storage: storage, usersFile: usersFile.map(context.absolute), context: context)
            } else { nil }

        let metrics = RequestMetrics()
        let executable = GitExecutable.find(in: context.environment["PATH"] ?? "/usr/bin:/bin")
        let git = GitTransport(
            storage: storage, executable: executable, largestMember: maxResourceSize << 20, logger: logger)
        let server = try FastiServer(
            service: service, git: git, gate: gate, address: setup.address, certificate: certificate, metrics: metrics,
            largestBody: maxResourceSize << 20 + 1 << 20, dumpsXML: dumpsXML, logger: logger
        ) { port in
            try? Welcome(
                folder: folder, address: setup.address, isSecure: certificate != nil, port: port,
                routePrefix: setup.prefix, principal: isSingleUser ? setup.principal : nil, snapshots: snapshots,
                interval: snapshotInterval
            ).show(in: context)
            ServiceManager.notify(.ready, at: context.environment["NOTIFY_SOCKET"])
        }
        let packing = RepositoryPacking(storage, executable: executable, logger: logger)
        var services: [ServiceGroupConfiguration.ServiceConfiguration] = [
            .init(service: server), .init(service: Housekeeping(packing: packing, logger: logger)),
        ]
        if let schedule { services.insert(.init(service: schedule), at: 0) }
        if let certificate {
            services.append(.init(service: CertificateRenewal(certificate: certificate, logger: logger)))
        }
        if let port = setup.metricsPort {
            let host = if case .host(let host, _) = setup.address { host } else { "127.0.0.1" }
            services.append(.init(service: MetricsServer(host: host, port: port, metrics: metrics, logger: logger)))
        }
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: services, gracefulShutdownSignals: [.sigint, .sigterm], logger: logger))
        do {
            try await group.run()
        } catch {
            throw CommandError(
                .inputOutput, "The server on \(setup.address) stopped: \(error)",
                advice: "Is another program using the port? --port 0 takes a free one.")
        }
        ServiceManager.notify(.stopping, at: context.environment["NOTIFY_SOCKET"])
        // git has everything before this process is gone.
        try await storage.close()
        context.note("Stopped.")
        return .success
    }

    /// Options, or what the environment says in their place.
    private struct Setup {
        var address: ListenAddress
        var principal: String
        var prefix: String
        var metricsPort: Int?
        /// What is created when it is missing.
        var autocreate: DAVOptions.Autocreate
    }

    private func setup(_ context: CommandContext) throws -> Setup {
        let environment = ServerEnvironment(context.environment)
        let wanted = try environment.autocreate()
        let hasDefaults = try defaults || wanted.defaults || environment.flag("DEFAULTS")
        return Setup(
            address: try address(context, environment),
            principal: givenPrincipal ?? environment.path("CURRENT_USER_PRINCIPAL") ?? "/user/",
            prefix: givenPrefix ?? environment.path("ROUTE_PREFIX") ?? "/",
            metricsPort: try metricsPort ?? environment.port("METRICS_PORT"),
            autocreate: hasDefaults ? .defaults : autocreate || wanted.principal ? .principal : .never)
    }

    /// Nobody logs in.
    private var isSingleUser: Bool { usersFile == nil && !security.trustsProxies }

    private var usersFile: String? { users ?? xandikos.htpasswd }

    private func address(_ context: CommandContext, _ environment: ServerEnvironment) throws -> ListenAddress {
        if try !xandikos.noSystemd && !environment.flag("NO_DETECT_SYSTEMD"),
            let sockets = try activatedSockets(context)
        {
            guard sockets.isLocal || !isSingleUser || withoutAuthentication else {
                throw Self.openDoor("these sockets")
            }
            return .activated(sockets)
        }
        let port = try port ?? environment.port("PORT") ?? 8080
        let listenAddress = givenAddress ?? environment.text("LISTEN_ADDRESS") ?? "127.0.0.1"
        let address: ListenAddress =
            listenAddress.contains("/")
            ? .unixSocket(listenAddress, mode: xandikos.permissions, group: xandikos.group)
            : .host(listenAddress, port: port)
        guard address.isLocal || !isSingleUser || withoutAuthentication else {
            throw Self.openDoor(listenAddress)
        }
        return address
    }

    private static func openDoor(_ address: String) -> CommandError {
        CommandError.usage(
            "Listening on \(address) lets other machines connect, and nobody would ask them who they are.",
            advice: "Add --users FILE (\"fasti user add\" makes one), or insist with --without-authentication.")
    }

    private func activatedSockets(_ context: CommandContext) throws -> ActivatedSockets? {
        do {
            return try ActivatedSockets(environment: context.environment)
        } catch {
            throw CommandError(.inputOutput, "The sockets of the service manager cannot be used: \(error)")
        }
    }

    private func openStorage(_ folder: String, _ setup: Setup) async throws -> GitCollectionStorage {
        if setup.autocreate != .never { try DataFolder.create(folder) }
        let storage = try GitCollectionStorage(root: folder, journaled: true)
        guard isSingleUser, setup.autocreate != .never else { return storage }
        let principal = try CollectionPath(setup.principal)
        let author = ChangeAuthor(user: nil, userAgent: nil)
        if setup.autocreate == .defaults {
            try await storage.createDefaults(principal: principal, by: author)
        } else if case .missing = try await storage.node(at: principal) {
            try await storage.createDirectory(at: principal)
        }
        return storage
    }

    private func options(_ context: CommandContext, _ folder: String, _ setup: Setup) throws -> DAVOptions {
        DAVOptions(
            routePrefix: setup.prefix.hasSuffix("/") ? setup.prefix : setup.prefix + "/",
            singleUserPrincipal: isSingleUser ? try CollectionPath(setup.principal) : nil,
            autocreate: setup.autocreate, maxResourceSize: maxResourceSize << 20,
            addresses: context.environment["EMAIL"].map { $0.isEmpty ? [] : ["mailto:\($0)"] } ?? [],
            quota: quota.map { $0 << 20 }, availableBytes: { DataFolder.availableBytes(folder) })
    }

    private func gate(_ address: ListenAddress, _ context: CommandContext) throws -> RequestGate {
        let proxies = try security.proxies()
        if let users = usersFile {
            return RequestGate(.basic(try Authenticator(usersFile: context.absolute(users))), proxies: proxies)
        }
        if let proxies { return RequestGate(.proxiesOnly, proxies: proxies) }
        // A web page may point a name of its own at this machine; only this machine's own names are answered.
        guard address.isLocal else { return RequestGate(.open(hosts: nil)) }
        switch address {
        case .host(let host, _): return RequestGate(.open(hosts: ["localhost", "127.0.0.1", "::1", host]))
        case .activated(let sockets):
            return RequestGate(.open(hosts: sockets.areUnix ? nil : ["localhost", "127.0.0.1", "::1"]))
        case .unixSocket: return RequestGate(.open(hosts: nil))
        }
    }

    private func logger(_ context: CommandContext) throws -> Logger {
        let isDebugging = try xandikos.debug || ServerEnvironment(context.environment).flag("DEBUG")
        var logger = Logger(label: "fasti", factory: StreamLogHandler.standardError(label:))
        logger.logLevel =
            context.environment["LOG_LEVEL"].flatMap(Logger.Level.init(rawValue:))
            ?? (isDebugging ? .debug : .warning)
        return logger
    }
}

extension CommandContext {
    /// The data folder of the server, absolute.
    fileprivate func dataFolder(_ given: String?) throws -> String {
        guard let folder = given ?? environment["DATA_DIR"], !folder.isEmpty else {
            throw CommandError.usage(
                "Where are the calendars? The option -d FOLDER is missing.",
                advice: "For instance: fasti serve --defaults -d ~/dav")
        }
        return absolute(folder)
    }

    func absolute(_ path: String) -> String {
        path.hasPrefix("/") ? path : "\(workingDirectory)/\(path)"
    }
}
