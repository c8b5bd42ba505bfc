internal import Tenure
internal import TenureCore

extension MessageSchedulerConformance {
    /// The tokens of all pages.
    private static func tokens(
        _ states: [MessageState],
        pages limit: Int,
        _ scene: MessageScene
    ) async throws -> [MessageToken] {
        var filter = MessageFilter(states: states, limit: limit)
        var tokens: [MessageToken] = []
        // One page too many rather than a loop without an end.
        for _ in 0..<100 {
            let page = try await scene.scheduler.list(filter)
            try scene.expect(page.messages.count <= limit, "a page is longer than its limit")
            tokens += page.messages.map(\.token)
            guard let next = page.next else { return tokens }
            filter.after = next
        }
        throw Violation(description: "the pages have no end")
    }

    static let listing: [MessageSchedulerConformance] = [
        Self("Pages hold each message of the wanted states once") { scene in
            var pending: Set<MessageToken> = []
            for number in 0..<17 {
                let delay = Duration.seconds(3600 + number % 3)
                pending.insert(try await scene.scheduler.schedule(scene.draft(), after: delay))
            }
            var ended: Set<MessageToken> = []
            let recorder = MessageRecorder { delivery in
                if delivery.payload.contains("bad") { throw PermanentFailure("bad") }
            }
            for _ in 0..<7 {
                ended.insert(try await scene.scheduler.schedule(scene.draft("quick"), after: .zero))
            }
            let failed = try await scene.scheduler.schedule(scene.draft(payload: #"["bad"]"#), after: .zero)
            let cancelled = try await scene.scheduler.schedule(scene.draft(), after: .seconds(3600))
            try scene.equal(try await scene.scheduler.cancel(cancelled), true, "cancelling")
            let recurrence = try await scene.scheduler.scheduleRecurring(scene.draft(), cron: "@yearly")
            pending.insert(recurrence)

            try await scene.delivering(to: recorder) {
                try await scene.eventually("eight deliveries") {
                    try await scene.scheduler.list(.delivered, .failed).messages.count == 8
                }
            }

            for limit in [1, 5, 100] {
                let found = try await Self.tokens([.pending], pages: limit, scene)
                try scene.equal(found.count, 18, "pending messages in pages of \(limit)")
                try scene.equal(Set(found), pending, "pending messages in pages of \(limit)")
            }
            let delivered = try await Self.tokens([.delivered], pages: 3, scene)
            try scene.equal(delivered.count, 7, "delivered messages")
            try scene.equal(Set(delivered), ended, "delivered messages")
            try scene.equal(try await Self.tokens([.failed], pages: 2, scene), [failed], "failed messages")
            try scene.equal(try await Self.tokens([.cancelled], pages: 2, scene), [cancelled], "cancelled messages")
            let all = try await Self.tokens([], pages: 4, scene)
            try scene.equal(all.count, 27, "messages of all states")
            try scene.equal(
                Set(all),
                pending.union(ended).union([failed, cancelled]),
                "messages of all states"
            )
        },
        Self("A limit or a page that cannot be is refused") { scene in
            for limit in [0, 1001] {
                try await scene.expectRefusal("a limit of \(limit)") {
                    _ = try await scene.scheduler.list(MessageFilter(limit: limit))
                }
            }
            try await scene.expectRefusal("an unknown page") {
                _ = try await scene.scheduler.list(MessageFilter(after: "nowhere"))
            }
        },
    ]
}
