package import KlosetFormat

/// What came of a backup.
package struct BackupSummary: Sendable {
    package var header: SnapshotHeader
    package var counts: Counts
    package var failures: JobFailures
    /// Why the snapshot is incomplete, apart from single failures; in words.
    package var gaps: [String]
    /// Bytes that the store has grown by, after compression and encryption.
    package var bytesStored: UInt64
    /// Whether an earlier snapshot of the same source was found, so that only changes had to be read.
    package var hasParent: Bool
    package var duration: Duration

    package var isComplete: Bool { failures.isEmpty && gaps.isEmpty }

    package struct Counts: Sendable {
        package var files = 0
        package var directories = 0
        /// Links, devices, extended attributes.
        package var others = 0
        /// Files that are as in the parent snapshot.
        package var unchanged = 0
        /// Bytes of content that were read.
        package var bytes: UInt64 = 0

        package init() {}

        /// Those of a source in which nothing has changed.
        init(unchanged header: SnapshotHeader) {
            let summary = header.sources.first?.summary ?? Summary()
            let (here, below) = (summary.directory.counts, summary.below.counts)
            files = Int(clamping: here.files &+ below.files)
            // With the root, which no directory counts.
            directories = Int(clamping: here.directories &+ below.directories &+ 1)
            unchanged = files
        }
    }
}
