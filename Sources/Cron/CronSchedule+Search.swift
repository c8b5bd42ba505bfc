/// Finding the local seconds that a schedule selects, without regard to any time zone.
///
/// "Local" seconds are a wall-clock reading counted as if it were UTC: seconds since 1970-01-01T00:00:00 on the wall.
extension CronSchedule {
    /// The last year in which occurrences are looked for.
    static let lastYear = 9_999

    /// Years that are searched: dates and weekdays repeat after 400, so what is not found by then never comes.
    private static let cycleYears = 400

    /// Returns the first selected local second at or after one.
    ///
    /// - Parameters:
    ///   - local: The local second to start with.
    ///   - limit: The local second to stop before; default: after 400 years, at the latest after the year 9999.
    /// - Complexity: O(months searched), a few nanoseconds each; months that are not selected cost nothing.
    func next(from local: Int64, before limit: Int64 = .max) -> Int64? {
        let (days, secondOfDay) = CivilCalendar.split(local)
        let date = CivilCalendar.date(days: days)
        let firstOfMonth = days - date.day + 1

        if self.months & 1 << UInt32(date.month) != 0 {
            let mask = self.days(ofMonth: date.month, in: date.year, startingAt: firstOfMonth) >> UInt32(date.day)
            if mask & 1 != 0, let second = self.nextSecondOfDay(from: secondOfDay) {
                return Self.local(days: days, secondOfDay: second, before: limit)
            }
            let later = mask & ~1
            if later != 0 {
                let found = days + later.trailingZeroBitCount
                return Self.local(days: found, secondOfDay: self.firstSecondOfDay, before: limit)
            }
        }
        return self.next(afterMonth: date.month, of: date.year, before: limit)
    }

    private func next(afterMonth startMonth: Int, of startYear: Int, before limit: Int64) -> Int64? {
        let lastYear = min(startYear + Self.cycleYears, Self.lastYear)
        var year = startYear
        var month = startMonth
        while true {
            let later = self.months & (~1 << UInt32(month))
            if later != 0 {
                month = later.trailingZeroBitCount
            } else {
                year += 1
                month = self.months.trailingZeroBitCount
            }
            guard year <= lastYear else { return nil }
            let firstOfMonth = CivilCalendar.days(year: year, month: month, day: 1)
            guard Int64(firstOfMonth) * CivilCalendar.secondsPerDay < limit else { return nil }
            let mask = self.days(ofMonth: month, in: year, startingAt: firstOfMonth)
            guard mask != 0 else { continue }
            let days = firstOfMonth + mask.trailingZeroBitCount - 1
            return Self.local(days: days, secondOfDay: self.firstSecondOfDay, before: limit)
        }
    }

    private static func local(days: Int, secondOfDay: Int, before limit: Int64) -> Int64? {
        let local = Int64(days) * CivilCalendar.secondsPerDay + Int64(secondOfDay)
        return local < limit ? local : nil
    }

    // MARK: - Time of day

    private var firstSecondOfDay: Int {
        self.hours.trailingZeroBitCount * 3_600 + self.minutes.trailingZeroBitCount * 60
            + self.seconds.trailingZeroBitCount
    }

    private func nextSecondOfDay(from secondOfDay: Int) -> Int? {
        var hour = secondOfDay / 3_600
        var minute = secondOfDay / 60 % 60
        var second = secondOfDay % 60

        // From the smallest unit up: one that overflows advances the next larger; one that moves resets the smaller.
        if let found = Self.bit(in: self.seconds, from: second) {
            second = found
        } else {
            second = self.seconds.trailingZeroBitCount
            minute += 1
        }
        switch Self.bit(in: self.minutes, from: minute) {
        case minute: break
        case let found?:
            minute = found
            second = self.seconds.trailingZeroBitCount
        case nil:
            minute = self.minutes.trailingZeroBitCount
            second = self.seconds.trailingZeroBitCount
            hour += 1
        }
        guard let found = Self.bit(in: UInt64(self.hours), from: hour) else { return nil }
        if found != hour {
            hour = found
            minute = self.minutes.trailingZeroBitCount
            second = self.seconds.trailingZeroBitCount
        }
        return hour * 3_600 + minute * 60 + second
    }

    private static func bit(in bits: UInt64, from index: Int) -> Int? {
        let rest = bits >> UInt64(index)
        return rest == 0 ? nil : index + rest.trailingZeroBitCount
    }

    // MARK: - Days of a month

    /// The selected days of a month as bits 1 to 31.
    private func days(ofMonth month: Int, in year: Int, startingAt firstOfMonth: Int) -> UInt32 {
        let length = CivilCalendar.length(ofMonth: month, in: year)
        let firstWeekday = CivilCalendar.weekday(days: firstOfMonth)
        let all = Self.bits(1, through: length)
        let byDay: UInt32 =
            switch self.daysOfMonth {
            case .days(let days): days
            case .last(let offset): Self.bit(length - offset)
            case .weekdayNearest(let day): Self.nearestWeekday(to: day, length: length, firstWeekday: firstWeekday)
            case .weekdayNearestLast(let offset):
                Self.nearestWeekday(to: length - offset, length: length, firstWeekday: firstWeekday)
            }
        let byWeek =
            switch self.weekOfMonth {
            case .every: all
            case .nth(let week): Self.bits(week * 7 - 6, through: week * 7)
            case .last: Self.bits(length - 6, through: length)
            }
        return all & byDay & byWeek & self.weekdays(startingOn: firstWeekday)
    }

    /// The days 1 to 31 that fall on a selected weekday, in a month whose first day is `firstWeekday`.
    private func weekdays(startingOn firstWeekday: Int) -> UInt32 {
        let week = (self.daysOfWeek | self.daysOfWeek << 7) >> UInt32(firstWeekday) & 0x7F
        return (week | week << 7 | week << 14 | week << 21 | week << 28) << 1
    }

    private static func bit(_ day: Int) -> UInt32 { day < 1 ? 0 : 1 << UInt32(day) }

    private static func bits(_ first: Int, through last: Int) -> UInt32 {
        UInt32(truncatingIfNeeded: (UInt64(2) << UInt64(last)) - (UInt64(1) << UInt64(first)))
    }

    /// The weekday nearest to a day without leaving the month; none when the month has no such day.
    private static func nearestWeekday(to day: Int, length: Int, firstWeekday: Int) -> UInt32 {
        guard (1...length).contains(day) else { return 0 }
        switch (firstWeekday + day - 1) % 7 {
        case 0: return Self.bit(day == length ? day - 2 : day + 1)
        case 6: return Self.bit(day == 1 ? day + 2 : day - 1)
        default: return Self.bit(day)
        }
    }
}
