import HTTPTypes

/// The `If` header: lists of state tokens and entity tags, of which one list must hold (RFC 4918, 10.4).
package struct IfHeader: Hashable, Sendable {
    package enum State: Hashable, Sendable {
        /// A lock token, an absolute URI.
        case token(String)
        case tag(EntityTag)
    }

    package struct Condition: Hashable, Sendable {
        package let isNegated: Bool
        package let state: State
    }

    package struct List: Hashable, Sendable {
        /// The href the list is about; nil for the target of the request.
        package let resource: String?
        package let conditions: [Condition]
    }

    package let lists: [List]

    /// Each condition may take a look at another resource.
    private static let maximumConditions = 256

    /// - Throws: 400 when the value does not follow the grammar.
    package init(header text: String) throws(DAVError) {
        var scanner = HeaderScanner(text)
        var lists: [List] = []
        var resource: String?
        var isResourceUsed = true
        scanner.skipSpaces()
        while !scanner.isAtEnd {
            if scanner.take("<") {
                guard isResourceUsed, let href = scanner.take(upTo: ">"), lists.isEmpty || resource != nil else {
                    throw Self.malformed
                }
                resource = href
                isResourceUsed = false
            } else {
                guard scanner.take("(") else { throw Self.malformed }
                lists.append(List(resource: resource, conditions: try Self.conditions(&scanner)))
                isResourceUsed = true
            }
            scanner.skipSpaces()
        }
        guard !lists.isEmpty, isResourceUsed else { throw Self.malformed }
        guard lists.reduce(0, { $0 + $1.conditions.count }) <= Self.maximumConditions else {
            throw DAVError(.badRequest, "The If header has more than \(Self.maximumConditions) conditions.")
        }
        self.lists = lists
    }

    private static func conditions(_ scanner: inout HeaderScanner) throws(DAVError) -> [Condition] {
        var conditions: [Condition] = []
        scanner.skipSpaces()
        while !scanner.take(")") {
            let isNegated = scanner.take(word: "Not")
            scanner.skipSpaces()
            if scanner.take("<") {
                guard let token = scanner.take(upTo: ">") else { throw malformed }
                conditions.append(Condition(isNegated: isNegated, state: .token(token)))
            } else if scanner.take("[") {
                guard let tag = scanner.entityTag(), scanner.take("]") else { throw malformed }
                conditions.append(Condition(isNegated: isNegated, state: .tag(tag)))
            } else {
                throw malformed
            }
            scanner.skipSpaces()
        }
        guard !conditions.isEmpty else { throw malformed }
        return conditions
    }

    private static let malformed = DAVError(.badRequest, "The If header is not well-formed.")

    /// Whether one of the lists holds.
    /// - Parameter isTrue: tells whether a resource (nil: the target) is in a state. Called for each condition.
    package func holds(_ isTrue: (_ resource: String?, _ state: State) throws -> Bool) rethrows -> Bool {
        lists: for list in lists {
            for condition in list.conditions {
                let truth = try isTrue(list.resource, condition.state)
                if truth == condition.isNegated { continue lists }
            }
            return true
        }
        return false
    }

    /// All lock tokens that the client shows, negated ones included: it knows them (RFC 4918, 10.4.1).
    package var tokens: [String] {
        lists.flatMap(\.conditions).compactMap { if case .token(let token) = $0.state { token } else { nil } }
    }
}
