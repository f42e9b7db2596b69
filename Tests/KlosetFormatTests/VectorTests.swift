import ConnectorKit
import KlosetFormat
import Testing

/// Bytes that the Go engine wrote (Kloset format, appendix B).
@Suite struct VectorTests {
    static let configuration = hex(
        """
        5f4b4c4f5345545f010000000000010087a954696d657374616d70d7ff1cc7a33c6b01238cac5265706f7369746f72794944c4101d2120bc64724978be494d62
        c8eabc45a85061636b66696c6583a74d696e53697a65cf0000000000000000a741766753697a65cf0000000000000000a74d617853697a65cf00000000040000
        00a84368756e6b696e6784a9416c676f726974686dae666173746364632d76312e302e30a74d696e53697a65ce00080000aa4e6f726d616c53697a65ce001000
        00a74d617853697a65ce00800000a748617368696e6782a9416c676f726974686da6424c414b4533a442697473ce00000100ab436f6d7072657373696f6e86a9
        416c676f726974686da34c5a34a54c6576656cce00020000aa57696e646f7753697a65ffa94368756e6b53697a65ffa9426c6f636b53697a65ffa9456e61626c
        65435243c2aa456e6372797074696f6ec03cece467e3d86651f40e4015fb2a4cabbaf81282d4774b76617d7df110d893ae
        """)

    @Test func plaintextConfiguration() throws {
        let wrapper = try Wrapper(parsing: Self.configuration, expecting: .configuration)
        #expect(wrapper.version == .v1_0_0)
        let payload = Array(Self.configuration[wrapper.payload])
        let configuration = try StoreConfiguration(decoding: payload)
        let id = try #require(RepositoryID("1d2120bc-6472-4978-be49-4d62c8eabc45"))
        let timestamp = Timestamp(seconds: 1_795_236_748, nanoseconds: 120_711_375)
        #expect(configuration == StoreConfiguration(timestamp: timestamp, repositoryID: id))
        try configuration.validate()
        #expect(configuration.encoded() == payload)
        let sealed = Wrapper.seal(.configuration, .v1_0_0, payload) { bytes in
            #expect(bytes == Array(Self.configuration[wrapper.authenticated]))
            return wrapper.mac
        }
        #expect(sealed == Self.configuration)
    }

    @Test func emptyTree() throws {
        let bytes = hex("84a776657273696f6ece00000000a46b657973c0a8706f696e74657273c0a676616c756573c0")
        let node = BTreeNode(keys: [], values: [], next: nil)
        #expect(node.encoded() == bytes)
        #expect(try BTreeNode(decoding: bytes) == node)

        let rootBytes = hex(
            """
            84a756657273696f6ece00000000a54f7264657232a5436f756e7400a4526f6f74c420
            520e5fa100d9674c8de62eb32d497dd79cebbad41fd41820c606bec44437b8e6
            """)
        let root = try BTreeRoot(decoding: rootBytes)
        #expect(root.root.hex == "520e5fa100d9674c8de62eb32d497dd79cebbad41fd41820c606bec44437b8e6")
        #expect(BTreeRoot(root: root.root).encoded() == rootBytes)
        #expect(rootBytes.count == 67)
    }

    @Test func objectOfAnEmptyFile() throws {
        let bytes = hex(
            """
            85a776657273696f6ece00010000aa636f6e74656e744d4143c42064f1e78d1c81f6865d24e4e30db66654954083d827b4e8af52a14723b948cacb
            a66368756e6b739185a776657273696f6ece00010000aa636f6e74656e744d4143c42064f1e78d1c81f6865d24e4e30db66654954083d827b4e8
            af52a14723b948cacba66c656e677468ce00000000a7656e74726f7079cb0000000000000000a5666c616773ce00000000ac636f6e74656e745f74
            797065aa746578742f706c61696ea5666c616773ce00000000
            """)
        let empty = try #require(MAC(hex: "64f1e78d1c81f6865d24e4e30db66654954083d827b4e8af52a14723b948cacb"))
        let object = Object(
            contentMAC: empty, chunks: [Chunk(contentMAC: empty, length: 0, entropy: Entropy.bitsPerByte([]))],
            contentType: "text/plain", entropy: 0)
        #expect(object.encoded() == bytes)
        #expect(try Object(decoding: bytes) == object)
        #expect(Object.entropy(of: object.chunks) == 0)
    }

    @Test func lock() throws {
        let bytes = hex(
            """
            84a776657273696f6ece00010000a974696d657374616d70d7ff8c2d8f806b0125c7a8686f73746e616d65a2766da96578636c7573697665c2
            """)
        let lock = try Lock(decoding: bytes)
        #expect(lock.hostname == "vm")
        #expect(!lock.isExclusive)
        #expect(lock.timestamp == Timestamp(seconds: 1_795_237_319, nanoseconds: 587_949_024))
        #expect(lock.encoded() == bytes)
        var later = lock.timestamp
        later.seconds += 600
        #expect(!lock.isStale(at: later))
        later.seconds += 1
        #expect(lock.isStale(at: later))
    }
}
