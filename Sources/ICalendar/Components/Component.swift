package import ContentLines

/// One component, as a view into its object: properties, and components inside it.
package struct Component: Sendable {
    let tree: ComponentTree
    let index: Int

    private var node: ComponentTree.Node { tree.nodes[index] }

    package var kind: ComponentKind { node.kind }

    /// Its place among all components of the object: a cheap identity within one object.
    package var identifier: Int { index }

    /// The bytes from BEGIN to END in the source.
    package var extent: Range<Int> {
        tree.document[node.begin].extent.lowerBound..<tree.document[node.end].extent.upperBound
    }

    /// The components directly inside, in source order.
    package var components: [Component] {
        var children: [Component] = []
        var child = index + 1
        while child < node.next {
            children.append(Component(tree: tree, index: child))
            child = tree.nodes[child].next
        }
        return children
    }

    package func components(of kind: ComponentKind) -> [Component] {
        components.filter { $0.kind == kind }
    }

    /// The content lines that belong to this component itself, in source order, without BEGIN and END.
    package var properties: ComponentProperties { ComponentProperties(component: self) }

    /// The first property of that name.
    package func property(_ name: StaticString) -> ContentLine? {
        var found: ContentLine?
        forEachProperty(name) { line in
            found = line
            return false
        }
        return found
    }

    /// All properties of that name.
    package func properties(_ name: StaticString) -> [ContentLine] {
        var found: [ContentLine] = []
        forEachProperty(name) { line in
            found.append(line)
            return true
        }
        return found
    }

    /// In source order, until `body` returns false.
    private func forEachProperty(_ name: StaticString, _ body: (ContentLine) -> Bool) {
        let (document, nodes) = (tree.document, tree.nodes)
        var line = nodes[index].begin + 1
        var child = index + 1
        // The lines between the components inside.
        while true {
            let end = child < nodes[index].next ? nodes[child].begin : nodes[index].end
            while let found = document.firstIndex(named: name, in: line..<max(line, end)) {
                guard body(document[found]) else { return }
                line = found + 1
            }
            guard child < nodes[index].next else { return }
            line = nodes[child].end + 1
            child = nodes[child].next
        }
    }

    /// All properties of that name; for names that come from a request.
    package func properties(named name: String) -> [ContentLine] {
        properties.filter { $0.hasName(name) }
    }

    /// The BEGIN line.
    package var beginLine: ContentLine { tree.document[node.begin] }

    /// The END line.
    package var endLine: ContentLine { tree.document[node.end] }
}

/// Walks over the lines of one component and past those of the components inside it.
package struct ComponentProperties: Sequence, Sendable {
    let component: Component

    package func makeIterator() -> Iterator {
        let node = component.tree.nodes[component.index]
        return Iterator(
            tree: component.tree, line: node.begin + 1, end: node.end, child: component.index + 1, last: node.next)
    }

    package struct Iterator: IteratorProtocol {
        let tree: ComponentTree
        var line: Int
        let end: Int
        var child: Int
        let last: Int

        package mutating func next() -> ContentLine? {
            while child < last, tree.nodes[child].begin == line {
                line = tree.nodes[child].end + 1
                child = tree.nodes[child].next
            }
            guard line < end else { return nil }
            defer { line += 1 }
            return tree.document[line]
        }
    }
}

extension Component {
    /// UID as text; nil when there is none or it is empty.
    package var uid: String? { property("UID").map(\.text).flatMap { $0.isEmpty ? nil : $0 } }

    package var summary: String? { property("SUMMARY")?.text }

    /// Whether this is an override of one instance (or of this and all later ones) of a recurring component.
    package var isOverride: Bool { property("RECURRENCE-ID") != nil }

    /// Whether it has a property that makes it recur.
    package var isRecurring: Bool { properties.contains { $0.isNamed("RRULE") || $0.isNamed("RDATE") } }
}
