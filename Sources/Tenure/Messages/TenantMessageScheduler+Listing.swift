internal import TenureCore

extension TenantMessageScheduler {
    /// Where messages lie, in the order in which a list goes through them.
    private enum Section: String, CaseIterable {
        case work, recurrences, failed, ended

        func isWanted(_ states: Set<MessageState>) -> Bool {
            switch self {
            case .work: !states.isDisjoint(with: [.pending, .delivering])
            case .recurrences: states.contains(.pending)
            case .failed: states.contains(.failed)
            case .ended: !states.isDisjoint(with: [.delivered, .cancelled])
            }
        }
    }

    /// A place within a section: an instant and an ID, or a name.
    private struct Place: Equatable {
        var instant: ServerTime = .distantPast
        var id: Int64 = 0
        var name = ""

        /// `section:microseconds:ID:name`.
        func text(_ section: Section) -> String {
            "\(section.rawValue):\(self.instant.microseconds):\(self.id):\(self.name)"
        }

        static func parse(_ text: String) throws(RequestRefused) -> (section: Section, place: Place) {
            let parts = text.split(separator: ":", maxSplits: 3, omittingEmptySubsequences: false)
            guard parts.count == 4, let section = Section(rawValue: String(parts[0])),
                let microseconds = Int64(parts[1]), let id = Int64(parts[2])
            else { throw MessageFilter.invalidPage(text) }
            return (section, Place(instant: ServerTime(microseconds: microseconds), id: id, name: String(parts[3])))
        }
    }

    /// The order of a section.
    private enum Order {
        case oldestFirst, newestFirst

        func isBeyond(_ one: Place, _ other: Place) -> Bool {
            switch self {
            case .oldestFirst: (one.instant, one.id) > (other.instant, other.id)
            case .newestFirst: (one.instant, one.id) < (other.instant, other.id)
            }
        }
    }

    private typealias Row = (place: Place, message: ScheduledMessage)

    /// First what waits and what is being delivered, in the order in which it is due; then recurrences by name; then
    /// failed messages and ended ones, the newest first.
    ///
    /// - Complexity: A page reads what lies before it in its section, too.
    public func list(_ filter: MessageFilter) async throws -> MessagePage {
        try filter.check()
        let states = Set(filter.states.isEmpty ? MessageState.allCases : filter.states)
        let start = try filter.after.map(Place.parse)
        var sections = Section.allCases[...]
        if let start { sections = sections.drop { $0 != start.section } }
        var messages: [ScheduledMessage] = []
        var last: String?
        for section in sections where section.isWanted(states) {
            let after = section == start?.section ? start?.place : nil
            let rows = try await self.rows(section, states, after: after, limit: filter.limit - messages.count)
            messages += rows.map(\.message)
            last = rows.last?.place.text(section) ?? last
            if messages.count == filter.limit { return MessagePage(messages: messages, next: last) }
        }
        return MessagePage(messages: messages, next: nil)
    }

    private func rows(
        _ section: Section,
        _ states: Set<MessageState>,
        after place: Place?,
        limit: Int
    ) async throws -> [Row] {
        switch section {
        case .work:
            return try await Self.collect(limit, order: .oldestFirst, after: place, states) { count in
                try await self.client.work(kinds: TenantMessageIdentity.kinds, limit: count).map { work in
                    (Place(instant: work.dueAt, id: work.id.value), ScheduledMessage(work))
                }
            }
        case .recurrences:
            let jobs = try await self.client.jobs().sorted { $0.definition.name < $1.definition.name }
            let rows = jobs.compactMap { job -> Row? in
                guard let message = ScheduledMessage(job) else { return nil }
                return (Place(name: job.definition.name), message)
            }
            return Array(rows.filter { $0.place.name > place?.name ?? "" }.prefix(limit))
        case .failed:
            return try await Self.collect(limit, order: .newestFirst, after: place, states) { count in
                try await self.client.deadLetters(limit: count).map { letter in
                    (Place(instant: letter.failedAt, id: letter.id.value), ScheduledMessage(letter))
                }
            }
        case .ended:
            var filter = RunFilter()
            filter.states = ["completed", "cancelled"]
            filter.kinds = TenantMessageIdentity.kinds
            // Runs may have ended at the same instant as the last one of the page before.
            filter.before = place?.instant.advanced(by: .microseconds(1))
            return try await Self.collect(limit, order: .newestFirst, after: place, states) { [filter] count in
                try await self.client.runs(filter, limit: count).map { run in
                    (Place(instant: run.finishedAt, id: run.id.value), ScheduledMessage(run))
                }
            }
        }
    }

    /// Reads more and more rows until enough are messages of the wanted states beyond a place.
    private static func collect(
        _ limit: Int,
        order: Order,
        after place: Place?,
        _ states: Set<MessageState>,
        read: (Int) async throws -> [(Place, ScheduledMessage?)]
    ) async throws -> [Row] {
        var count = limit
        while true {
            let rows = try await read(count)
            let kept = rows.compactMap { row -> Row? in
                guard let message = row.1, states.contains(message.state) else { return nil }
                if let place, !order.isBeyond(row.0, place) { return nil }
                return (row.0, message)
            }
            if kept.count >= limit || rows.count < count { return Array(kept.prefix(limit)) }
            count *= 4
        }
    }
}
