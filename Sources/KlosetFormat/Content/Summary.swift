/// What a directory holds, in numbers (Kloset messages, section 6). For display only.
public struct Summary: Hashable, Sendable {
    /// The direct children, other than the contents of sub-directories.
    public var directory: Directory
    /// The whole subtree under the direct sub-directories.
    public var below: Below

    public init(directory: Directory = Directory(), below: Below = Below()) {
        self.directory = directory
        self.below = below
    }

    /// The numbers for the direct children of a directory.
    public struct Directory: Hashable, Sendable {
        public var counts = Counts()
        /// Bytes: size divided by the number of files.
        public var averageSize: UInt64 = 0
        public var sumEntropy: Double = 0
        public var averageEntropy: Double = 0

        public init() {}
    }

    /// The numbers for everything deeper.
    public struct Below: Hashable, Sendable {
        public var counts = Counts()

        public init() {}
    }

    /// What both parts count.
    public struct Counts: Hashable, Sendable {
        public var directories: UInt64 = 0
        public var files: UInt64 = 0
        public var symbolicLinks: UInt64 = 0
        public var devices: UInt64 = 0
        public var pipes: UInt64 = 0
        public var sockets: UInt64 = 0
        public var children: UInt64 = 0
        public var setUserID: UInt64 = 0
        public var setGroupID: UInt64 = 0
        public var sticky: UInt64 = 0
        public var objects: UInt64 = 0
        public var chunks: UInt64 = 0
        /// Bytes; in all minima and maxima 0 means "none yet".
        public var minimumSize: UInt64 = 0
        public var maximumSize: UInt64 = 0
        /// Bytes of all regular files.
        public var size: UInt64 = 0
        /// Seconds since 1970.
        public var minimumModificationTime: Int64 = 0
        public var maximumModificationTime: Int64 = 0
        public var minimumEntropy: Double = 0
        public var maximumEntropy: Double = 0
        /// Files of 7 bits per byte or more: compressed or encrypted.
        public var highEntropy: UInt64 = 0
        /// Files of 2 bits per byte or less.
        public var lowEntropy: UInt64 = 0
        public var audio: UInt64 = 0
        public var video: UInt64 = 0
        public var image: UInt64 = 0
        public var text: UInt64 = 0
        public var application: UInt64 = 0
        public var other: UInt64 = 0
        /// Paths that could not be read.
        public var errors: UInt64 = 0

        public init() {}
    }
}

extension Summary: MessagePackStructure {
    package static var unset: Self { Self(directory: Directory(), below: Below()) }

    package mutating func visitFields(_ fields: inout some FieldVisitor) {
        fields.structure("directory", &directory, .unlessEmpty)
        fields.structure("below", &below, .unlessEmpty)
    }
}

extension Summary.Directory: MessagePackStructure {
    package static var unset: Self { Self() }

    package mutating func visitFields(_ fields: inout some FieldVisitor) {
        counts.visitKinds(&fields)
        fields.u64("avg_size", &averageSize, .unlessEmpty)
        counts.visitSizeAndTimes(&fields)
        fields.f64("sum_entropy", &sumEntropy, .unlessEmpty)
        fields.f64("avg_entropy", &averageEntropy, .unlessEmpty)
        counts.visitContents(&fields)
        fields.u64("errors", &counts.errors, .unlessEmpty)
    }
}

extension Summary.Below: MessagePackStructure {
    package static var unset: Self { Self() }

    package mutating func visitFields(_ fields: inout some FieldVisitor) {
        counts.visitKinds(&fields)
        counts.visitSizeAndTimes(&fields)
        counts.visitContents(&fields)
        fields.u64("errors", &counts.errors)
    }
}

extension Summary.Counts {
    fileprivate mutating func visitKinds(_ fields: inout some FieldVisitor) {
        fields.u64("directories", &directories, .unlessEmpty)
        fields.u64("files", &files, .unlessEmpty)
        fields.u64("symlinks", &symbolicLinks, .unlessEmpty)
        fields.u64("devices", &devices, .unlessEmpty)
        fields.u64("pipes", &pipes, .unlessEmpty)
        fields.u64("sockets", &sockets, .unlessEmpty)
        fields.u64("children", &children, .unlessEmpty)
        fields.u64("setuid", &setUserID, .unlessEmpty)
        fields.u64("setgid", &setGroupID, .unlessEmpty)
        fields.u64("sticky", &sticky, .unlessEmpty)
        fields.u64("objects", &objects, .unlessEmpty)
        fields.u64("chunks", &chunks, .unlessEmpty)
        fields.u64("min_size", &minimumSize, .unlessEmpty)
        fields.u64("max_size", &maximumSize, .unlessEmpty)
    }

    fileprivate mutating func visitSizeAndTimes(_ fields: inout some FieldVisitor) {
        fields.u64("size", &size, .unlessEmpty)
        fields.i64("min_mod_time", &minimumModificationTime, .unlessEmpty)
        fields.i64("max_mod_time", &maximumModificationTime, .unlessEmpty)
        fields.f64("min_entropy", &minimumEntropy, .unlessEmpty)
        fields.f64("max_entropy", &maximumEntropy, .unlessEmpty)
    }

    fileprivate mutating func visitContents(_ fields: inout some FieldVisitor) {
        fields.u64("hi_entropy", &highEntropy, .unlessEmpty)
        fields.u64("lo_entropy", &lowEntropy, .unlessEmpty)
        fields.u64("MIME_audio", &audio, .unlessEmpty)
        fields.u64("MIME_video", &video, .unlessEmpty)
        fields.u64("MIME_image", &image, .unlessEmpty)
        fields.u64("MIME_text", &text, .unlessEmpty)
        fields.u64("MIME_application", &application, .unlessEmpty)
        fields.u64("MIME_other", &other, .unlessEmpty)
    }
}
