internal import HTTPFront

/// What a server says once it answers: where it is, and what to do next.
struct Welcome {
    let folder: String
    let address: ListenAddress
    let isSecure: Bool
    let port: Int
    let routePrefix: String
    /// The one user's principal; nil when people log in.
    let principal: String?
    let snapshots: String?
    let interval: Interval

    func show(in context: CommandContext) throws {
        if context.printsJSON {
            try context.output.json([
                "version": .schemaVersion, "type": "serving", "url": .string(url), "port": .integer(Int64(port)),
                "directory": .string(folder),
            ])
        } else if !context.global.quiet {
            try context.output.line(text)
        }
        try context.output.flush()
    }

    private var url: String {
        switch address {
        case .unixSocket(let path, _, _): "unix:\(path)"
        case .activated: "sockets of the service manager"
        case .host(let host, _):
            "\(isSecure ? "https" : "http")://\(host.contains(":") ? "[\(host)]" : host == "127.0.0.1" ? "localhost" : host):\(port)"
                + routePrefix.withTrailingSlash
        }
    }

    private var text: String {
        var lines = ["Fasti serves \(folder)", "", "  For clients    \(url)"]
        if let principal {
            let home = url + principal.withTrailingSlash.dropFirst()
            lines += [
                "  Calendar       \(home)calendars/calendar/", "  Address book   \(home)contacts/addressbook/",
                "                 (any name and password will do: only this machine can connect)",
            ]
        } else {
            lines.append("                 (people log in with the names and passwords of the users file)")
        }
        if let snapshots {
            lines.append("  Snapshots      \(snapshots), when something has changed: every \(interval), and at the end")
        }
        lines += ["", "Next, in another terminal:"]
        if principal != nil {
            lines += [
                "  fasti source add home caldav+\(url)     give this server a name",
                "  fasti at ~/backups create                                create an encrypted store",
                "  fasti at ~/backups backup @home                          keep a snapshot of everything",
            ]
        }
        if let snapshots { lines.append("  fasti at \(snapshots) ls") }
        lines += ["", "Ctrl-C stops the server."]
        return lines.joined(separator: "\n")
    }
}

extension String {
    fileprivate var withTrailingSlash: String { hasSuffix("/") ? self : self + "/" }
}
