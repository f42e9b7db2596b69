import CollectionStore
import HTTPTypes
import WebDAV
import XMLStream

/// Quota (RFC 4331). How much a collection holds has to be added up, so it is only done for who asks.
enum Quota {
    /// Values by name, for a selection that names them.
    static func values(
        for resource: Resource, _ selection: PropertySelection, _ context: DAVContext
    ) async throws -> [XMLName: ExtraValue] {
        guard case .listed(let elements) = selection, resource.isCollection else { return [:] }
        var values: [XMLName: ExtraValue] = [:]
        for element in elements {
            switch element.name {
            case .quotaUsedBytes:
                values[element.name] = .bytes(Array(String(try await used(resource, context)).utf8))
            case .quotaAvailableBytes:
                if let available = try await available(for: resource, context) {
                    values[element.name] = .bytes(Array(String(max(0, available)).utf8))
                }
            default: continue
            }
        }
        return values
    }

    /// What can still be stored there: what the disk has, or less where the owner has a limit.
    private static func available(for resource: Resource, _ context: DAVContext) async throws -> Int? {
        let disk = context.options.availableBytes?()
        guard let limit = context.options.quota, let owner = context.owner(of: resource.path) else { return disk }
        let left = try await limit - used(by: owner, context)
        return disk.map { min($0, left) } ?? left
    }

    /// What all collections of a person hold, in bytes, whoever asks.
    static func used(by owner: CollectionPath, _ context: DAVContext) async throws -> Int {
        try context.checkTime()
        var sum = 0
        if case .collection(let view) = try await context.storage.node(at: owner) {
            for member in try await view.members() { sum += member.size }
        }
        for name in try await context.storage.children(of: owner) {
            sum += try await used(by: owner.appending(name), context)
        }
        return sum
    }

    /// All members below, in bytes.
    private static func used(_ resource: Resource, _ context: DAVContext) async throws -> Int {
        try context.checkTime()
        var sum = 0
        if let view = resource.collection {
            for member in try await view.members() { sum += member.size }
        }
        for name in try await context.storage.children(of: resource.path) {
            guard let path = try? resource.path.appending(name), try await context.isVisible(path),
                let child = try await context.resource(at: path)
            else { continue }
            sum += try await used(child, context)
        }
        return sum
    }
}
