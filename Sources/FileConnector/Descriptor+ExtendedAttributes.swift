internal import CPOSIX

#if canImport(Darwin)
    internal import Darwin
#else
    internal import Glibc
#endif

/// Extended attributes of an open file or directory.
extension Descriptor {
    /// The names, sorted bytewise; none where the file system has no attributes.
    func attributeNames() throws(SystemError) -> [[UInt8]] {
        let list: [UInt8]
        do throws(SystemError) {
            list = try growing("list its attributes") { cposix_list_attributes(number, $0, $1) }
        } catch {
            if error.number == ENOTSUP || error.number == ENOSYS { return [] }
            throw error
        }
        return list.split(separator: 0).map(Array.init).sorted { $0.lexicographicallyPrecedes($1) }
    }

    func attribute(_ name: [UInt8]) throws(SystemError) -> [UInt8] {
        let name = cName(name)
        return try growing("read its attribute") { cposix_get_attribute(number, name, $0, $1) }
    }

    func setAttribute(_ name: [UInt8], _ value: [UInt8]) throws(SystemError) {
        let name = cName(name)
        try attempt("set its attribute") {
            value.withUnsafeBytes { cposix_set_attribute(number, name, $0.baseAddress, $0.count) }
        }
    }

    /// The names of the attributes of what `file` is in this directory, which is not opened: a link, a socket.
    func attributeNames(of file: [UInt8]) throws(SystemError) -> [[UInt8]] {
        let file = cName(file)
        let list: [UInt8]
        do throws(SystemError) {
            list = try growing("list its attributes") { cposix_list_attributes_at(number, file, $0, $1) }
        } catch {
            // ENOENT: there is no /proc here.
            if [ENOTSUP, ENOSYS, ENOENT, ENAMETOOLONG].contains(error.number) { return [] }
            throw error
        }
        return list.split(separator: 0).map(Array.init).sorted { $0.lexicographicallyPrecedes($1) }
    }

    func attribute(_ name: [UInt8], of file: [UInt8]) throws(SystemError) -> [UInt8] {
        let name = cName(name)
        let file = cName(file)
        return try growing("read its attribute") { cposix_get_attribute_at(number, file, name, $0, $1) }
    }

    func setAttribute(_ name: [UInt8], _ value: [UInt8], of file: [UInt8]) throws(SystemError) {
        let name = cName(name)
        let file = cName(file)
        try attempt("set its attribute") {
            value.withUnsafeBytes { cposix_set_attribute_at(number, file, name, $0.baseAddress, $0.count) }
        }
    }

    /// Asks for the size, then for the bytes, again when they have grown in between. The kernel's own limit is 64 KiB.
    private func growing(
        _ action: String, _ call: (UnsafeMutablePointer<CChar>?, Int) -> Int
    ) throws(SystemError) -> [UInt8] {
        for _ in 0..<8 {
            let size = try attempt(action) { call(nil, 0) }
            if size == 0 { return [] }
            var buffer = [CChar](repeating: 0, count: size)
            do throws(SystemError) {
                let count = try attempt(action) { call(&buffer, size) }
                return buffer[..<count].map { UInt8(bitPattern: $0) }
            } catch {
                if error.number != ERANGE { throw error }
            }
        }
        throw SystemError(number: ERANGE, action: action)
    }
}
