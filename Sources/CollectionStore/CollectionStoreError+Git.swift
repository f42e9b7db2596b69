import GitObjects

extension CollectionStoreError {
    init(_ error: GitError) {
        let code: Code =
            switch error.code {
            case .locked, .conflict: .locked
            // An object or file that another one names and that is not there is damage, not an absence.
            case .corrupt, .notFound, .limitExceeded, .unsupported: .corrupt
            default: .inputOutput
            }
        self.init(code, error.reason)
    }
}

/// Runs git operations and gives their errors the form this module's users know.
func withGit<T: ~Copyable>(_ body: () throws(GitError) -> T) throws(CollectionStoreError) -> T {
    do {
        return try body()
    } catch {
        throw CollectionStoreError(error)
    }
}
