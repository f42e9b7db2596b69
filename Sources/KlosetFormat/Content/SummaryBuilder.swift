internal import ConnectorKit

/// Counts what a directory holds, by the engine's rules (Kloset format, section 9.7). Sub-directories are finished
/// before the directories that hold them.
package struct SummaryBuilder: Sendable {
    private var summary = Summary()

    package init() {}

    /// Adds a direct child that is not a directory.
    package mutating func add(_ entry: Entry) {
        let mode = entry.info.mode
        let size = mode.isRegular ? UInt64(clamping: entry.info.size) : 0
        summary.directory.counts.add(entry, size: size)
        summary.directory.sumEntropy += entry.entropy
    }

    /// Adds a direct sub-directory.
    package mutating func add(directory child: Summary) {
        summary.directory.counts.children &+= 1
        summary.directory.counts.directories &+= 1
        summary.below.counts.addNumbers(of: child.below.counts)
        summary.below.counts.addNumbers(of: child.directory.counts)
        summary.below.counts.addRanges(of: child.below.counts)
        summary.below.counts.addRanges(of: child.directory.counts)
    }

    /// Adds paths directly in the directory that could not be read.
    package mutating func add(errors count: UInt64) { summary.below.counts.errors &+= count }

    package func finish() -> Summary {
        var summary = summary
        let files = summary.directory.counts.files
        if files > 0 {
            summary.directory.averageSize = summary.directory.counts.size / files
            summary.directory.averageEntropy = summary.directory.sumEntropy / Double(files)
        }
        return summary
    }
}

extension Summary.Counts {
    fileprivate mutating func add(_ entry: Entry, size: UInt64) {
        addKind(of: entry.info.mode)
        if entry.object != .zero {
            objects &+= 1
            chunks &+= entry.chunkCount
        }
        let time = entry.info.modificationTime.seconds
        widen(\.minimumModificationTime, \.maximumModificationTime, time, time)
        widen(\.minimumSize, \.maximumSize, size, size)
        widen(\.minimumEntropy, \.maximumEntropy, entry.entropy, entry.entropy)
        if entry.entropy <= 2 { lowEntropy &+= 1 }
        if entry.entropy >= 7 { highEntropy &+= 1 }
        addContentType(entry.contentType)
        self.size &+= size
    }

    private mutating func addKind(of mode: FileMode) {
        children &+= 1
        if mode.contains(.symbolicLink) {
            symbolicLinks &+= 1
        } else if mode.contains(.device) {
            devices &+= 1
        } else if mode.contains(.namedPipe) {
            pipes &+= 1
        } else if mode.contains(.socket) {
            sockets &+= 1
        } else {
            files &+= 1
        }
        if mode.contains(.setUserID) { setUserID &+= 1 }
        if mode.contains(.setGroupID) { setGroupID &+= 1 }
        if mode.contains(.sticky) { sticky &+= 1 }
    }

    private mutating func addContentType(_ type: ByteString) {
        guard !type.isEmpty else { return }
        if type.bytes.starts(with: "text/".utf8) {
            text &+= 1
        } else if type.bytes.starts(with: "image/".utf8) {
            image &+= 1
        } else if type.bytes.starts(with: "audio/".utf8) {
            audio &+= 1
        } else if type.bytes.starts(with: "video/".utf8) {
            video &+= 1
        } else if type.bytes.starts(with: "application/".utf8) {
            application &+= 1
        } else {
            other &+= 1
        }
    }

    fileprivate mutating func addNumbers(of child: Summary.Counts) {
        directories &+= child.directories
        files &+= child.files
        symbolicLinks &+= child.symbolicLinks
        devices &+= child.devices
        pipes &+= child.pipes
        sockets &+= child.sockets
        children &+= child.children
        setUserID &+= child.setUserID
        setGroupID &+= child.setGroupID
        sticky &+= child.sticky
        objects &+= child.objects
        chunks &+= child.chunks
        size &+= child.size
        highEntropy &+= child.highEntropy
        lowEntropy &+= child.lowEntropy
        audio &+= child.audio
        video &+= child.video
        image &+= child.image
        text &+= child.text
        application &+= child.application
        other &+= child.other
        errors &+= child.errors
    }

    fileprivate mutating func addRanges(of child: Summary.Counts) {
        widen(
            \.minimumModificationTime, \.maximumModificationTime, child.minimumModificationTime,
            child.maximumModificationTime)
        widen(\.minimumSize, \.maximumSize, child.minimumSize, child.maximumSize)
        widen(\.minimumEntropy, \.maximumEntropy, child.minimumEntropy, child.maximumEntropy)
    }

    /// 0 counts as "none yet" in what is there, not in what is added: so the engine does it, odd as it is.
    private mutating func widen<T: Comparable & ExpressibleByIntegerLiteral>(
        _ minimum: WritableKeyPath<Self, T>, _ maximum: WritableKeyPath<Self, T>, _ low: T, _ high: T
    ) {
        if low < self[keyPath: minimum] || self[keyPath: minimum] == 0 { self[keyPath: minimum] = low }
        if high > self[keyPath: maximum] || self[keyPath: maximum] == 0 { self[keyPath: maximum] = high }
    }
}
