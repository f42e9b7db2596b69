internal import Foundation

/// The folder that holds the collections.
enum DataFolder {
    /// Creates the folder, and those above it, for its owner alone.
    static func create(_ path: String) throws(CommandError) {
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw CommandError(
                .inputOutput, "The data folder \(path) could not be created: \(error.localizedDescription)",
                advice: "Choose another one with -d.")
        }
    }
}
