public import ConnectorKit

/// The built-in places where a Kloset store can be: a folder, and an archive.
public enum KlosetStores {
    /// Serves `fs:` (also a plain path) and `ptar:`. A path that ends in `.ptar` is an archive under either.
    public static var integrations: [Integration] {
        [
            Integration(name: "fs", schemes: ["fs"], flags: .localFileSystem, store: local),
            Integration(name: "ptar", schemes: ["ptar"], flags: [.localFileSystem, .file], store: archive),
        ]
    }

    private static let local: Integration.Maker<any Store> = { configuration in
        let path = try absolutePath(configuration)
        return path.hasSuffix(".ptar") ? PtarStore(path: path) : FileSystemStore(path: path)
    }

    private static let archive: Integration.Maker<any Store> = { configuration in
        PtarStore(path: try absolutePath(configuration))
    }

    private static func absolutePath(_ configuration: ConnectorConfiguration) throws -> String {
        let path = configuration.location.rest
        guard !path.isEmpty, !path.utf8.contains(0) else {
            throw ConnectorError(.invalidConfiguration, "The location of the store is empty or no path.")
        }
        return path.hasPrefix("/") ? path : "\(configuration.workingDirectory)/\(path)"
    }
}
