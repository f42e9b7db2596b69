internal import ArgumentParser

/// Which parts of the program tell what they do.
struct TraceAreas: ExpressibleByArgument, Hashable, Sendable {
    enum Area: String, CaseIterable, Sendable {
        case repository, snapshot, connector, server
    }

    private let areas: Set<Area>

    init?(argument: String) {
        var areas: Set<Area> = []
        for word in CommaList.items(argument) {
            if word == "all" || word == "trace" {
                areas.formUnion(Area.allCases)
            } else if let area = Area(rawValue: word) {
                areas.insert(area)
            } else {
                return nil
            }
        }
        guard !areas.isEmpty else { return nil }
        self.areas = areas
    }

    func contains(_ area: Area) -> Bool { areas.contains(area) }
}
