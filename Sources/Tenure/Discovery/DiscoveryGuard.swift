package import TenureCore

/// Decides what to believe of a discovery's answers: keeps the last good list, and lets no tenant go by mistake. Pure.
///
/// New tenants and changes count at once. A failure changes nothing. A tenant that is missing from an answer goes when
/// the answer says that it is inactive, or when its absence is confirmed:
///
/// | answer                               | is         | confirms an absence                     |
/// |--------------------------------------|------------|-----------------------------------------|
/// | half of the expected tenants or more | good       | by 3 looks in a row, over long enough   |
/// | fewer than half of them              | suspicious | by 10 looks in a row, five times as long |
/// | nothing                              | suspicious | never                                   |
///
/// Long enough is two refresh intervals, and 10 s at least.
/// Expected are the known tenants that the answer does not call inactive. Failures between two looks neither count nor
/// begin the count anew; looks that come in quick succession (a change notifies) do not shorten the time.
package struct DiscoveryGuard: Sendable {
    private struct Absence: Sendable {
        let since: MonotonicInstant
        var goodLooks = 0
        var looks = 0
    }

    /// The last good list.
    package private(set) var tenants: [TenantID: Tenant] = [:]
    /// Whether there has been an answer yet.
    package private(set) var hasAnswered = false

    /// Descriptions that could not be used, as of the last answer.
    private var unreadable: Set<DiscoveredTenants.Unreadable> = []
    private var absences: [TenantID: Absence] = [:]
    private var failures = 0
    private var lastReport: (name: EventName, at: MonotonicInstant)?
    private let refreshInterval: Duration

    private static let goodLooks = 3
    private static let suspiciousLooks = 10
    private static let leastConfirmation = Duration.seconds(10)

    /// Knows no tenant yet.
    ///
    /// - Parameter refreshInterval: The time between two looks (`DiscoveryInterval`).
    package init(refreshInterval: Duration) {
        self.refreshInterval = refreshInterval
    }

    /// How long an absence must have lasted that good answers confirm.
    private var confirmation: Duration { max(self.refreshInterval * 2, Self.leastConfirmation) }

    /// Takes an answer. Of several entries for one tenant the first counts; one that is listed is not inactive.
    package mutating func answered(_ answer: DiscoveredTenants, at now: MonotonicInstant) -> DiscoveryNews {
        var found: [TenantID: Tenant] = [:]
        for tenant in answer.tenants where found[tenant.id] == nil { found[tenant.id] = tenant }

        var news = DiscoveryNews()
        let missing = self.tenants.keys.filter { found[$0] == nil }.sorted()
        let absent = missing.filter { !answer.inactive.contains($0) }
        let expected = self.tenants.count - missing.count + absent.count
        let isEmpty = found.isEmpty && !absent.isEmpty
        let isSuspicious = isEmpty || (expected - absent.count) * 2 < expected

        for id in missing where answer.inactive.contains(id) { self.remove(id, because: .inactive, &news) }
        if !isEmpty {
            self.absences = self.absences.filter { found[$0.key] == nil }
            for id in absent where self.isConfirmed(id, isSuspicious: isSuspicious, at: now) {
                self.remove(id, because: .missing, &news)
            }
        }
        for id in found.keys.sorted() {
            guard let tenant = found[id] else { continue }
            if let before = self.tenants.updateValue(tenant, forKey: id) {
                if before != tenant { news.changed.append(.init(before: before, after: tenant)) }
            } else {
                news.added.append(tenant)
            }
        }
        news.events =
            self.noteUnreadable(answer.unreadable)
            + self.events(of: news, absent: absent.count, isSuspicious: isSuspicious, at: now)
        self.hasAnswered = true
        self.failures = 0
        return news
    }

    /// Takes note that the discovery failed. Nothing changes.
    ///
    /// - Parameter reason: For the event; never a credential.
    package mutating func failed(_ reason: String, at now: MonotonicInstant) -> DiscoveryNews {
        self.failures += 1
        var news = DiscoveryNews()
        news.events = self.report(
            .discoveryFailed,
            [
                .init("reason", .string(reason)), .init("failures", .integer(Int64(self.failures))),
                .init("kept", .integer(Int64(self.tenants.count))),
            ],
            at: now
        )
        return news
    }

    // MARK: - Absence

    private mutating func isConfirmed(_ id: TenantID, isSuspicious: Bool, at now: MonotonicInstant) -> Bool {
        var absence = self.absences[id] ?? Absence(since: now)
        absence.looks += 1
        if !isSuspicious { absence.goodLooks += 1 }
        self.absences[id] = absence
        let lasted = absence.since.duration(to: now)
        return isSuspicious
            ? absence.looks >= Self.suspiciousLooks && lasted >= self.confirmation * 5
            : absence.goodLooks >= Self.goodLooks && lasted >= self.confirmation
    }

    private mutating func remove(
        _ id: TenantID,
        because reason: DiscoveryNews.Removal.Reason,
        _ news: inout DiscoveryNews
    ) {
        self.absences[id] = nil
        guard let tenant = self.tenants.removeValue(forKey: id) else { return }
        news.removed.append(.init(tenant: tenant, reason: reason))
    }

    // MARK: - Events

    /// Reports each description that cannot be used when it appears, and again when something else is wrong with it.
    private mutating func noteUnreadable(_ unreadable: [DiscoveredTenants.Unreadable]) -> [DiscoveryNews.Event] {
        defer { self.unreadable = Set(unreadable) }
        return unreadable.filter { !self.unreadable.contains($0) }.map { problem in
            .init(
                name: .discoverySuspicious,
                fields: [.init("tenant", .string(problem.tenant)), .init("reason", .string(problem.reason))]
            )
        }
    }

    private mutating func events(
        of news: DiscoveryNews,
        absent: Int,
        isSuspicious: Bool,
        at now: MonotonicInstant
    ) -> [DiscoveryNews.Event] {
        if isSuspicious {
            return self.report(
                .discoverySuspicious,
                [.init("missing", .integer(Int64(absent))), .init("kept", .integer(Int64(self.tenants.count)))],
                at: now
            )
        }
        // An answer that says nothing new is not worth a line.
        guard !self.hasAnswered || !news.isEmpty || self.lastReport != nil else { return [] }
        self.lastReport = nil
        return [
            .init(
                name: .discoveryCompleted,
                fields: [
                    .init("tenants", .integer(Int64(self.tenants.count))),
                    .init("added", .integer(Int64(news.added.count))),
                    .init("changed", .integer(Int64(news.changed.count))),
                    .init("removed", .integer(Int64(news.removed.count))),
                ]
            )
        ]
    }

    /// Reports trouble when it begins, and then once in a refresh interval while it lasts.
    private mutating func report(
        _ name: EventName,
        _ fields: [ClusterEvent.Field],
        at now: MonotonicInstant
    ) -> [DiscoveryNews.Event] {
        if let last = self.lastReport, last.name == name, last.at.duration(to: now) < self.refreshInterval { return [] }
        self.lastReport = (name, now)
        return [.init(name: name, fields: fields)]
    }
}
