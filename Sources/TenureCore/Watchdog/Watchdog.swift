/// Decides which conditions have lasted long enough to be told, and which of the told ones have ended. Pure.
///
/// It is shown again and again everything that is the case now. A condition that has lasted for its threshold is raised
/// once, and again after the cooldown while it lasts; one that comes and goes is raised once a cooldown at most.
///
/// - Complexity: O(c log c) a look, for c conditions that are the case or were raised within the cooldown.
package struct Watchdog: Sendable {
    /// What should not last.
    package enum Condition: Sendable, Hashable, Comparable {
        /// A tenant's ready work is late.
        case overdue(TenantID)
        /// A run's time is over, and its handler has not returned.
        case stuck(TenantID, WorkID)
        /// Nobody owns a tenant that somebody should own.
        case unowned(TenantID)
    }

    /// Since when a condition has been the case.
    package enum Beginning: Sendable, Hashable {
        /// Since an instant that is known.
        case at(MonotonicInstant)
        /// Since the first look of an unbroken row of looks that showed it.
        case firstSight
    }

    /// A condition that is to be told now.
    package struct Alert: Sendable, Hashable {
        /// What is the case.
        package let condition: Condition
        /// For how long it has been.
        package let lasting: Duration

        /// An alert.
        package init(_ condition: Condition, lasting: Duration) {
            self.condition = condition
            self.lasting = lasting
        }
    }

    /// What follows from one look.
    package struct Verdict: Sendable, Equatable {
        /// To be told now, in the order of the conditions.
        package var raised: [Alert] = []
        /// Raised before and over now, in the order of the conditions.
        package var ended: [Condition] = []

        /// A verdict.
        package init(raised: [Alert] = [], ended: [Condition] = []) {
            self.raised = raised
            self.ended = ended
        }
    }

    private struct Record: Sendable {
        /// `nil` while it is not the case, and remembered for its cooldown only.
        var since: MonotonicInstant?
        var raisedAt: MonotonicInstant?
        var isRaised = false
    }

    /// The most that one look raises: a fault that concerns everything should not drown all other events. The rest
    /// follows at the next looks.
    package static let alertLimit = 20

    private let options: WatchdogOptions
    private var records: [Condition: Record] = [:]

    /// A watchdog that has seen nothing yet.
    package init(options: WatchdogOptions) {
        self.options = options
    }

    /// Takes over everything that is the case at an instant.
    package mutating func look(
        at present: [Condition: Beginning],
        now: MonotonicInstant
    ) -> Verdict {
        var verdict = Verdict()
        for (condition, beginning) in present.sorted(by: { $0.key < $1.key }) {
            self.see(condition, beginning, now, &verdict)
        }
        for (condition, record) in self.records.sorted(by: { $0.key < $1.key }) where present[condition] == nil {
            if record.isRaised { verdict.ended.append(condition) }
            self.records[condition] =
                self.isCooling(record, at: now) ? Record(since: nil, raisedAt: record.raisedAt) : nil
        }
        verdict.ended.sort()
        return verdict
    }

    private mutating func see(
        _ condition: Condition,
        _ beginning: Beginning,
        _ now: MonotonicInstant,
        _ verdict: inout Verdict
    ) {
        var record = self.records[condition] ?? Record()
        let since: MonotonicInstant
        switch beginning {
        case .at(let instant): since = instant
        case .firstSight: since = record.since ?? now
        }
        record.since = since
        let lasting = since.duration(to: now)
        if lasting < self.threshold(of: condition) {
            if record.isRaised { verdict.ended.append(condition) }
            record.isRaised = false
        } else if !self.isCooling(record, at: now), verdict.raised.count < Self.alertLimit {
            verdict.raised.append(Alert(condition, lasting: lasting))
            record.raisedAt = now
            record.isRaised = true
        }
        self.records[condition] = record
    }

    private func isCooling(_ record: Record, at now: MonotonicInstant) -> Bool {
        guard let raisedAt = record.raisedAt else { return false }
        return raisedAt.duration(to: now) < self.options.cooldown
    }

    private func threshold(of condition: Condition) -> Duration {
        switch condition {
        case .overdue: self.options.overdue
        case .stuck: self.options.stuck
        case .unowned: self.options.unowned
        }
    }
}
