internal import ArgumentParser

/// Options of Xandikos that have no meaning here, so that its command lines go on working.
struct XandikosOptions: ParsableArguments {
    @Flag(name: .customLong("debug"), help: "Log more (environment: LOG_LEVEL).") var debug = false

    @Flag(name: .customLong("no-strict"), help: ArgumentHelp(XandikosOptions.unused, visibility: .hidden))
    var noStrict = false
    @Flag(name: .customLong("dump-dav-xml"), help: ArgumentHelp(XandikosOptions.unused, visibility: .hidden))
    var dumpXML = false
    @Flag(name: .customLong("avahi"), help: ArgumentHelp(XandikosOptions.unused, visibility: .hidden)) var avahi = false
    @Flag(name: .customLong("eager"), help: ArgumentHelp(XandikosOptions.unused, visibility: .hidden)) var eager = false
    @Flag(name: .customLong("paranoid"), help: ArgumentHelp(XandikosOptions.unused, visibility: .hidden)) var paranoid =
        false
    @Flag(name: .customLong("no-detect-systemd"), help: ArgumentHelp(XandikosOptions.unused, visibility: .hidden))
    var noSystemd = false
    @Option(name: .customLong("index-threshold"), help: ArgumentHelp(XandikosOptions.unused, visibility: .hidden))
    var threshold: Int?
    @Option(name: .customLong("state-dir"), help: ArgumentHelp(XandikosOptions.unused, visibility: .hidden))
    var stateFolder: String?

    private static let unused = "Understood, and without effect."
}

/// The environment variables of Xandikos's container.
struct ServerEnvironment {
    private let variables: [String: String]

    init(_ variables: [String: String]) { self.variables = variables }

    /// nil when the variable is not set or empty.
    func text(_ name: String) -> String? { variables[name].flatMap { $0.isEmpty ? nil : $0 } }

    func path(_ name: String) -> String? { text(name).map { $0.hasPrefix("/") ? $0 : "/" + $0 } }

    func port(_ name: String) throws(CommandError) -> Int? {
        guard let text = text(name) else { return nil }
        guard let number = Int(text), (0...65_535).contains(number) else {
            throw CommandError.usage("The environment variable \(name) is \"\(text)\", which is no port.")
        }
        return number
    }
}
