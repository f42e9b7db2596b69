package import ConnectorKit

#if canImport(Darwin)
    internal import Darwin
#else
    internal import Glibc
#endif

/// Folders and files of this machine as source and destination: `fs:PATH`, or just a path.
///
/// The one option is `dont_traverse_fs`, for sources: `true` leaves out other file systems that are mounted below.
package enum FileIntegration {
    package static let integration = Integration(
        name: "fs", schemes: ["fs"], flags: .localFileSystem,
        importer: { try FileImporter($0) },
        exporter: { try FileExporter($0) })

    /// Where a configuration points to.
    static func path(_ configuration: ConnectorConfiguration) throws(ConnectorError) -> BytePath {
        let text = configuration.location.rest
        guard !text.isEmpty else {
            throw ConnectorError(
                .invalidConfiguration, "The location has no path.", advice: "Write fs:/some/folder, or just the path.")
        }
        guard !text.utf8.contains(0) else {
            throw ConnectorError(.invalidConfiguration, "The path \"\(printable(Array(text.utf8)))\" contains NUL.")
        }
        return BytePath(text.hasPrefix("/") ? text : configuration.workingDirectory + "/" + text)
    }

    /// The name of this machine, which is where its files come from.
    static func hostName() -> String {
        var buffer = [CChar](repeating: 0, count: 256)
        guard gethostname(&buffer, buffer.count - 1) == 0 else { return "localhost" }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

extension ConnectorConfiguration {
    /// An option that nobody knows is a mistake, and perhaps a misspelt wish.
    func refuseOptions(besides known: [String], of what: String) throws(ConnectorError) {
        let unknown = options.keys.filter { !known.contains($0) && $0 != "location" }.sorted()
        guard !unknown.isEmpty else { return }
        throw ConnectorError(
            .invalidConfiguration, "There is no option \(unknown.joined(separator: ", ")) for \(what).",
            advice: known.isEmpty ? "It has no options." : "Its options are: \(known.joined(separator: ", ")).")
    }

    /// A yes or no; nil when the option is not given.
    func boolean(_ option: String) throws(ConnectorError) -> Bool? {
        guard let text = options[option] else { return nil }
        switch text.lowercased() {
        case "true", "t", "1": return true
        case "false", "f", "0": return false
        default:
            throw ConnectorError(
                .invalidConfiguration, "The option \(option) is neither true nor false.",
                advice: "Write \(option)=true or \(option)=false.")
        }
    }
}
