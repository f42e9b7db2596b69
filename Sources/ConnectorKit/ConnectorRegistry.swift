/// What a connector is built from: the location, and the other keys of its entry in the configuration files
/// together with the options of the command line, which win.
public struct ConnectorConfiguration: Sendable {
    public var location: Location
    /// Every key but `location`. Values may be secrets: they must not be printed.
    public var options: [String: String]
    /// An absolute path that relative local paths start from.
    public var workingDirectory: String
    /// An absolute path of a folder, which need not exist yet, where a connector keeps what it must remember of an
    /// account, such as tokens. For its owner only. nil when nothing can be kept.
    public var stateDirectory: String?

    public init(
        location: Location, options: [String: String] = [:], workingDirectory: String = "/",
        stateDirectory: String? = nil
    ) {
        self.location = location
        self.options = options
        self.workingDirectory = workingDirectory
        self.stateDirectory = stateDirectory
    }
}

/// One kind of connector, built in or from a package: which schemes it serves and how it is made.
/// A connector of one family usually offers only some of the three roles.
public struct Integration: Sendable {
    public typealias Maker<Role> = @Sendable (ConnectorConfiguration) async throws -> Role

    public var name: String
    public var schemes: [String]
    public var flags: LocationFlags
    public var importer: Maker<any Importer>?
    public var exporter: Maker<any Exporter>?
    public var store: Maker<any Store>?

    public init(
        name: String, schemes: [String], flags: LocationFlags = [], importer: Maker<any Importer>? = nil,
        exporter: Maker<any Exporter>? = nil, store: Maker<any Store>? = nil
    ) {
        self.name = name
        self.schemes = schemes
        self.flags = flags
        self.importer = importer
        self.exporter = exporter
        self.store = store
    }
}

/// The integrations that a program knows, looked up by scheme and role.
public struct ConnectorRegistry: Sendable {
    public private(set) var integrations: [Integration]

    public init(_ integrations: [Integration]) { self.integrations = integrations }

    public func importer(_ configuration: ConnectorConfiguration) async throws -> any Importer {
        try await maker(configuration.location.scheme, \.importer, role: "source")(configuration)
    }

    public func exporter(_ configuration: ConnectorConfiguration) async throws -> any Exporter {
        try await maker(configuration.location.scheme, \.exporter, role: "destination")(configuration)
    }

    public func store(_ configuration: ConnectorConfiguration) async throws -> any Store {
        try await maker(configuration.location.scheme, \.store, role: "store")(configuration)
    }

    /// What a connector may be for.
    public enum Purpose: Hashable, Sendable {
        case source
        case destination
        case store
    }

    /// Whether there is a connector of that purpose for a scheme, before anything is built.
    ///
    /// - Throws: ``ConnectorError`` `unsupported`, naming the schemes that there are.
    public func require(_ purpose: Purpose, for scheme: String) throws {
        switch purpose {
        case .source: _ = try maker(scheme, \.importer, role: "source")
        case .destination: _ = try maker(scheme, \.exporter, role: "destination")
        case .store: _ = try maker(scheme, \.store, role: "store")
        }
    }

    private func maker<Role>(
        _ scheme: String, _ path: KeyPath<Integration, Integration.Maker<Role>?>, role: String
    ) throws -> Integration.Maker<Role> {
        for integration in integrations where integration.schemes.contains(scheme) {
            if let maker = integration[keyPath: path] { return maker }
        }
        let known = integrations.filter { $0[keyPath: path] != nil }.flatMap(\.schemes).sorted()
        // What people copy out of the settings of another program.
        let isCalendarServer = ["http", "https"].contains(scheme) && known.contains("caldav")
        throw ConnectorError(
            .unsupported, "There is no \(role) for \"\(scheme):\".",
            advice: (isCalendarServer ? "The address of a calendar server begins with caldav:// in its place. " : "")
                + "Known here: \(known.joined(separator: ", ")).")
    }
}
