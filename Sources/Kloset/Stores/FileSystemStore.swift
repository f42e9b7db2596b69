public import ConnectorKit

/// A Kloset store in a folder of the local file system (format, section 2.1).
///
/// ```
/// CONFIG
/// packfiles/ab/ab…    64 lower-case hexadecimal digits, "ab" being the first two
/// states/ab/ab…
/// locks/ab…
/// ```
///
/// Every write goes to a temporary file, which is synced, renamed and made durable by syncing its folder before the
/// call returns. Files have mode 0600 and folders 0700.
public struct FileSystemStore: Store, PartReading {
    /// The absolute path of the folder.
    public let path: String
    /// Packfiles are read piece by piece, so the last ones stay open.
    private let packfiles = OpenFiles(capacity: 16)
    private let cache: SystemCache

    public init(path: String) { self.init(path: path, cachedBytes: 64 << 20) }

    /// - Parameter cachedBytes: so much of what is written, and of what is read in large parts, stays in the system's
    ///   memory.
    package init(path: String, cachedBytes: Int) {
        cache = SystemCache(share: cachedBytes)
        self.path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    }

    public var location: String { path }

    public var mode: StoreMode { [.readable, .writable] }

    /// Largest CONFIG that is read; real ones have below 1 KiB.
    private static let configurationLimit: UInt64 = 1 << 20

    // MARK: Configuration

    /// Makes the folders of a new store and writes its configuration last, so that a store that was cut off while
    /// being created is not taken for one. The folder must be empty or missing; what an interrupted creation left
    /// counts as empty.
    public func create(configuration: [UInt8]) async throws {
        try Folder.make(path, withAncestors: true)
        try await checkVacant()
        for bucket in [Bucket.packfiles, .states] {
            let root = "\(path)/\(bucket.rawValue)"
            try Folder.make(root, synchronized: false)
            for first in 0...255 as ClosedRange<UInt8> {
                try Folder.make("\(root)/\(hexadecimal(first))", synchronized: false)
            }
            try Folder.synchronize(root)
        }
        try Folder.make("\(path)/\(Bucket.locks.rawValue)", synchronized: false)
        try Folder.synchronize(path)
        try DurableFile.write(configuration, to: "\(path)/CONFIG", temporaryIn: path, replacing: false)
    }

    private func checkVacant() async throws {
        let names = Set(try Folder.entries(path).map(\.name).filter { !$0.hasPrefix("tmp.") })
        if names.contains("CONFIG") {
            throw ConnectorError(.alreadyExists, "There is a store in \(path) already.")
        }
        let ours: Set = [Bucket.packfiles.rawValue, Bucket.states.rawValue, Bucket.locks.rawValue]
        var isVacant = names.isSubset(of: ours)
        for resource in StoreResource.allCases where isVacant { isVacant = try await list(resource).isEmpty }
        guard isVacant else {
            throw ConnectorError(
                .alreadyExists, "\(path) is not empty.", advice: "Choose a new or an empty folder for the store.")
        }
    }

    public func open() async throws -> [UInt8] {
        do {
            return try DurableFile.read("\(path)/CONFIG", limit: Self.configurationLimit)
        } catch let error as ConnectorError where error.code == .notFound {
            throw ConnectorError(
                .notFound, "There is no Kloset store in \(path): it holds no file CONFIG.",
                advice: "Check the path, or create a store there.")
        }
    }

    // MARK: Objects

    public func list(_ resource: StoreResource) async throws -> [MAC] {
        let bucket = Bucket(resource)
        let root = "\(path)/\(bucket.rawValue)"
        if bucket == .locks { return try identifiers(in: root) }
        var result: [MAC] = []
        for entry in try present(root) where entry.isFolder {
            result.append(contentsOf: try identifiers(in: "\(root)/\(entry.name)"))
        }
        return result
    }

    public func put(_ resource: StoreResource, _ mac: MAC, _ bytes: [UInt8]) async throws {
        let bucket = Bucket(resource)
        try await blocking { try write(bytes, mac, in: bucket) }
        if bucket == .packfiles { packfiles.forget(mac) }
    }

