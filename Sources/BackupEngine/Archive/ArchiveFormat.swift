/// The kinds of files that a snapshot can be handed out as.
package enum ArchiveFormat: String, CaseIterable, Sendable {
    case tar
    /// tar in gzip.
    case tarball
    case zip

    /// For a file that nobody gave a name.
    package var fileExtension: String {
        switch self {
        case .tar: "tar"
        case .tarball: "tar.gz"
        case .zip: "zip"
        }
    }
}
