internal import Foundation
internal import Glibc

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

    /// What the file system has left for this account; nil when it does not say.
    static func availableBytes(_ path: String) -> Int? {
        var status = statvfs()
        guard statvfs(path, &status) == 0 else { return nil }
        let (bytes, overflow) = Int(status.f_bavail).multipliedReportingOverflow(by: Int(status.f_frsize))
        return overflow ? Int.max : bytes
    }
}
