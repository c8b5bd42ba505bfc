import Cron
import Foundation

/// A generator of reproducible random numbers (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        self.state = seed
    }

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = self.state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}

/// A random cron expression as text, together with its meaning spelled out without a parser or bit masks.
struct ReferenceCron {
    /// A field's text and the values it stands for.
    struct Field {
        var text: String
        var values: Set<Int>
        var isInterval = false
    }

    /// A day as Foundation's calendar sees it.
    struct Day {
        var day: Int
        var month: Int
        /// 0 is Sunday.
        var weekday: Int
        var length: Int
    }

    let second: Field
    let minute: Field
    let hour: Field
    let month: Field
    let dayText: String
    let weekdayText: String
    let matchesDay: @Sendable (Day) -> Bool
    let matchesWeekday: @Sendable (Day) -> Bool
    let hasSeconds: Bool

    var text: String {
        (self.hasSeconds ? "\(self.second.text) " : "")
            + "\(self.minute.text) \(self.hour.text) \(self.dayText) \(self.month.text) \(self.weekdayText)"
    }

    var isInterval: Bool {
        self.hasSeconds && self.second.isInterval || self.minute.isInterval || self.hour.isInterval
    }

    func matches(_ day: Day) -> Bool {
        self.month.values.contains(day.month) && self.matchesWeekday(day) && self.matchesDay(day)
    }

    // MARK: - Generation

    /// Makes an expression; hours and days are drawn so that it often matches around night-time transitions.
    static func random(using random: inout SeededGenerator) -> ReferenceCron {
        let hasSeconds = Int.random(in: 0..<3, using: &random) == 0
        let second = hasSeconds ? Self.field(0...59, using: &random) : Field(text: "0", values: [0])
        let minute = Self.field(0...59, using: &random)
        let hour = Self.field(0...23, favourite: 0...4, using: &random)
        let isAnyMonth = Int.random(in: 0..<4, using: &random) > 0
        let month = isAnyMonth ? Field(text: "*", values: Set(1...12)) : Self.field(1...12, using: &random)
        let (dayText, matchesDay) = Self.dayOfMonth(using: &random)
        let (weekdayText, matchesWeekday) = Self.dayOfWeek(using: &random)
        return ReferenceCron(
            second: second,
            minute: minute,
            hour: hour,
            month: month,
            dayText: dayText,
            weekdayText: weekdayText,
            matchesDay: matchesDay,
            matchesWeekday: matchesWeekday,
            hasSeconds: hasSeconds
        )
    }

    private static func field(
        _ range: ClosedRange<Int>,
        favourite: ClosedRange<Int>? = nil,
        using random: inout SeededGenerator
    ) -> Field {
        let all = Set(range)
        let draw = Int.random(in: 0..<3, using: &random) == 0 ? range : favourite ?? range
        let first = Int.random(in: draw, using: &random)
        let last = Int.random(in: draw, using: &random)
        let step = Int.random(in: 1...range.upperBound, using: &random)
        // Going round from `first` until `last`, counted one value at a time.
        var turn = [first]
        while turn[turn.count - 1] != last {
            turn.append(turn[turn.count - 1] == range.upperBound ? range.lowerBound : turn[turn.count - 1] + 1)
        }
        switch Int.random(in: 0..<7, using: &random) {
        case 0: return Field(text: "*", values: all, isInterval: true)
        case 1:
            let values = all.filter { ($0 - range.lowerBound) % step == 0 }
            return Field(text: "*/\(step)", values: values, isInterval: true)
        case 2:
            let values = all.filter { $0 >= first && ($0 - first) % step == 0 }
            return Field(text: "\(first)/\(step)", values: values, isInterval: true)
        case 3: return Field(text: "\(first)-\(last)", values: Set(turn), isInterval: true)
        case 4:
            let values = turn.indices.filter { $0 % step == 0 }.map { turn[$0] }
            return Field(text: "\(first)-\(last)/\(step)", values: Set(values), isInterval: true)
        case 5: return Field(text: "\(first),\(last)", values: [first, last])
        default: return Field(text: "\(first)", values: [first])
        }
    }

    private static func dayOfMonth(
        using random: inout SeededGenerator
    ) -> (String, @Sendable (Day) -> Bool) {
        let number = Int.random(in: 1...31, using: &random)
        let offset = Int.random(in: 0...6, using: &random)
        switch Int.random(in: 0..<10, using: &random) {
        case 0:
            let field = Self.field(1...31, using: &random)
            return (field.text, { field.values.contains($0.day) })
        case 1: return ("L", { $0.day == $0.length })
        case 2: return ("L-\(offset)", { $0.day == $0.length - offset })
        case 3: return ("\(number)W", { Self.isNearestWeekday($0, to: number) })
        case 4: return ("LW", { Self.isNearestWeekday($0, to: $0.length) })
        case 5: return ("L-\(offset)W", { Self.isNearestWeekday($0, to: $0.length - offset) })
        default: return ("*", { _ in true })
        }
    }

