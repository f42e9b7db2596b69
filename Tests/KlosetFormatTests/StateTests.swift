import ConnectorKit
import KlosetFormat
import Testing

@Suite struct StateTests {
    private func read(_ bytes: [UInt8], _ version: FormatVersion = .v1_1_0) throws -> ([StateRecord], StateMetadata?) {
        var reader = try StateReader(bytes, version: version)
        return (try reader.records(), reader.metadata)
    }

    @Test func everyRecordComesBack() throws {
        var reader = try StateReader(Samples.state, version: .v1_1_0)
        #expect(reader.parent == mac(1))
        #expect(try reader.records() == Samples.records)
        #expect(reader.metadata == StateMetadata(timestamp: 1_700_000_000_000_000_000))
        #expect(try reader.next() == nil)
    }

    @Test func recordsHaveTheirLayout() {
        var writer = StateWriter(parent: .zero)
        writer.add(
            BlobLocation(
                blob: BlobID(.entry, mac(1)), packfile: mac(2), offset: 0x0102_0304_0506_0708, length: 0x0A0B_0C0D))
        let bytes = writer.finish(timestamp: 1, serial: RepositoryID("00112233-4455-6677-8899-aabbccddeeff") ?? .zero)
        let ones = String(repeating: "01", count: 32)
        let twos = String(repeating: "02", count: 32)
        #expect(
            bytes
                == hex(
                    String(repeating: "00", count: 32) + "02 55000000 0c 00000100" + ones + twos
                        + "0807060504030201 0d0c0b0a 00000000"
                        + "01 00010100 0100000000000000 00112233445566778899aabbccddeeff"))
        #expect(writer.size == bytes.count)
        #expect(writer.locationCount == 1)
    }

    @Test func unknownRecordsArePassedOver() throws {
        var bytes = [UInt8](repeating: 0, count: 32)
        bytes += hex("09 03000000 aabbcc")
        bytes += Samples.state.dropFirst(32)
        #expect(try read(bytes).0 == Samples.records)
    }

    @Test func aRecordOfTheWrongLengthIsAnError() {
        for type: UInt8 in [2, 3, 4, 6] {
            let bytes = [UInt8](repeating: 0, count: 32) + [type] + hex("28000000") + [UInt8](repeating: 0, count: 100)
            #expect(throws: FormatError(.malformed, "")) { try read(bytes) }
        }
        let deletesNothing =
            [UInt8](repeating: 0, count: 32) + hex("06 42000000 05") + [UInt8](repeating: 0, count: 100)
        #expect(throws: FormatError(.malformed, "")) { try read(deletesNothing) }
    }

    @Test func configurationRecordsAreRead() throws {
        var bytes = [UInt8](repeating: 0, count: 32)
        bytes += hex("05 0f000000 02 6b6b 0200 7676 0100000000000000")
        bytes += hex("01 00010100 0000000000000000") + [UInt8](repeating: 0, count: 16)
        let record = try #require(try read(bytes).0.first)
        guard case .configuration(let setting) = record else {
            Issue.record("\(record)")
            return
        }
        #expect(setting.key == Array("kk".utf8) && setting.value == Array("vv".utf8) && setting.time == 1)
        bytes[33] = 0x10
        #expect(throws: FormatError.self) { try read(bytes) }
    }

    @Test func theOldVersionHasNoParentAndNoDeletes() throws {
        var writer = StateWriter(parent: mac(1), version: .v1_0_0)
        writer.add(ColouredRecord(.snapshot, mac(4), time: 1))
        #expect(throws: FormatError(.notWritable, "")) { try writer.add(DeleteRecord.packfile(mac(1))) }
        let bytes = writer.finish(timestamp: 2)
        #expect(bytes.first == 3)
        var reader = try StateReader(bytes, version: .v1_0_0)
        #expect(reader.parent == .zero)
        #expect(try reader.records() == [.coloured(ColouredRecord(.snapshot, mac(4), time: 1))])
        #expect(reader.metadata == StateMetadata(version: .v1_0_0, timestamp: 2))
    }
}
