import ConnectorKit
import KlosetFormat

/// How the numbers of a directory come about (format, section 9.7).
extension Summary {
    /// Counts a direct child that is not a directory.
    mutating func count(_ entry: EntryFacts) {
        let mode = entry.mode
        directory.counts.children += 1
        if mode.contains(.symbolicLink) {
            directory.counts.symbolicLinks += 1
        } else if mode.contains(.device) {
            directory.counts.devices += 1
        } else if mode.contains(.namedPipe) {
            directory.counts.pipes += 1
        } else if mode.contains(.socket) {
            directory.counts.sockets += 1
        } else {
            directory.counts.files += 1
        }
        if mode.contains(.setUserID) { directory.counts.setUserID += 1 }
        if mode.contains(.setGroupID) { directory.counts.setGroupID += 1 }
        if mode.contains(.sticky) { directory.counts.sticky += 1 }
        if entry.hasObject {
            directory.counts.objects += 1
            directory.counts.chunks &+= entry.chunkCount
        }
        let size = mode.isRegular ? UInt64(clamping: entry.size) : 0
        directory.counts.widen(time: entry.seconds, entry.seconds)
        directory.counts.widen(size: size, size)
        directory.counts.widen(entropy: entry.entropy, entry.entropy)
        if entry.entropy <= 2 {
            directory.counts.lowEntropy += 1
        } else if entry.entropy >= 7 {
            directory.counts.highEntropy += 1
        }
        directory.counts.count(type: entry.contentType)
        directory.counts.size &+= size
        directory.sumEntropy += entry.entropy
    }

    /// Counts a direct sub-directory, whose own summary is complete.
    mutating func merge(child: Summary) {
        directory.counts.children += 1
        directory.counts.directories += 1
        below.counts.add(child.directory.counts)
        below.counts.add(child.below.counts)
        for part in [child.below.counts, child.directory.counts] {
            below.counts.widen(time: part.minimumModificationTime, part.maximumModificationTime)
            below.counts.widen(size: part.minimumSize, part.maximumSize)
            below.counts.widen(entropy: part.minimumEntropy, part.maximumEntropy)
        }
    }

    /// Computes the averages, once all children are counted.
    ///
    /// - Parameter errors: direct children that could not be read.
    mutating func finish(errors: UInt64) {
        below.counts.errors += errors
        guard directory.counts.files > 0 else { return }
        directory.averageSize = directory.counts.size / directory.counts.files
        directory.averageEntropy = directory.sumEntropy / Double(directory.counts.files)
    }
}

extension Summary.Counts {
    /// In all minima and maxima a zero stands for "none yet" and gives way to anything.
    fileprivate mutating func widen(time low: Int64, _ high: Int64) {
        if low < minimumModificationTime || minimumModificationTime == 0 { minimumModificationTime = low }
        if high > maximumModificationTime || maximumModificationTime == 0 { maximumModificationTime = high }
    }

    fileprivate mutating func widen(size low: UInt64, _ high: UInt64) {
        if low < minimumSize || minimumSize == 0 { minimumSize = low }
        if high > maximumSize || maximumSize == 0 { maximumSize = high }
    }

    fileprivate mutating func widen(entropy low: Double, _ high: Double) {
        if low < minimumEntropy || minimumEntropy == 0 { minimumEntropy = low }
        if high > maximumEntropy || maximumEntropy == 0 { maximumEntropy = high }
    }

    fileprivate mutating func count(type: [UInt8]) {
        if type.isEmpty { return }
        switch String(decoding: type.prefix { $0 != UInt8(ascii: "/") }, as: UTF8.self) {
        case "text": text += 1
        case "image": image += 1
        case "audio": audio += 1
        case "video": video += 1
        case "application": application += 1
        default: other += 1
        }
    }

    fileprivate mutating func add(_ part: Summary.Counts) {
        for field in Self.sums { self[keyPath: field] &+= part[keyPath: field] }
    }

    private static var sums: [WritableKeyPath<Summary.Counts, UInt64>] {
        [
            \.directories, \.files, \.symbolicLinks, \.devices, \.pipes, \.sockets, \.children, \.setUserID,
            \.setGroupID, \.sticky, \.objects, \.chunks, \.size, \.highEntropy, \.lowEntropy, \.audio, \.video, \.image,
            \.text, \.application, \.other, \.errors,
        ]
    }
}
