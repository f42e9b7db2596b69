/// From a mail address to the server of its calendars (RFC 6764): the domain's own records say where it is.
package struct ServiceLookup: Sendable {
    private let resolver: DNSResolver

    package init(_ resolver: DNSResolver) { self.resolver = resolver }

    /// What a domain says about its calendar service.
    package struct Finding: Hashable, Sendable {
        package var host: String
        package var port: Int
        /// From the TXT record; nil for the well-known address.
        package var path: String?
        package var usesTLS: Bool
    }

    /// - Parameter mayUsePlainText: whether a service without TLS will do.
    /// - Returns: nil when the domain names no service: then the domain itself may be the server.
    package func find(_ domain: String, kind: DAVCollectionKind, mayUsePlainText: Bool) async throws -> Finding? {
        let service = kind == .calendar ? "caldav" : "carddav"
        for usesTLS in mayUsePlainText ? [true, false] : [true] {
            let name = "_\(service)\(usesTLS ? "s" : "")._tcp.\(domain)"
            guard let best = try await resolver.services(name).first else { continue }
            let path = try? await resolver.texts(name).lazy.compactMap { text in
                text.lowercased().hasPrefix("path=/") ? String(text.dropFirst(5)) : nil
            }.first
            return Finding(host: best.target.lowercased(), port: best.port, path: path ?? nil, usesTLS: usesTLS)
        }
        return nil
    }
}
