import WebDAV
import XMLStream

/// All live properties, by name. A new one is added to the file of its RFC; a new file is added here.
enum PropertyRegistry {
    static let all: [LiveProperty] =
        webDAVCore + accessControl + synchronisation + caldav + carddav + calendarServer

    static let byName: [XMLName: LiveProperty] = Dictionary(all.map { ($0.name, $0) }) { first, _ in first }
}