    private static func dayOfWeek(using random: inout SeededGenerator) -> (String, @Sendable (Day) -> Bool) {
        let weekday = Int.random(in: 0...6, using: &random)
        let name = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"][weekday]
        let week = Int.random(in: 1...5, using: &random)
        switch Int.random(in: 0..<10, using: &random) {
        case 0:
            let field = Self.field(0...6, using: &random)
            // Written with steps, 7 belongs to the range too, and is Sunday.
            guard !field.text.contains("/") || field.text.contains("-") else { return ("*", { _ in true }) }
            return (field.text, { field.values.contains($0.weekday) })
        case 1: return ("\(name)L", { $0.weekday == weekday && $0.day + 7 > $0.length })
        case 2: return ("\(name)#\(week)", { $0.weekday == weekday && ($0.day + 6) / 7 == week })
        case 3: return (name, { $0.weekday == weekday })
        default: return ("?", { _ in true })
        }
    }

    /// Whether a day is the weekday of its month with the least distance to another day of it, Fridays before Mondays.
    private static func isNearestWeekday(_ day: Day, to target: Int) -> Bool {
        guard (1...day.length).contains(target) else { return false }
        func isWeekday(_ other: Int) -> Bool { (1...5).contains((day.weekday + other - day.day + 70) % 7) }
        let weekdays = (1...day.length).filter(isWeekday)
        let nearest = weekdays.min { (abs($0 - target), $0) < (abs($1 - target), $1) }
        return nearest == day.day
    }

    // MARK: - Slow search

    /// A zone and its offsets in a window of time, looked at minute by minute.
    struct Window {
        struct Transition {
            let instant: Int
            let before: Int
            let after: Int
        }

        let zone: TimeZone
        let start: Int
        let end: Int
        /// The offset of each minute from `start` on.
        let offsets: [Int]
        let transitions: [Transition]
        /// The days that local time may show, by days since 1970.
        let days: [Int: Day]

        init(zone: TimeZone, around instant: Int, hours: Int) {
            self.zone = zone
            self.start = instant / 60 * 60 - hours * 3_600
            self.end = self.start + hours * 7_200
            let start = self.start
            let offsets = stride(from: self.start, to: self.end, by: 60).map {
                zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double($0)))
            }
            self.offsets = offsets
            self.transitions = offsets.indices.dropFirst().filter { offsets[$0] != offsets[$0 - 1] }.map {
                Transition(instant: start + $0 * 60, before: offsets[$0 - 1], after: offsets[$0])
            }
            self.days = ReferenceCron.days(from: self.start / 86_400 - 2, through: self.end / 86_400 + 2)
        }
    }

    /// Looks up days, by their number since 1970, in Foundation's calendar.
    static func days(from first: Int, through last: Int) -> [Int: Day] {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        var days: [Int: Day] = [:]
        for number in first...last {
            let date = Date(timeIntervalSince1970: Double(number * 86_400))
            let parts = calendar.dateComponents([.day, .month, .weekday], from: date)
            let length = calendar.range(of: .day, in: .month, for: date)?.count ?? 0
            let weekday = (parts.weekday ?? 0) - 1
            days[number] = Day(day: parts.day ?? 0, month: parts.month ?? 0, weekday: weekday, length: length)
        }
        return days
    }

    /// The instants of a window at which the expression fires, by looking at every second of every minute.
    func instants(in window: Window, gap: GapPolicy, overlap: OverlapPolicy) -> [Int] {
        var instants: Set<Int> = []
        for (index, offset) in window.offsets.enumerated() {
            let minute = window.start + index * 60
            for second in self.seconds(ofMinute: minute + offset, days: window.days) {
                let instant = minute + second
                if self.isKept(instant, window.transitions, overlap) { instants.insert(instant) }
            }
        }
        for transition in window.transitions where transition.after > transition.before {
            let gapStart = transition.instant + transition.before
            for local in stride(from: gapStart, to: transition.instant + transition.after, by: 60) {
                for second in self.seconds(ofMinute: local, days: window.days) {
                    switch gap {
                    case .firstValidInstant: instants.insert(transition.instant)
                    case .skip: break
                    case .shift: instants.insert(local + second - transition.before)
                    }
                }
            }
        }
        return instants.sorted()
    }

    /// The matching seconds of a local minute.
    private func seconds(ofMinute local: Int, days: [Int: Day]) -> [Int] {
        let number = Int((Double(local) / 86_400).rounded(.down))
        let minuteOfDay = (local - number * 86_400) / 60
        guard self.hour.values.contains(minuteOfDay / 60), self.minute.values.contains(minuteOfDay % 60),
            let day = days[number], self.matches(day)
        else { return [] }
        return (0..<60).filter { self.second.values.contains($0) }
    }

    private func isKept(_ instant: Int, _ transitions: [Window.Transition], _ overlap: OverlapPolicy) -> Bool {
        for transition in transitions where transition.after < transition.before {
            let length = transition.before - transition.after
            let isFirstPass = (transition.instant - length..<transition.instant).contains(instant)
            let isSecondPass = (transition.instant..<transition.instant + length).contains(instant)
            switch overlap {
            case .automatic: if isSecondPass, !self.isInterval { return false }
            case .first: if isSecondPass { return false }
            case .second: if isFirstPass { return false }
            case .both: break
            }
        }
        return true
    }
}
