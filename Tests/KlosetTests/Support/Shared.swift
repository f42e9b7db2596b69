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

extension Shared {
    /// A copy of a fixture that may be changed, with the folders that git does not keep.
    ///
    /// - Returns: the path of the copy.
    static func copy(_ name: String, to folder: String) throws -> String {
        let source = (stores ?? "") + "/" + name
        let path = folder + "/" + name
        let files = FileManager.default
        for relative in [""] + (try files.subpathsOfDirectory(atPath: source)) {
            var isFolder: ObjCBool = false
            _ = files.fileExists(atPath: source + "/" + relative, isDirectory: &isFolder)
            if isFolder.boolValue {
                try files.createDirectory(atPath: path + "/" + relative, withIntermediateDirectories: true)
            } else {
                let bytes = try Data(contentsOf: URL(fileURLWithPath: source + "/" + relative))
                try bytes.write(to: URL(fileURLWithPath: path + "/" + relative))
            }
        }
        for bucket in ["packfiles", "states"] {
            for number in 0..<256 {
                let name = String(number + 256, radix: 16).dropFirst()
                try files.createDirectory(atPath: "\(path)/\(bucket)/\(name)", withIntermediateDirectories: true)
            }
        }
        try files.createDirectory(atPath: path + "/locks", withIntermediateDirectories: true)
        return path
    }
}
