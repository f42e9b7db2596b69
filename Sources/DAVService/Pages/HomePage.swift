import CollectionStore
import HTTPTypes
import WebDAV

/// The first page of the server for a person with a browser: calendars and address books with their addresses, what to
/// enter in which app, and downloads. One file without anything from elsewhere; only copying needs a script.
struct HomePage {
    private let context: DAVContext

    init(_ context: DAVContext) { self.context = context }

    /// A page for people need not be longer.
    private static let maximumRows = 500

    private struct Row {
        var name: String
        var description: String?
        var path: String
        var color: String?
        var count: Int
        var isCalendar: Bool
        /// Of somebody else: whose it is, and whether it may only be read.
        var owner: String?
        var isReadOnly: Bool
    }

    func render(nonce: String) async throws -> [UInt8] {
        let rows = try await rows()
        let person = try await context.resource(at: context.principal)?.settings?.displayName ?? context.principal.name
        var page = """
            <!DOCTYPE html>
            <html lang="en"><head><meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark"><meta name="referrer" content="no-referrer">
            <title>Fasti: calendars and contacts</title>
            <style nonce="\(nonce)">\(HomePageAssets.style)\(colors(rows))</style></head><body>
            <header><h1>Fasti</h1><p>Calendars and contacts of <b>\(HTML.escape(person))</b></p></header><main>

            """
        page += section("Calendars", rows.enumerated().filter { $0.element.isCalendar }, "ics")
        page += section("Address books", rows.enumerated().filter { !$0.element.isCalendar }, "vcf")
        page += clients(rows.first)
        page += "</main><script nonce=\"\(nonce)\">\(HomePageAssets.script)</script></body></html>\n"
        return Array(page.utf8)
    }

    // MARK: Addresses

    /// Scheme and authority as the person's browser has them, also through a proxy.
    private var origin: String {
        let forwarded = context.request.headers[.xForwardedProto].map { $0.prefix { $0 != "," }.lowercased() }
        let scheme = forwarded == "https" || forwarded == "http" ? forwarded : context.request.scheme
        let host = context.request.headers[.xForwardedHost].map { String($0.prefix { $0 != "," }) }
        return "\(scheme ?? "http")://\(host ?? context.request.authority ?? "localhost")"
    }

    private var server: String { origin + context.prefix.root }

    // MARK: What is here

    private func rows() async throws -> [Row] {
        guard let principal = try await context.resource(at: context.principal) else { return [] }
        let settings = principal.settings ?? PrincipalSettings()
        var rows: [Row] = []
        var seen: Set<CollectionPath> = []
        for home in settings.calendarHomes + settings.addressbookHomes {
            guard let path = try? CollectionPath("\(context.principal)/\(home)"),
                let resource = try await context.resource(at: path)
            else { continue }
            for name in try await context.storage.children(of: resource.path) {
                guard let child = try? path.appending(name) else { continue }
                try await add(child, at: child, to: &rows, &seen)
            }
            for target in context.shares.targets(shownIn: path) where try await context.access(to: target) >= .read {
                try await add(target, at: context.shares.shown(target), to: &rows, &seen)
            }
        }
        return rows
    }

    private func add(
        _ path: CollectionPath, at shown: CollectionPath, to rows: inout [Row], _ seen: inout Set<CollectionPath>
    ) async throws {
        guard rows.count < Self.maximumRows, seen.insert(path).inserted,
            let view = try await context.resource(at: path)?.collection,
            view.type == .calendar || view.type == .addressbook
        else { return }
        let isOwn = context.owns(path)
        rows.append(
            Row(
                name: view.displayName, description: view.properties.description,
                path: context.prefix.add(ResourcePath(segments: shown.segments, isCollection: true).encoded),
                color: HTML.color(view.properties.color), count: view.memberCount, isCalendar: view.type == .calendar,
                owner: isOwn ? nil : path.segments.first,
                isReadOnly: try await context.access(to: path) < .write))
    }

    // MARK: Parts of the page

    private func colors(_ rows: [Row]) -> String {
        rows.enumerated().compactMap { index, row in row.color.map { ".c\(index){background:\($0)}" } }.joined()
    }

    private func section(_ title: String, _ rows: [(offset: Int, element: Row)], _ suffix: String) -> String {
        var html = "<section><h2>\(title)</h2>"
        if rows.isEmpty { html += "<p class=\"none\">There are none yet. Apps can create them.</p>" }
        html += "<ul>"
        for (index, row) in rows {
            let thing = row.isCalendar ? (row.count == 1 ? "entry" : "entries") : (row.count == 1 ? "card" : "cards")
            var notes = ["\(row.count) \(thing)"]
            if let owner = row.owner {
                notes.append("shared by \(HTML.escape(owner))" + (row.isReadOnly ? ", to read" : ""))
            }
            let path = HTML.escape(row.path)
            html += """
                <li><div class="name"><i class="dot c\(index)"></i><b>\(HTML.escape(row.name))</b> \
                <small>\(notes.joined(separator: " · "))</small></div>
                """
            if let description = row.description, !description.isEmpty {
                html += "<p>\(HTML.escape(String(description.prefix(300))))</p>"
            }
            html += address(origin + row.path)
            html += """
                <p class="links"><a href="\(path)?export" download="\(HTML.escape(row.name)).\(suffix)">Download .\(suffix)</a></p>
                </li>
                """
        }
        return html + "</ul></section>\n"
    }

    private func address(_ text: String) -> String {
        "<div class=\"address\"><code>\(HTML.escape(text))</code><button type=\"button\" hidden>Copy</button></div>"
    }

    private func clients(_ first: Row?) -> String {
        let host = origin.drop { $0 != ":" }.dropFirst(3)
        let user = HTML.escape(context.request.user ?? "any name")
        let login =
            context.options.singleUserPrincipal == nil
            ? "with the name <b>\(user)</b> and your password" : "with any name and any password"
        let parts: [(String, String)] = [
            (
                "Apple: iPhone, iPad, Mac",
                "<p>Settings, Calendar (and Contacts), Accounts, Add Account, Other, \"CalDAV account\" (\"CardDAV "
                    + "account\"). Enter the server \(login).</p>" + address(String(host))
            ),
            (
                "Android: DAVx⁵",
                "<p>Add an account, \"Login with URL and user name\", \(login). Calendars and address books are found "
                    + "by themselves.</p>" + address(server)
            ),
            (
                "Thunderbird",
                "<p>New calendar, \"On the network\"; for contacts, New address book, \"CardDAV\". Enter the address "
                    + "\(login).</p>" + address(server)
            ),
            (
                "GNOME, Evolution",
                "<p>Online accounts, \"Calendar, contacts and files\", or in Evolution a new collection account; enter "
                    + "the address \(login).</p>" + address(server)
            ),
            (
                "Any other app",
                "<p>The server; apps that look for themselves need nothing else.</p>" + address(server)
                    + "<p>Your principal, for those that ask for it:</p>"
                    + address(origin + context.href(context.principal, isCollection: true))
                    + "<p>Apps that want one calendar or address book take its address from the list above.</p>"
            ),
            (
                "git",
                "<p>Each collection is a git repository, with its whole history.</p>"
                    + address("git clone " + (first.map { origin + $0.path } ?? server))
            ),
        ]
        return "<section><h2>Connect an app</h2>"
            + parts.map { "<details><summary>\($0.0)</summary>\($0.1)</details>" }.joined(separator: "\n")
            + "</section>\n"
    }
}
