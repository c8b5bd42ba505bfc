internal import ArgumentParser
internal import Cron
internal import Foundation
internal import TenureCore

/// An instant on the command line: ISO 8601, UTC unless it has an offset.
struct TimeArgument: ExpressibleByArgument {
    let time: ServerTime

    init?(argument: String) {
        // The parser of arguments has a message of its own.
        guard let date = try? ISO8601.date(from: argument, in: .gmt) else { return nil }
        self.time = ServerTime(date)
    }
}

extension ServerTime {
    /// The same instant.
    init(_ date: Date) {
        self.init(microseconds: Int64((date.timeIntervalSince1970 * 1_000_000).rounded()))
    }
}
