internal import ConnectorKit
internal import Synchronization

/// What a backup takes of its source.
final class SourceFilter: Sendable {
    private let root: BytePath
    private let rules: IgnoreRules
    private let keepsAttributes: Bool
    /// The directory asked about last, and whether it is left out: most paths share it with the one before.
    private let last = Mutex<(directory: BytePath, isExcluded: Bool)?>(nil)

    init(_ options: BackupOptions, root: BytePath) {
        self.root = root
        rules = options.ignored
        keepsAttributes = options.keepsAttributes
    }

    /// The record as it goes into the snapshot; nil when it does not.
    func admit(_ record: Record) -> Record? {
        if !rules.isEmpty, excludes(record.path, isDirectory: record.info?.mode.isDirectory ?? false) { return nil }
        guard !keepsAttributes else { return record }
        if case .extendedAttribute = record.kind { return nil }
        var record = record
        record.extendedAttributeNames = []
        return record
    }

    /// Whether the path, or a directory it lies in, is ignored. The root and what is above it never are.
    func excludes(_ path: BytePath, isDirectory: Bool) -> Bool {
        guard !rules.isEmpty, path != root, let relative = path.relative(to: root) else { return false }
        if let parent = path.parent, parent != root, excludesDirectory(parent) { return true }
        return rules.exclude(relative.components[...], isDirectory: isDirectory)
    }

    private func excludesDirectory(_ directory: BytePath) -> Bool {
        if let known = last.withLock({ $0 }), known.directory == directory { return known.isExcluded }
        let isExcluded = excludes(directory, isDirectory: true)
        last.withLock { $0 = (directory, isExcluded) }
        return isExcluded
    }
}
