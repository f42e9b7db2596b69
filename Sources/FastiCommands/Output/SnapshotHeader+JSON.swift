internal import BackupEngine
internal import ConnectorKit
internal import KlosetFormat

extension SnapshotHeader {
    /// Bytes of all regular files.
    var totalSize: UInt64 {
        guard let summary = source?.summary else { return 0 }
        return summary.directory.counts.size.addingReportingOverflow(summary.below.counts.size).partialValue
    }

    /// Regular files.
    var totalFiles: UInt64 {
        guard let summary = source?.summary else { return 0 }
        return summary.directory.counts.files.addingReportingOverflow(summary.below.counts.files).partialValue
    }

    /// Paths that could not be read.
    var totalErrors: UInt64 {
        guard let summary = source?.summary else { return 0 }
        return summary.directory.counts.errors.addingReportingOverflow(summary.below.counts.errors).partialValue
    }

    var json: JSONValue {
        let importer = source?.importer
        return [
            "identifier": .string(identifier.hex), "timestamp": .time(timestamp),
            "milliseconds": .count(duration / 1_000_000), "name": .string("\(name)"),
            "category": .string("\(category)"), "environment": .string("\(environment)"),
            "perimeter": .string("\(perimeter)"), "job": .string("\(job)"), "dataset": .string("\(dataset ?? "")"),
            "type": .string("\(importer?.type ?? "")"), "origin": .string("\(importer?.origin ?? "")"),
            "root": .path(root.bytes), "size": .count(totalSize), "files": .count(totalFiles),
            "entries": .count(entryCount), "errors": .count(totalErrors),
            "tags": .strings(tags.map { "\($0)" }), "complete": .boolean(!isIncomplete),
        ]
    }
}
