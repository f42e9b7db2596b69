extension String {
    var trimmed: String { String(prefix { $0 != "\n" }) }
}
