internal import Foundation

/// Measured values, in order.
package struct Figures: Sendable {
    private let sorted: [Double]

    /// Takes values in any order.
    package init(_ values: some Sequence<Double>) { self.sorted = values.sorted() }

    /// How many there are.
    package var count: Int { self.sorted.count }

    /// The largest, if there is any.
    package var worst: Double? { self.sorted.last }

    /// The value that a share of all do not exceed, if there is any.
    package func percentile(_ share: Double) -> Double? {
        guard !self.sorted.isEmpty else { return nil }
        return self.sorted[min(self.sorted.count - 1, Int(Double(self.sorted.count) * share))]
    }

    /// A value with so many digits after the point, or a dash.
    package static func text(_ value: Double?, digits: Int) -> String {
        value.map { String(format: "%.\(digits)f", $0) } ?? "–"
    }
}
