import DAVService
import Glibc
import HTTPTypes

/// Shows the XML of a request and of its answer on standard error, for whoever looks for a fault.
enum XMLDump {
    static func show(_ request: DAVRequest, _ answer: DAVResponse) {
        var text = "--> \(request.method.rawValue) \(request.target)\n"
        if isXML(request.body) { text += String(decoding: request.body, as: UTF8.self) + "\n" }
        text += "<-- \(answer.status.code)\n"
        switch answer.body {
        case .bytes(let bytes): if isXML(bytes) { text += String(decoding: bytes, as: UTF8.self) + "\n" }
        case .stream: text += "(sent while it is made: not shown)\n"
        }
        text.withUTF8 { bytes in
            var rest = bytes[...]
            while let start = UnsafeBufferPointer(rebasing: rest).baseAddress, !rest.isEmpty {
                let count = write(STDERR_FILENO, start, rest.count)
                guard count > 0 else { return }
                rest = rest.dropFirst(count)
            }
        }
    }

    private static func isXML(_ bytes: [UInt8]) -> Bool {
        bytes.first { $0 > 0x20 && $0 < 0x80 } == UInt8(ascii: "<")
    }
}
