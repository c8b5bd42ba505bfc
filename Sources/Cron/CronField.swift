/// A field of a cron expression, in the order of the six-field form.
package enum CronField: String, Sendable, Hashable, CaseIterable, CustomStringConvertible {
    /// 0 to 59; present only in the six-field form, otherwise 0.
    case second
    /// 0 to 59.
    case minute
    /// 0 to 23.
    case hour
    /// 1 to 31, with `L` and `W`.
    case dayOfMonth = "day of month"
    /// 1 to 12 or `JAN` to `DEC`.
    case month
    /// 0 to 7 or `SUN` to `SAT`, with `L` and `#`; both 0 and 7 are Sunday.
    case dayOfWeek = "day of week"

    /// The name as it appears in messages, e.g. "day of week".
    package var description: String { self.rawValue }

    /// The values that may be written.
    var values: ClosedRange<Int> {
        switch self {
        case .second, .minute: 0...59
        case .hour: 0...23
        case .dayOfMonth: 1...31
        case .month: 1...12
        case .dayOfWeek: 0...7
        }
    }

    /// The values of one turn, over which a reversed range wraps around; without the second Sunday.
    var cycle: ClosedRange<Int> { self == .dayOfWeek ? 0...6 : self.values }

    /// Whether `*`, a range or a step in this field makes the expression one of intervals.
    var canDefineInterval: Bool {
        switch self {
        case .second, .minute, .hour: true
        case .dayOfMonth, .month, .dayOfWeek: false
        }
    }

    /// The names of values, the first standing for `values.lowerBound`; empty where only numbers are allowed.
    var names: [String] {
        switch self {
        case .month: ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
        case .dayOfWeek: ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
        case .second, .minute, .hour, .dayOfMonth: []
        }
    }

    /// What may be written, for hints, e.g. "1 to 12 or JAN to DEC".
    var valuesDescription: String {
        let numbers = "\(self.values.lowerBound) to \(self.values.upperBound)"
        guard let first = self.names.first, let last = self.names.last else { return numbers }
        return "\(numbers) or \(first) to \(last)"
    }
}
