internal import ArgumentParser
internal import Glibc

/// Options of Xandikos: those with a meaning here, and those without, so that its command lines go on working.
struct XandikosOptions: ParsableArguments {
    @Flag(name: .customLong("debug"), help: "Log more (environment: LOG_LEVEL).") var debug = false

    @Flag(name: .customLong("no-strict"), help: ArgumentHelp(XandikosOptions.unused, visibility: .hidden))
    var noStrict = false
    @Flag(
        name: .customLong("dump-dav-xml"),
        help:
            "Print the XML of requests and answers, to look for a fault. It tells what people have in their calendars.")
    var dumpXML = false
    @Flag(name: .customLong("eager"), help: ArgumentHelp(XandikosOptions.unused, visibility: .hidden)) var eager = false
    @Flag(name: .customLong("paranoid"), help: ArgumentHelp(XandikosOptions.unused, visibility: .hidden)) var paranoid =
        false
    @Flag(name: .customLong("no-detect-systemd"), help: ArgumentHelp(XandikosOptions.unused, visibility: .hidden))
    var noSystemd = false
    @Option(name: .customLong("index-threshold"), help: ArgumentHelp(XandikosOptions.unused, visibility: .hidden))
    var threshold: Int?
    @Option(name: .customLong("state-dir"), help: ArgumentHelp(XandikosOptions.unused, visibility: .hidden))
    var stateFolder: String?

    @Flag(
        name: .customLong("autocert"),
        help: ArgumentHelp("Understood, to say what to use instead.", visibility: .hidden))
    var autocert = false
    @Option(
        name: .customLong("htpasswd"),
        help: ArgumentHelp(
            "Ask for the names and passwords of a file made by htpasswd: as --users.", valueName: "file"),
        completion: .file())
    var htpasswd: String?
    @Option(
        name: .customLong("socket-mode"),
        help: ArgumentHelp("Permissions of the Unix socket, octal: 660.", valueName: "mode"))
    var socketMode: String?
    @Option(
        name: .customLong("socket-group"),
        help: ArgumentHelp("The group that the Unix socket belongs to, by name or number.", valueName: "group"))
    var socketGroup: String?

    func validate() throws {
        guard !autocert else {
            throw ValidationError(
                "This server does not fetch certificates. Let certbot or another ACME client do it and give the files "
                    + "with --tls-certificate and --tls-key (SIGHUP reads them again), or put a proxy in front that "
                    + "does it, such as Caddy.")
        }
        guard socketMode == nil || permissions != nil else {
            throw ValidationError("--socket-mode takes an octal number such as 660.")
        }
        if let socketGroup, group == nil { throw ValidationError("There is no group \(socketGroup).") }
    }

    /// nil when none were given, or nonsense.
    var permissions: UInt32? {
        socketMode.flatMap { UInt32($0, radix: 8) }.flatMap { $0 <= 0o777 ? $0 : nil }
    }

    /// The number of the group; nil when none was given, or there is no such group.
    var group: UInt32? { socketGroup.flatMap { UInt32($0) ?? getgrnam($0)?.pointee.gr_gid } }

    private static let unused = "Understood, and without effect."
}

/// The environment variables of Xandikos's container.
struct ServerEnvironment {
    private let variables: [String: String]

    init(_ variables: [String: String]) { self.variables = variables }

    /// nil when the variable is not set or empty.
    func text(_ name: String) -> String? { variables[name].flatMap { $0.isEmpty ? nil : $0 } }

    func path(_ name: String) -> String? { text(name).map { $0.hasPrefix("/") ? $0 : "/" + $0 } }

    /// The container's switches; what is neither yes nor no is an error.
    func flag(_ name: String) throws(CommandError) -> Bool {
        switch (text(name) ?? "no").lowercased() {
        case "1", "true", "yes", "on": return true
        case "0", "false", "no", "off": return false
        default:
            throw CommandError.usage(
                "The environment variable \(name) is \"\(variables[name] ?? "")\"; it can be true or false.")
        }
    }

    /// What AUTOCREATE says: the words of Xandikos's WSGI module, and those of its container.
    func autocreate() throws(CommandError) -> (principal: Bool, defaults: Bool) {
        switch text("AUTOCREATE")?.lowercased() {
        case "defaults": (true, true)
        case "empty", "principal": (true, false)
        default: (try flag("AUTOCREATE"), false)
        }
    }

    func port(_ name: String) throws(CommandError) -> Int? {
        guard let text = text(name) else { return nil }
        guard let number = Int(text), (0...65_535).contains(number) else {
            throw CommandError.usage("The environment variable \(name) is \"\(text)\", which is no port.")
        }
        return number
    }
}
