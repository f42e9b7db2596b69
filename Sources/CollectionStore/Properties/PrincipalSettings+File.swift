extension PrincipalSettings {
    /// From the file `.xandikos` of a principal's directory.
    init(file: INIFile) {
        self.init()
        func list(_ section: String, _ key: String) -> [String] {
            file[section, key]?.split(separator: ",").map { $0.trimmingSpaces() }.filter { !$0.isEmpty } ?? []
        }
        let homes = list("principal", "calendar-home-set")
        if !homes.isEmpty { calendarHomes = homes }
        let books = list("principal", "addressbook-home-set")
        if !books.isEmpty { addressbookHomes = books }
        addresses = list("scheduling", "addresses")
        userType = file["scheduling", "user-type"]
        defaultCalendarURL = file["scheduling", "default-calendar-url"]
        calendarProxyReadFor = list("principal", "calendar-proxy-read-for")
        calendarProxyWriteFor = list("principal", "calendar-proxy-write-for")
        displayName = file["principal", "displayname"]
        deadProperties = DeadPropertyText.read(file)
        for key in file.keys(in: "shares") {
            if let text = file["shares", key], let path = try? CollectionPath(text) { shares.append(path) }
        }
    }

    /// Writes what differs from `old` into the file, so that everything else in it stays.
    func update(_ file: inout INIFile, from old: PrincipalSettings) {
        func set(_ section: String, _ key: String, _ new: String?, _ before: String?) {
            if new != before { file.set(section, key, to: new) }
        }
        func joined(_ values: [String]) -> String? { values.isEmpty ? nil : values.joined(separator: ", ") }
        set("scheduling", "addresses", joined(addresses), joined(old.addresses))
        set("scheduling", "user-type", userType, old.userType)
        set("scheduling", "default-calendar-url", defaultCalendarURL, old.defaultCalendarURL)
        set("principal", "calendar-home-set", joined(calendarHomes), joined(old.calendarHomes))
        set("principal", "addressbook-home-set", joined(addressbookHomes), joined(old.addressbookHomes))
        set("principal", "calendar-proxy-read-for", joined(calendarProxyReadFor), joined(old.calendarProxyReadFor))
        set("principal", "calendar-proxy-write-for", joined(calendarProxyWriteFor), joined(old.calendarProxyWriteFor))
        set("principal", "displayname", displayName, old.displayName)
        if deadProperties != old.deadProperties { DeadPropertyText.write(deadProperties, to: &file) }
        if shares != old.shares { file.replace("shares", "share", shares.map(\.string)) }
    }
}

extension Substring {
    fileprivate func trimmingSpaces() -> String {
        let isSpace: (Character) -> Bool = { $0 == " " || $0 == "\t" || $0 == "\n" }
        let start = drop(while: isSpace)
        guard let last = start.lastIndex(where: { !isSpace($0) }) else { return "" }
        return String(start[...last])
    }
}
