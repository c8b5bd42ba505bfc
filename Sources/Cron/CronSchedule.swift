/// What a cron expression selects: a set of local seconds, as bit masks.
///
/// Two expressions that select the same by the same fields are equal whatever their spelling.
struct CronSchedule: Sendable, Hashable {
    /// What a day of month field selects.
    enum DaysOfMonth: Sendable, Hashable {
        /// The days whose bit (1 to 31) is set.
        case days(UInt32)
        /// The day so many days before the last of the month (`L`, `L-3`).
        case last(offset: Int)
        /// The weekday nearest to a day, within the month (`15W`).
        case weekdayNearest(to: Int)
        /// The weekday nearest to the day so many days before the last of the month (`LW`, `L-3W`).
        case weekdayNearestLast(offset: Int)
    }

    /// Which occurrences of its weekday in a month a day of week field selects.
    enum WeekOfMonth: Sendable, Hashable {
        case every
        /// The first to fifth (`MON#2`).
        case nth(Int)
        /// The last one (`FRIL`).
        case last
    }

    /// Bits 0 to 59.
    var seconds: UInt64
    /// Bits 0 to 59.
    var minutes: UInt64
    /// Bits 0 to 23.
    var hours: UInt32
    var daysOfMonth: DaysOfMonth
    /// Bits 1 to 12.
    var months: UInt32
    /// Bits 0 (Sunday) to 6.
    var daysOfWeek: UInt32
    var weekOfMonth: WeekOfMonth
    /// Whether the second, minute or hour field holds `*`, `?`, a range or a step.
    var isInterval: Bool
}
