import SeededNumbers

extension SeededGenerator {
    mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &self) < percent }

    mutating func some<Element>(_ count: ClosedRange<Int>, of make: (inout Self) -> Element) -> [Element] {
        (0..<Int.random(in: count, using: &self)).map { _ in make(&self) }
    }
}
