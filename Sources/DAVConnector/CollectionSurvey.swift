import ConnectorKit
import DAVClient
import WebDAV

/// What a collection holds now, beside what the previous snapshot has of it.
struct CollectionSurvey: Sendable {
    /// Objects that are as the previous snapshot has them, sorted bytewise by name.
    var unchanged: [ObjectsSidecar.Object] = []
    /// Members that must be read, in the order of their names.
    var changed: [Member] = []
    /// Folders inside, which neither protocol allows and no backup follows.
    var folders: [DAVURL] = []
    /// Stands for this state or an earlier one; nil when the server has no such thing.
    var token: String?
    /// Whether the server was asked for the whole list.
    var isListing = false

    var count: Int { unchanged.count + changed.count }
}

/// Finds out what a collection holds with as few requests as its server and the previous snapshot allow: none when the
/// collection says that it is as it was, one for the changes since then (RFC 6578), else a listing.
struct CollectionSurveyor {
    let collection: DAVCollection
    let client: DAVClient
    /// nil when there is none, or it must not be believed.
    let previous: PreviousCollection?
    /// Whether the previous snapshot's word is enough; else the whole collection is listed, and compared by ETags.
    let mayAskForChanges: Bool
    /// Is told of a listing as it comes.
    var early: EarlyReading?

    private var kind: DAVCollectionKind { collection.kind }

    func survey() async throws -> CollectionSurvey {
        if let previous, mayAskForChanges {
            if Self.isAsItWas(collection, previous.sidecar) { return known(previous) }
            if let token = previous.sidecar.syncToken, let survey = try await changes(since: token, previous) {
                return survey
            }
        }
        return try await listing()
    }

    // MARK: As it was

    /// A token or tag stands for one state of the collection. Which of the two a server has does not change.
    static func isAsItWas(_ collection: DAVCollection, _ previous: CollectionSidecar) -> Bool {
        if let token = collection.text(.syncToken) { return token == previous.syncToken }
        guard let tag = collection.text(.getctag) else { return false }
        return tag == previous.ctag
    }

    private func known(_ previous: PreviousCollection) -> CollectionSurvey {
        var survey = CollectionSurvey()
        survey.token = previous.sidecar.syncToken
        take(previous.objects, into: &survey)
        survey.changed += previous.absent.compactMap { Member($0, in: collection.url) }
        survey.changed.sort { $0.name.precedesBytewise($1.name) }
        return survey
    }

    /// An object without an ETag of its own is read again, whatever the collection says.
    private func take(_ objects: some Sequence<ObjectsSidecar.Object>, into survey: inout CollectionSurvey) {
        for object in objects {
            if object.isTold {
                survey.unchanged.append(object)
            } else if let member = Member(object, in: collection.url) {
                survey.changed.append(member)
            }
        }
    }

    // MARK: Changes

    /// - Returns: nil when the server does not give changes for this token, or gives some that cannot be trusted.
    private func changes(since token: String, _ previous: PreviousCollection) async throws -> CollectionSurvey? {
        let changes: CollectionChanges
        do {
            changes = try await CollectionChanges(collection.url, since: token, client: client)
        } catch let error as DAVClientError where !ObjectFetcher.isFatal(error) && error.code != .unavailable {
            // An expired token has many answers: 403, 409, 410, 412, 507. The listing tells the truth about the rest.
            return nil
        }
        var survey = CollectionSurvey()
        survey.token = changes.token
        survey.folders = changes.folders
        let places = Dictionary(
            previous.objects.enumerated().map { ($0.element.href, $0.offset) }, uniquingKeysWith: { first, _ in first })
        let spelled = changes.hrefs.allSatisfy { places[$0] != nil } ? [:] : keys(previous.objects)
        func place(_ member: Member) -> Int? { places[member.href] ?? spelled[member.url.comparisonKey] }

        var gone: Set<Int> = []
        var repeated = 0
        var added: [Member] = []
        for member in changes.removed { if let place = place(member) { gone.insert(place) } }
        for var member in changes.changed {
            guard let place = place(member) else {
                added.append(member)
                continue
            }
            let known = previous.objects[place]
            if known.isTold, known.etag == member.etag {
                repeated += 1
            } else {
                gone.insert(place)
                member.name = known.name
                survey.changed.append(member)
            }
        }
        // Who names what has not changed may have forgotten the token and be listing everything, without a word about
        // what is gone.
        guard repeated == 0 || repeated * 2 < previous.objects.count else { return nil }
        take(previous.objects.enumerated().lazy.filter { !gone.contains($0.offset) }.map(\.element), into: &survey)
        survey.changed += previous.absent.compactMap { Member($0, in: collection.url) }
        if !added.isEmpty {
            var taken = Set(previous.objects.map(\.name) + survey.changed.map(\.name))
            MemberListing.giveNames(&added, ending: kind.fileExtension, taken: &taken)
            survey.changed += added
        }
        survey.changed.sort { $0.name.precedesBytewise($1.name) }
        return survey
    }

