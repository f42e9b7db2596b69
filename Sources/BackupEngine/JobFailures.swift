package import ConnectorKit

/// The paths that a job could not deal with. All are counted; a bounded number is kept by name.
package struct JobFailures: Sendable {
    package struct Item: Hashable, Sendable {
        package let path: BytePath
        package let reason: String

        package init(path: BytePath, reason: String) {
            self.path = path
            self.reason = reason
        }
    }

    package private(set) var count = 0
    /// The first ones, in the order in which they happened.
    package private(set) var items: [Item] = []

    private static let limit = 10_000

    package init() {}

    package var isEmpty: Bool { count == 0 }

    /// Adds those of another job behind these.
    package mutating func append(_ others: JobFailures) {
        items += others.items.prefix(max(0, Self.limit - items.count))
        count += others.count
    }

    package mutating func append(_ path: BytePath, _ reason: String) {
        count += 1
        if items.count < Self.limit { items.append(Item(path: path, reason: reason)) }
    }
}
