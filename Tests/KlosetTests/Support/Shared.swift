import Foundation

/// Material outside the package that some tests read: real stores, and the independent verifier.
enum Shared {
    /// `FASTI_SHARED`, or the folder `shared` beside the package; nil when neither is there.
    static let folder: String? = {
        let package = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let path =
            ProcessInfo.processInfo.environment["FASTI_SHARED"]
            ?? package.deletingLastPathComponent().appendingPathComponent("shared").path
        return FileManager.default.fileExists(atPath: path) ? path : nil
    }()

    /// The folder of the stores that the Go engine wrote.
    static var stores: String? {
        guard let path = folder.map({ $0 + "/fixtures/kloset" }) else { return nil }
        return FileManager.default.fileExists(atPath: path) ? path : nil
    }

    /// What the fixtures' README says the passphrase is.
    static let passphrase = Array("correct horse battery staple".utf8)
}
