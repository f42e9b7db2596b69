import HTTPTypes
import WebDAV

/// What stands before every path, as a reverse proxy passes it on.
struct RoutePrefix: Sendable {
    private let segments: [String]
    /// Encoded, without a slash at the end; empty for `/`.
    private let encoded: String

    init(_ prefix: String) {
        segments = prefix.split(separator: "/").map(String.init)
        encoded = segments.map { "/" + ResourcePath.encode($0) }.joined()
    }

    /// The address of the root.
    var root: String { encoded + "/" }

    func add(_ path: String) -> String { encoded + path }

    func path(_ path: ResourcePath) -> ResourcePath {
        ResourcePath(segments: segments + path.segments, isCollection: path.isCollection)
    }

    /// - Throws: 404 for paths that lie elsewhere.
    func strip(_ path: ResourcePath) throws(DAVError) -> ResourcePath {
        guard !segments.isEmpty else { return path }
        guard path.segments.starts(with: segments) else {
            throw DAVError(.notFound, "Everything here begins with \(root).")
        }
        let rest = Array(path.segments.dropFirst(segments.count))
        return ResourcePath(segments: rest, isCollection: path.isCollection || rest.isEmpty)
    }
}
