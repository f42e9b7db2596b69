/// The three kinds of named places, each with a file of its own (plakar command line, section 6.1).
package enum EntryKind: String, CaseIterable, Sendable {
    case source
    case destination
    case store

    /// The file in the configuration folder.
    package var fileName: String { "\(plural).yml" }

    /// The key in the file that holds the entries.
    package var plural: String { "\(rawValue)s" }
}
