/// A binary heap: the least element comes first.
///
/// - Complexity: O(log n) per element.
struct Heap<Element: Comparable>: Sendable where Element: Sendable {
    private var elements: [Element] = []

    init() {}

    mutating func push(_ element: Element) {
        self.elements.append(element)
        var index = self.elements.count - 1
        while index > 0, self.elements[index] < self.elements[(index - 1) / 2] {
            self.elements.swapAt(index, (index - 1) / 2)
            index = (index - 1) / 2
        }
    }

    mutating func pop() -> Element? {
        guard let last = self.elements.popLast() else { return nil }
        guard let first = self.elements.first else { return last }
        self.elements[0] = last
        var index = 0
        while true {
            var least = index
            for child in [2 * index + 1, 2 * index + 2] where child < self.elements.count {
                if self.elements[child] < self.elements[least] { least = child }
            }
            guard least != index else { return first }
            self.elements.swapAt(index, least)
            index = least
        }
    }
}
