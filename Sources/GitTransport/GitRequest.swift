package import HTTPTypes

/// A request of git's smart HTTP protocol (gitprotocol-http), told from everything else by its address.
package struct GitRequest: Sendable {
    package enum Service: String, Sendable {
        case uploadPack = "git-upload-pack"
        case receivePack = "git-receive-pack"
    }

    package let service: Service
    /// Which references there are, before anything is asked or sent.
    package let isAdvertisement: Bool
    /// The address of the collection as it came, encoded, with a slash at its end.
    package let target: String
    let isCompressed: Bool
    /// 0 where git says nothing.
    let version: Int

    /// nil when it is something else.
    package init?(method: HTTPRequest.Method, target: String, headers: HTTPFields) {
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let path = parts[0]
        if method == .get || method == .head {
            let suffix = "/info/refs"
            guard path.hasSuffix(suffix), parts.count == 2,
                let value = parts[1].split(separator: "&").first(where: { $0.hasPrefix("service=") }),
                let service = Service(rawValue: String(value.dropFirst("service=".utf8.count)))
            else { return nil }
            self.service = service
            isAdvertisement = true
            self.target = path.dropLast(suffix.utf8.count) + "/"
        } else {
            guard method == .post, let slash = path.lastIndex(of: "/"),
                let service = Service(rawValue: String(path[path.index(after: slash)...])),
                headers[.contentType] == "application/x-\(service.rawValue)-request"
            else { return nil }
            self.service = service
            isAdvertisement = false
            self.target = String(path[...slash])
        }
        isCompressed = headers[.contentEncoding].map { $0 == "gzip" || $0 == "x-gzip" } ?? false
        let words = headers[.gitProtocol]?.split(separator: ":") ?? []
        version = words.contains("version=2") ? 2 : words.contains("version=1") ? 1 : 0
    }
}

extension HTTPField.Name {
    fileprivate static let gitProtocol = HTTPField.Name("Git-Protocol") ?? .allow
}
