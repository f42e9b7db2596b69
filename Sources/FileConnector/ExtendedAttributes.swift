/// The extended attributes of one file, as far as they can be read.
struct ExtendedAttributes {
    /// Sorted bytewise by name.
    var values: [(name: [UInt8], value: [UInt8])] = []
    var failures: [(name: [UInt8], error: SystemError)] = []

    init() {}

    init(of file: Descriptor) {
        do throws(SystemError) {
            for name in try file.attributeNames() {
                do throws(SystemError) {
                    values.append((name, try file.attribute(name)))
                } catch {
                    failures.append((name, error))
                }
            }
        } catch {
            failures.append(([], error))
        }
    }
}
