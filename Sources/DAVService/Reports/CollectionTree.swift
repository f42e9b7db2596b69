import CollectionStore
import HTTPTypes
import WebDAV
import XMLStream

/// A plain collection, such as a home, with the collections below it, and its state as a token.
///
/// The collections below are repositories of their own, so that the state of the outer one does not tell of them. The token
/// names the state of each: what has changed since is found without anything being remembered.
struct CollectionTree: Sendable {
    struct Branch: Sendable {
        /// Encoded names below the outer collection, joined by slashes.
        let key: String
        let resource: Resource
        let state: String
        /// Whether the members may be told of.
        let isOpen: Bool

        /// Whether it lies directly below the outer collection.
        var isChild: Bool { !key.contains("/") }
    }

    /// States by key, as a token has them; that of the outer collection under the empty key.
    typealias States = [String: String]

    let branches: [Branch]
    let states: States

    /// More collections than that are not counted as one.
    private static let maximumCount = 10_000
    private static let prefix = "data:,"
    /// Of a collection of which somebody may see no more than that it is there.
    static let closed = "0"

    /// - Parameter resource: a plain collection.
    init(_ resource: Resource, _ context: DAVContext) async throws {
        var branches: [Branch] = []
        try await Self.collect(resource, below: "", &branches, context)
        self.branches = branches
        var states: States = ["": resource.collection?.syncToken.description ?? ""]
        for branch in branches { states[branch.key] = branch.state }
        self.states = states
    }

    private static func collect(
        _ resource: Resource, below key: String, _ branches: inout [Branch], _ context: DAVContext
    ) async throws {
        for child in try await context.childCollections(of: resource) {
            try context.checkTime()
            guard branches.count < maximumCount else {
                throw DAVError(
                    .insufficientStorage, .numberOfMatchesWithinLimits,
                    "There are more than \(maximumCount) collections below; ask for the changes of one of them.")
            }
            guard let view = child.collection else { continue }
            let shown = context.shownPath(child.path)
            let isOpen = try await context.mayRead(child.path)
            let name = (key.isEmpty ? "" : key + "/") + ResourcePath.encode(shown.name)
            branches.append(
                Branch(
                    key: name, resource: child, state: isOpen ? view.syncToken.description : closed, isOpen: isOpen))
            if isOpen { try await collect(child, below: name, &branches, context) }
        }
    }

    // MARK: Tokens

    var token: String { Self.token(states) }

    static func token(_ states: States) -> String {
        let branches = states.filter { !$0.key.isEmpty }.sorted { $0.key < $1.key }.map { ";\($0.key)=\($0.value)" }
        return prefix + (states[""] ?? "") + branches.joined()
    }

    /// - Throws: 403 `valid-sync-token` for what is none of ours.
    static func states(of token: String) throws(DAVError) -> States {
        var states: States = [:]
        let text = token.hasPrefix(prefix) ? token.dropFirst(prefix.count) : token[...]
        for (number, part) in text.split(separator: ";", omittingEmptySubsequences: false).enumerated() {
            let pair = number == 0 ? ["", part] : part.split(separator: "=", omittingEmptySubsequences: false)
            guard number <= maximumCount, pair.count == 2, !pair[1].isEmpty, states[String(pair[0])] == nil,
                number == 0 || isKey(pair[0])
            else { throw DAVError(.forbidden, .validSyncToken, "The sync token is not one of this collection.") }
            states[String(pair[0])] = String(pair[1])
        }
        return states
    }

    /// Whether it is a path as we write it.
    private static func isKey(_ text: Substring) -> Bool {
        guard let path = try? ResourcePath(parsing: "/" + text), !path.segments.isEmpty else { return false }
        return path.segments.map(ResourcePath.encode).joined(separator: "/") == text
    }

    /// Properties of plain collections that take a look at what is below, for a selection that names them.
    static func values(
        for resource: Resource, _ selection: PropertySelection, _ context: DAVContext
    ) async throws -> [XMLName: ExtraValue] {
        guard resource.kind == .plainCollection, resource.collection != nil, case .listed(let elements) = selection
        else { return [:] }
        let wanted = elements.map(\.name).filter(names.contains)
        guard !wanted.isEmpty else { return [:] }
        let value = ExtraValue.bytes(Array(try await CollectionTree(resource, context).token.utf8))
        return Dictionary(wanted.map { ($0, value) }) { first, _ in first }
    }

    /// The tag of calendarserver.org says the same.
    private static let names: Set<XMLName> = [.syncToken, .getctag, XMLName(dav: "getctag")]
}
