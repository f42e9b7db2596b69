package import ConnectorKit

/// How a snapshot is described, what goes into it, and what to do when the source cannot be read as a whole.
package struct BackupOptions: Sendable {
    package var name = "default"
    package var category = ""
    package var environment = ""
    package var perimeter = ""
    package var job = ""
    package var dataset = ""
    package var tags: [String] = []
    /// How and where the backup ran; must hold no secrets.
    package var context: [(key: String, value: String)] = []
    /// The time of the snapshot; nil for when the backup begins.
    package var start: Timestamp?
    /// What is left out.
    package var ignored = IgnoreRules()
    /// Whether extended attributes are kept.
    package var keepsAttributes = true
    /// When the walk of the source breaks off, keep what was read until then as an incomplete snapshot. Otherwise
    /// there is no snapshot.
    package var keepsPartial = false
    /// The most requests or files that the source may keep busy at once.
    package var concurrency = 4

    package init() {}
}
