/// Why a collection could not be read or changed, in words for the person who asked for it.
package struct CollectionStoreError: Error, Sendable {
    package let code: Code
    /// What was tried, on what, and why it failed.
    package let reason: String
    /// `uidConflict`: the member that has the UID already.
    package var member: MemberName?
    /// `preconditionFailed`: what the member is now; nil when it does not exist.
    package var currentETag: ETag?
    /// `invalidContent`: the name of the RFC 4791 / RFC 6352 precondition that is not met, such as `valid-calendar-data`.
    package var precondition: String?

    package init(_ code: Code, _ reason: String) {
        self.code = code
        self.reason = reason
    }

    /// Another object in the place of one that is there (RFC 4791, 5.3.2.1; RFC 6352, 6.3.2.1): who wants that deletes first.
    package init(replacing old: String, by new: String, at member: MemberName) {
        self.init(
            .uidConflict,
            "\(member) holds the object with the UID \(old.prefix(64)); one with the UID \(new.prefix(64)) is another. "
                + "Store it under another name, or delete the old one first.")
        self.member = member
    }

    /// A stable name for the kind of failure. `allCases` lets a test walk every mapping to HTTP answers.
    package struct Code: Hashable, Sendable, CustomStringConvertible, CaseIterable {
        package let description: String
        private init(_ description: String) { self.description = description }

        /// No such collection, member or directory.
        package static let notFound = Code("not-found")
        /// Something of that name is there already.
        package static let alreadyExists = Code("already-exists")
        /// The place where it should be created does not exist.
        package static let parentMissing = Code("parent-missing")
        /// The member is not in the state the `WriteCondition` asks for.
        package static let preconditionFailed = Code("precondition-failed")
        /// Another member of the collection has the same UID; `member` names it.
        package static let uidConflict = Code("uid-conflict")
        /// Not valid iCalendar or vCard for this collection; `precondition` names the rule.
        package static let invalidContent = Code("invalid-content")
        /// Valid, but of a component type the calendar does not take.
        package static let unsupportedComponent = Code("unsupported-component")
        /// A name that no file, git tree or URL should have.
        package static let invalidName = Code("invalid-name")
        /// Not a sync token of this collection, or one whose state is no longer stored.
        package static let invalidToken = Code("invalid-token")
        /// A property value this collection cannot keep.
        package static let invalidProperty = Code("invalid-property")
        /// Stored data is damaged.
        package static let corrupt = Code("corrupt")
        /// Another program is changing the collection; trying again later may help.
        package static let locked = Code("locked")
        package static let inputOutput = Code("input-output")

        package static let allCases: [Code] = [
            notFound, alreadyExists, parentMissing, preconditionFailed, uidConflict, invalidContent,
            unsupportedComponent,
            invalidName, invalidToken, invalidProperty, corrupt, locked, inputOutput,
        ]
    }
}

extension CollectionStoreError: Equatable {
    /// Errors are equal when their codes are; reasons are for people.
    package static func == (a: CollectionStoreError, b: CollectionStoreError) -> Bool { a.code == b.code }
}

extension CollectionStoreError: CustomStringConvertible {
    package var description: String { reason }
}
