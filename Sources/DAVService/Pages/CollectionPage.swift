import CollectionStore
import WebDAV

/// A plain page that lists what a collection holds, so that a person with a browser sees where they are.
enum CollectionPage {
    /// A page for people need not be longer.
    private static let maximumRows = 1_000

    static func render(_ resource: Resource, _ context: DAVContext) async throws -> [UInt8] {
        let title = title(of: resource)
        var page = """
            <!DOCTYPE html>
            <html lang="en"><head><meta charset="utf-8"><title>\(HTML.escape(title))</title></head>
            <body><h1>\(HTML.escape(title))</h1>
            <p>This address is for calendar and contacts programs (CalDAV, CardDAV).</p>
            <ul>

            """
        if let parent = resource.path.parent {
            page += "<li><a href=\"\(HTML.escape(context.href(parent, isCollection: true)))\">..</a></li>\n"
        }
        let children = try await context.children(of: resource)
        for child in children.prefix(maximumRows) {
            let name = child.isCollection ? self.title(of: child) + "/" : child.path.name
            page += "<li><a href=\"\(HTML.escape(context.href(child)))\">\(HTML.escape(name))</a></li>\n"
        }
        page += "</ul>\n"
        if children.count > maximumRows { page += "<p>And \(children.count - maximumRows) more.</p>\n" }
        return Array((page + "</body></html>\n").utf8)
    }

    private static func title(of resource: Resource) -> String {
        resource.collection?.displayName ?? (resource.path.isRoot ? "Fasti" : resource.path.name)
    }
}
