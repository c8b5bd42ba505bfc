internal import Tenure
internal import TenureCore

extension MessageSchedulerConformance {
    /// Fails unless each occurrence of a schedule that is due every second was delivered once, without a gap.
    private static func checkSeconds(_ deliveries: [Delivery], _ scene: MessageScene) throws {
        let instants = deliveries.compactMap(\.scheduledFor?.microseconds).sorted()
        try scene.equal(instants.count, deliveries.count, "deliveries with their instant")
        for (one, next) in zip(instants, instants.dropFirst()) {
            try scene.equal(next - one, 1_000_000, "microseconds between two occurrences")
        }
        try scene.equal(Set(deliveries.map(\.token)).count, deliveries.count, "tokens of occurrences")
    }

    static let recurring: [MessageSchedulerConformance] = [
        Self("Each occurrence is delivered once, by two that deliver, until the recurrence is cancelled") { scene in
            let recorder = MessageRecorder()
            let token = try await scene.scheduler.scheduleRecurring(
                scene.draft(payload: #"{"n":1}"#),
                cron: "* * * * * *"
            )
            let recurrence = try await scene.scheduler.get(token)
            try scene.equal(recurrence?.state, .pending, "state")
            try scene.equal(recurrence?.recurrence?.cron, "* * * * * *", "expression")

            try await scene.delivering(to: recorder) {
                try await scene.delivering(to: recorder) {
                    try await scene.eventually("four deliveries") { recorder.deliveries.count >= 4 }
                    // False only while an occurrence is being delivered, which is the last one then.
                    _ = try await scene.scheduler.cancel(token)
                    try await scene.pass(.milliseconds(300))
                    let count = recorder.deliveries.count
                    try await scene.pass(.milliseconds(2500))
                    try scene.equal(recorder.deliveries.count, count, "deliveries after the cancellation")
                }
            }

            try Self.checkSeconds(recorder.deliveries, scene)
            let state = try await scene.scheduler.get(token)?.state
            try scene.expect(
                state == nil || state == .cancelled,
                "a cancelled recurrence is \(String(describing: state))"
            )
            let occurrence = recorder.deliveries.first.map(\.token)
            if let occurrence {
                let message = try await scene.scheduler.get(occurrence)
                try scene.equal(message?.state, .delivered, "state of an occurrence")
                try scene.equal(message?.recurrenceToken, token, "the occurrence's recurrence")
            }
        },
        Self("A recurrence that nothing delivered yet is cancelled with a true answer") { scene in
            let token = try await scene.scheduler.scheduleRecurring(
                scene.draft(),
                cron: "0 9 L * ?",
                timeZone: "Europe/Berlin"
            )
            try scene.equal(try await scene.scheduler.cancel(token), true, "cancelling")
            let message = try await scene.scheduler.get(token)
            try scene.expect(message == nil || message?.state == .cancelled, "it is no longer pending")
            try scene.equal(try await scene.scheduler.list(.pending).messages.count, 0, "pending messages")
        },
        Self("A recurrence that is scheduled again under its key is one recurrence") { scene in
            var draft = scene.draft()
            draft.key = "nightly"
            let first = try await scene.scheduler.scheduleRecurring(draft, cron: "@daily")
            let second = try await scene.scheduler.scheduleRecurring(draft, cron: "@daily")
            try scene.equal(second, first, "the second token")
            try scene.equal(try await scene.scheduler.list(.pending).messages.map(\.token), [first], "messages")
        },
        Self("An expression or a zone that cannot be planned is refused") { scene in
            for (cron, zone) in [("61 * * * *", "UTC"), ("* * *", "UTC"), ("@sometimes", "UTC"), ("@daily", "Mars")] {
                try await scene.expectRefusal("\(cron) in \(zone)") {
                    try await scene.scheduler.scheduleRecurring(scene.draft(), cron: cron, timeZone: zone)
                }
            }
        },
    ]
}
