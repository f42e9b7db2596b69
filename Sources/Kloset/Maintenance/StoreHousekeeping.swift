import ConnectorKit

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// What a store can say and do beyond the interface that all stores have. Maintenance makes use of it where it is there.
protocol StoreHousekeeping: Store {
    /// Temporary files that a killed process has left behind.
    ///
    /// - Returns: their paths and sizes; only those last written before `time`.
    func leftovers(before time: Timestamp) throws -> [(path: String, size: UInt64)]

    func remove(leftover path: String) throws

    /// Removes what there is of packfiles that were never finished.
    func removeUploads(of packfiles: Set<MAC>) throws
}

extension FileSystemStore: StoreHousekeeping {
    func leftovers(before time: Timestamp) throws -> [(path: String, size: UInt64)] {
        var result: [(path: String, size: UInt64)] = []
        for folder in [path, "\(path)/packfiles", "\(path)/states"] {
            guard let entries = try? Folder.entries(folder) else { continue }
            for entry in entries where !entry.isFolder && entry.name.hasPrefix("tmp.") {
                let file = "\(folder)/\(entry.name)"
                var status = stat()
                guard lstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { continue }
                guard Timestamp(seconds: Int64(status.modificationTime), nanoseconds: 0) < time else { continue }
                result.append((file, UInt64(clamping: status.st_size)))
            }
        }
        return result
    }

    func remove(leftover path: String) throws { try DurableFile.remove(path) }

    func removeUploads(of packfiles: Set<MAC>) throws {
        let folder = "\(path)/packfiles"
        for entry in try Folder.entries(folder) where !entry.isFolder {
            guard let mac = FileUpload.packfile(ofTemporary: entry.name), packfiles.contains(mac) else { continue }
            try DurableFile.remove("\(folder)/\(entry.name)")
        }
    }
}

extension stat {
    /// Seconds since 1970.
    fileprivate var modificationTime: Int {
        #if canImport(Darwin)
            st_mtimespec.tv_sec
        #else
            st_mtim.tv_sec
        #endif
    }
}
