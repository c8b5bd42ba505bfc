internal import Foundation
internal import Tenure
internal import TenureCore

extension MessageSchedulerConformance {
    private struct Reminder: Codable, Equatable {
        var user: Int
        var text: String
    }

    static let deliveries: [MessageSchedulerConformance] = [
        Self("A message is delivered once, not before its time, and counts as delivered") { scene in
            let recorder = MessageRecorder()
            let start = try await scene.fixture.now()
            let token = try await scene.scheduler.schedule(scene.draft(), after: .milliseconds(400))
            let waiting = try await scene.scheduler.get(token)
            try scene.equal(waiting?.state, .pending, "state before")
            try scene.expect((waiting?.dueAt ?? .distantPast) >= start.advanced(by: .milliseconds(400)), "due too soon")

            try await scene.delivering(to: recorder) {
                try await scene.eventually(token, is: .delivered)
                let now = try await scene.fixture.now()
                try scene.expect(now >= waiting?.dueAt ?? .distantFuture, "it was delivered before its time")
                try await scene.pass(.milliseconds(300))
            }

            try scene.equal(recorder.deliveries.map(\.token), [token], "deliveries")
            try scene.equal(recorder.deliveries.map(\.attempt), [1], "attempts")
            let message = try await scene.scheduler.get(token)
            try scene.equal(message?.attempts, 1, "attempts as read")
            try scene.expect(message?.endedAt != nil, "a delivered message says when it ended")
        },
        Self("A message whose time has passed is delivered at once") { scene in
            let recorder = MessageRecorder()
            let past = try await scene.fixture.now().advanced(by: .seconds(-3600))
            let first = try await scene.scheduler.schedule(scene.draft(), at: past)
            let second = try await scene.scheduler.schedule(scene.draft(), after: .seconds(-5))

            try await scene.delivering(to: recorder) {
                try await scene.eventually(first, is: .delivered)
                try await scene.eventually(second, is: .delivered)
            }

            try scene.equal(Set(recorder.deliveries.map(\.token)), [first, second], "deliveries")
            try scene.equal(recorder.deliveries.count, 2, "number of deliveries")
        },
        Self("A payload arrives as it was given") { scene in
            let recorder = MessageRecorder()
            let reminder = Reminder(user: 7, text: "Grüße, \"Welt\"\n\u{1F600}")
            let token = try await scene.scheduler.schedule("conformance.typed", reminder, after: .zero)
            try scene.equal(
                try await scene.scheduler.get(token)?.decode(as: Reminder.self),
                reminder,
                "the payload as read"
            )

            try await scene.delivering(to: recorder) { try await scene.eventually(token, is: .delivered) }

            let payloads = try recorder.deliveries.map {
                try JSONDecoder().decode(Reminder.self, from: Data($0.payload.utf8))
            }
            try scene.equal(payloads, [reminder], "the payload as delivered")
        },
        Self("Two that deliver at once handle each message once") { scene in
            let recorder = MessageRecorder()
            var tokens: Set<MessageToken> = []
            for number in 0..<100 {
                tokens.insert(try await scene.scheduler.schedule(scene.draft(payload: "\(number)"), after: .zero))
            }

            try await scene.delivering(to: recorder) {
                try await scene.delivering(to: recorder) {
                    try await scene.eventually("100 deliveries") {
                        try await scene.scheduler.list(.pending, .delivering).messages.isEmpty
                    }
                }
            }

            try scene.equal(recorder.deliveries.count, 100, "deliveries")
            try scene.equal(Set(recorder.deliveries.map(\.token)), tokens, "messages that were delivered")
            try scene.equal(Set(recorder.deliveries.map(\.payload)).count, 100, "payloads that were delivered")
        },
        Self("A message that is scheduled again under its key is one message") { scene in
            let recorder = MessageRecorder()
            var draft = scene.draft()
            draft.key = "trial-7"
            let first = try await scene.scheduler.schedule(draft, after: .milliseconds(100))
            let second = try await scene.scheduler.schedule(draft, after: .zero)
            try scene.equal(second, first, "the token of the second call")

            try await scene.delivering(to: recorder) {
                try await scene.eventually(first, is: .delivered)
                try await scene.pass(.milliseconds(200))
            }

            try scene.equal(recorder.deliveries.count, 1, "deliveries")
        },
        Self("What could never be delivered is refused") { scene in
            try await scene.expectRefusal("a topic with a space") {
                try await scene.scheduler.schedule(MessageDraft(topic: "two words"), after: .zero)
            }
            try await scene.expectRefusal("no topic") {
                try await scene.scheduler.schedule(MessageDraft(topic: ""), after: .zero)
            }
            try await scene.expectRefusal("a payload that is not JSON") {
                try await scene.scheduler.schedule(MessageDraft(topic: "a", payload: "{"), after: .zero)
            }
            try await scene.expectRefusal("no attempt") {
                try await scene.scheduler.schedule(scene.draft(attempts: 0), after: .zero)
            }
            try scene.equal(try await scene.scheduler.list().messages.count, 0, "messages")
        },
    ]
}
