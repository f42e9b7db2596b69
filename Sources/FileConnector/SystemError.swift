internal import ConnectorKit

#if canImport(Darwin)
    internal import Darwin
#else
    internal import Glibc
#endif

/// A system call that failed.
struct SystemError: Error {
    let number: Int32
    /// What was tried, as it follows "cannot": "open it".
    let action: String
    /// Whether the content is all right, and only owner, permissions or times are not.
    var isAboutMetadata = false

    /// For a record, which already has the path.
    var reason: String { "cannot \(action): \(String(cString: strerror(number)))" }

    /// For a person.
    func at(_ path: BytePath) -> ConnectorError {
        ConnectorError(code, "\(path): \(reason).")
    }

    private var code: ConnectorError.Code {
        switch number {
        case ENOENT: .notFound
        case EACCES, EPERM, EROFS: .permission
        case EEXIST, ENOTEMPTY, EISDIR: .alreadyExists
        case ENOTSUP, ENOSYS: .unsupported
        default: .inputOutput
        }
    }
}

/// Calls until the call is not interrupted by a signal any more.
@discardableResult
func attempt<Result: SignedInteger>(
    _ action: @autoclosure () -> String, _ call: () -> Result
) throws(SystemError) -> Result {
    while true {
        let result = call()
        if result >= 0 { return result }
        let number = errno
        if number != EINTR { throw SystemError(number: number, action: action()) }
    }
}

/// A name as the C library wants it: the bytes and a NUL.
func cName(_ name: [UInt8]) -> [CChar] { name.map { CChar(bitPattern: $0) } + [0] }
