package import ConnectorKit
import DAVClient

/// Calendars and address books of CalDAV and CardDAV accounts, as source and as destination.
///
/// | scheme | serves |
/// |---|---|
/// | `caldav`, `dav` | every calendar and every address book of the account |
/// | `carddav` | every address book |
///
/// Each takes `scheme://host[/path]`, which means TLS; with `+http` it goes without, and `scheme://https://host/...` is
/// understood as configurations for plakar write it. A mail address in place of the host is looked up.
package enum DAVIntegration {
    package static var integration: Integration {
        Integration(
            name: "dav", schemes: DAVSettings.schemes,
            importer: { configuration in
                let settings = try await DAVSettings(configuration, role: .source).resolved()
                return try DAVImporter(settings, transport: HTTPTransport())
            },
            exporter: { configuration in
                let settings = try await DAVSettings(configuration, role: .destination).resolved()
                return try DAVExporter(settings, transport: HTTPTransport())
            })
    }
}
