import ConnectorKit
import DAVClient

/// What importer and exporter share: one client, and discovery.
struct AccountSession: Sendable {
    let settings: DAVSettings
    let client: DAVClient
    let ledger: RestoreLedger
    let feeds: FeedFetcher

    init(_ settings: DAVSettings, transport: any DAVTransport) throws {
        self.settings = settings
        ledger = RestoreLedger(folder: settings.stateDirectory)
        do {
            client = try DAVClient(
                base: settings.base, credentials: try settings.login.credentials(transport), transport: transport,
                options: settings.clientOptions)
        } catch let error as DAVClientError {
            throw ConnectorError(error)
        }
        feeds = FeedFetcher(client, transport)
    }

    func account() async throws -> DAVAccount {
        var account = try await DAVDiscovery(
            client, kinds: settings.kinds, takesSubscribed: settings.choice.takesSubscribed,
            takesDelegated: settings.choice.takesDelegated
        ).account()
        if !account.delegators.isEmpty, !settings.choice.takesDelegated {
            account.remarks.append(
                "\(counted(account.delegators.count, "account")) of others can be kept as well, with delegated=true.")
        }
        if let remark = settings.remark { account.remarks.append(remark) }
        if let address = account.emptyAddress {
            account.remarks.append("There is nothing at \(address); this is the account that the server names instead.")
        }
        return account
    }

    /// "2 calendars, 1 address book of anna at cal.example.org (1,204 objects)"
    func summary(counting: Bool) async throws -> String {
        let account = try await account()
        var parts: [String] = []
        let collections = account.collections.filter { settings.choice.reason(toSkip: $0) == nil }
        for kind in settings.kinds {
            parts.append(counted(collections.count { $0.kind == kind && !$0.isFeed }, kind.noun))
        }
        let feeds = collections.count { $0.isFeed }
        if feeds > 0 { parts.append(counted(feeds, "subscription")) }
        var line = parts.joined(separator: ", ")
        if let user = settings.username { line += " of \(user)" }
        line += " at \(settings.base.authority)"
        if let address = account.emptyAddress { line += " (nothing is at \(address.path) itself)" }
        guard counting else { return line }
        var objects = 0
        for collection in collections where !collection.isFeed {
            objects += try await MemberListing(collection.url, kind: collection.kind, client: client).members.count
        }
        return line + " (\(grouped(objects)) object\(objects == 1 ? "" : "s"))"
    }
}

/// A number with a comma every three digits.
func grouped(_ number: Int) -> String {
    let digits = String(number)
    var result = ""
    for (index, digit) in digits.enumerated() {
        if index > 0, digit != "-", (digits.count - index) % 3 == 0, result != "-" { result += "," }
        result.append(digit)
    }
    return result
}

/// "1 calendar", "3 calendars", "2 journal entries"
func counted(_ count: Int, _ noun: String) -> String {
    guard count != 1 else { return "1 \(noun)" }
    return "\(grouped(count)) " + (noun.hasSuffix("y") ? noun.dropLast() + "ies" : noun + "s")
}