    private func write(_ bytes: [UInt8], _ mac: MAC, in bucket: Bucket) throws {
        let file = path(of: mac, in: bucket)
        do {
            try DurableFile.write(bytes, to: file, temporaryIn: temporaryFolder(of: bucket))
        } catch let error as ConnectorError where error.code == .notFound {
            // Copies of a store, such as a git checkout, lose their empty folders.
            try Folder.make("\(path)/\(bucket.rawValue)")
            if bucket != .locks { try Folder.make(folder(of: mac, in: bucket)) }
            try DurableFile.write(bytes, to: file, temporaryIn: temporaryFolder(of: bucket))
        }
    }

    public func upload(_ resource: StoreResource, _ mac: MAC) async throws -> any StoreUpload {
        let bucket = Bucket(resource)
        // Copies of a store, such as a git checkout, lose their empty folders.
        try Folder.make("\(path)/\(bucket.rawValue)")
        if bucket != .locks { try Folder.make(folder(of: mac, in: bucket)) }
        return try FileUpload(
            of: mac, to: self.path(of: mac, in: bucket), temporaryIn: temporaryFolder(of: bucket), cache)
    }

    public func get(_ resource: StoreResource, _ mac: MAC, range: Range<UInt64>?) async throws -> [UInt8] {
        guard let range else { return try DurableFile.read(path(of: mac, in: Bucket(resource)), limit: nil) }
        let file = try opened(resource, mac)
        // What is fetched in small parts is metadata, which is wanted again.
        return try file.read(range, isCached: range.count < Self.largePart || cache.takesRead(of: range.count))
    }

    func get(_ packfile: MAC, range: Range<UInt64>, into bytes: inout [UInt8]) async throws {
        let file = try opened(.packfile, packfile)
        try file.read(range, isCached: range.count < Self.largePart || cache.takesRead(of: range.count), into: &bytes)
    }

    private static let largePart = 256 << 10

    public func size(of resource: StoreResource, _ mac: MAC) async throws -> UInt64? {
        try opened(resource, mac).size()
    }

    private func opened(_ resource: StoreResource, _ mac: MAC) throws -> OpenFile {
        let bucket = Bucket(resource)
        guard bucket == .packfiles else { return try OpenFile(path(of: mac, in: bucket)) }
        return try packfiles.file(mac) { try OpenFile(path(of: mac, in: bucket)) }
    }

    public func delete(_ resource: StoreResource, _ mac: MAC) async throws {
        if resource == .packfile { packfiles.forget(mac) }
        try DurableFile.remove(path(of: mac, in: Bucket(resource)))
    }

    public func close() async { packfiles.forgetAll() }

    // MARK: Names

    private enum Bucket: String {
        case packfiles
        case states
        case locks

        init(_ resource: StoreResource) {
            switch resource {
            case .packfile: self = .packfiles
            case .state: self = .states
            case .lock: self = .locks
            }
        }
    }

    private func folder(of mac: MAC, in bucket: Bucket) -> String {
        bucket == .locks ? "\(path)/locks" : "\(path)/\(bucket.rawValue)/\(mac.hex.prefix(2))"
    }

    private func path(of mac: MAC, in bucket: Bucket) -> String { "\(folder(of: mac, in: bucket))/\(mac.hex)" }

    /// Temporary files of packfiles and states lie beside the buckets, where no listing looks; those of locks in
    /// the root, because `locks` has no buckets.
    private func temporaryFolder(of bucket: Bucket) -> String {
        bucket == .locks ? path : "\(path)/\(bucket.rawValue)"
    }

    /// The files whose name is an identifier; anything else, like a temporary file that was left, does not count.
    private func identifiers(in folder: String) throws -> [MAC] {
        try present(folder).compactMap { $0.isFolder ? nil : MAC(hex: $0.name) }
    }

    /// A folder of the store. One that is missing is empty: copies through git lose empty folders.
    private func present(_ folder: String) throws -> [Folder.Entry] {
        do {
            return try Folder.entries(folder)
        } catch let error as ConnectorError where error.code == .notFound {
            return []
        }
    }
}

/// Two lower-case hexadecimal digits.
private func hexadecimal(_ byte: UInt8) -> String {
    let digits = String(byte, radix: 16)
    return byte < 16 ? "0" + digits : digits
}