    /// Some servers spell hrefs in one way in listings and in another in reports.
    private func keys(_ objects: [ObjectsSidecar.Object]) -> [[UInt8]: Int] {
        var keys: [[UInt8]: Int] = [:]
        for (place, object) in objects.enumerated() {
            if let url = collection.url.resolving(object.href) { keys[url.comparisonKey] = place }
        }
        return keys
    }

    // MARK: Listing

    private func listing() async throws -> CollectionSurvey {
        let early = early
        let listing = try await MemberListing(collection.url, kind: kind, client: client) { early?.note($0) }
        var survey = CollectionSurvey()
        survey.isListing = true
        // Older than the listing, so that what came in between is named again next time.
        survey.token = collection.text(.syncToken)
        survey.folders = listing.folders
        let known = Dictionary(
            (previous?.objects ?? []).map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        for member in listing.members {
            if let object = known[member.name], let etag = member.strongETag, object.etag == etag,
                object.href == member.href
            {
                survey.unchanged.append(object)
            } else {
                survey.changed.append(member)
            }
        }
        return survey
    }
}

extension ObjectsSidecar.Object {
    /// Whether its ETag tells one state from another.
    var isTold: Bool { digest == nil && etag != nil }
}

/// What a server says has changed since a token (RFC 6578), read to its end.
struct CollectionChanges: Sendable {
    var changed: [Member] = []
    var removed: [Member] = []
    var folders: [DAVURL] = []
    /// Stands for the state after these changes.
    var token = ""

    var hrefs: [String] { (changed + removed).map(\.href) }

    /// Parts that an answer may come in.
    private static let partLimit = 10_000

    /// - Throws: also when the server gives no new token, or the same part again and again.
    init(_ collection: DAVURL, since first: String, client: DAVClient) async throws {
        token = first
        var latest: [[UInt8]: (member: Member, isRemoved: Bool)] = [:]
        for _ in 0..<Self.partLimit {
            let answer = try await client.members(of: collection, changedSince: token)
            for member in answer.members where !member.url.isSameResource(as: answer.url) {
                try read(member, &latest, client: client)
            }
            guard let next = answer.syncToken, !next.isEmpty else {
                throw DAVClientError(.protocolViolation, "\(collection): the list of changes has no sync token.")
            }
            guard answer.isTruncated else {
                token = next
                finish(latest)
                return
            }
            guard next != token else { break }
            token = next
        }
        throw DAVClientError(.protocolViolation, "\(collection): the list of changes does not end.")
    }

    private mutating func read(
        _ member: DAVMember, _ latest: inout [[UInt8]: (member: Member, isRemoved: Bool)], client: DAVClient
    ) throws {
        guard client.allows(member.url) else {
            throw DAVClientError(.redirect, "The list of changes names \(member.url), which is on another host.")
        }
        if member.properties.isCollection {
            folders.append(member.url)
            return
        }
        switch member.status {
        // Some servers say of each property that it is not there, instead of the resource.
        case nil where member.lacksEverything: latest[member.url.comparisonKey] = (Member(member), true)
        case nil, (200...299)?: latest[member.url.comparisonKey] = (Member(member), false)
        case 404, 410: latest[member.url.comparisonKey] = (Member(member), true)
        case let status?:
            throw DAVClientError(
                .protocolViolation, "The list of changes has status \(status) in place of \(member.href).")
        }
    }

    /// A later part may take back what an earlier one said.
    private mutating func finish(_ latest: [[UInt8]: (member: Member, isRemoved: Bool)]) {
        for (member, isRemoved) in latest.values {
            if isRemoved { removed.append(member) } else { changed.append(member) }
        }
    }
}
