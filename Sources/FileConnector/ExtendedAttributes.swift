/// The extended attributes of one file, as far as they can be read.
struct ExtendedAttributes {
    /// Sorted bytewise by name.
    var values: [(name: [UInt8], value: [UInt8])] = []
    var failures: [(name: [UInt8], error: SystemError)] = []

    init() {}

    init(of file: Descriptor) {
        self.init { () throws(SystemError) in
            try file.attributeNames()
        } value: { (name) throws(SystemError) in
            try file.attribute(name)
        }
    }

    /// Of what cannot be opened: a link, a socket.
    init(of name: [UInt8], in directory: Descriptor) {
        self.init { () throws(SystemError) in
            try directory.attributeNames(of: name)
        } value: { (attribute) throws(SystemError) in
            try directory.attribute(attribute, of: name)
        }
    }

    private init(
        names: () throws(SystemError) -> [[UInt8]], value: ([UInt8]) throws(SystemError) -> [UInt8]
    ) {
        do throws(SystemError) {
            for name in try names() {
                do throws(SystemError) {
                    values.append((name, try value(name)))
                } catch {
                    failures.append((name, error))
                }
            }
        } catch {
            failures.append(([], error))
        }
    }
}
