/// All members of one state of a collection in the order of their names, a page of some hundred at a time: whoever writes
/// them to a client needs no list of them all.
package struct MemberPages: Sendable {
    package let count: Int
    private let page: @Sendable (Int) -> [Member]

    /// - Parameter page: gives the members of a page from 0 to below `count`.
    package init(count: Int, page: @escaping @Sendable (Int) -> [Member]) {
        self.count = count
        self.page = page
    }

    /// Pages of a list that is in memory anyway.
    package init(_ members: [Member]) {
        let size = 128
        self.init(count: (members.count + size - 1) / size) { index in
            Array(members[(index * size)..<min((index + 1) * size, members.count)])
        }
    }

    package subscript(index: Int) -> [Member] { page(index) }
}
