internal import Tenure
internal import TenureCore

extension MessageSchedulerConformance {
    static let cancelling: [MessageSchedulerConformance] = [
        Self("Cancelling before, while and after the delivery gives true, false, false (A38)") { scene in
            let begun = MessageGate()
            let mayEnd = MessageGate()
            let recorder = MessageRecorder { delivery in
                guard delivery.payload.contains("held") else { return }
                begun.open()
                await mayEnd.pass()
            }
            let before = try await scene.scheduler.schedule(scene.draft(), after: .milliseconds(300))
            try scene.equal(try await scene.scheduler.cancel(before), true, "before")
            let token = try await scene.scheduler.schedule(scene.draft(payload: #"["held"]"#), after: .zero)

            try await scene.delivering(to: recorder) {
                try await scene.eventually(token, is: .delivering)
                await begun.pass()
                try scene.equal(try await scene.scheduler.cancel(token), false, "while")
                try scene.equal(try await scene.scheduler.get(token)?.state, .delivering, "state while")
                mayEnd.open()
                try await scene.eventually(token, is: .delivered)
                try scene.equal(try await scene.scheduler.cancel(token), false, "after")
                try await scene.pass(.milliseconds(600))
            }

            try scene.equal(recorder.count(of: before), 0, "deliveries of the cancelled message")
            try scene.equal(recorder.count(of: token), 1, "deliveries of the other one")
            try scene.equal(try await scene.scheduler.get(before)?.state, .cancelled, "state of the cancelled message")
            try scene.equal(try await scene.scheduler.cancel(before), true, "cancelled before")
        },
        Self("A token that nobody has made is unknown") { scene in
            for text in ["00000000-0000-0000-0000-000000000000", "4711", "job:message-none", "key:none", "~"] {
                let token = try MessageToken(text)
                try scene.equal(try await scene.scheduler.cancel(token), false, "cancelling \(text)")
                try scene.equal(try await scene.scheduler.get(token), nil, "getting \(text)")
            }
        },
        Self("Of messages that are cancelled while they become due, each is cancelled or delivered, never both") {
            scene in
            let recorder = MessageRecorder()
            var tokens: [MessageToken] = []
            for number in 0..<60 {
                tokens.append(
                    try await scene.scheduler.schedule(scene.draft(), after: .milliseconds(200 + 10 * number))
                )
            }

            let all = tokens
            let cancelled = MessageRecorder()
            try await scene.delivering(to: recorder) {
                // Some are delivered first: the race is on.
                try await scene.eventually("a delivery") { recorder.deliveries.count >= 5 }
                for token in all where try await scene.scheduler.cancel(token) {
                    try await cancelled.take(Delivery(token: token, payload: "", attempt: 0, scheduledFor: nil))
                }
                try await scene.eventually("the end of all") {
                    try await scene.scheduler.list(.pending, .delivering).messages.isEmpty
                }
                try await scene.pass(.milliseconds(300))
            }

            for token in all {
                try scene.equal(
                    recorder.count(of: token) + cancelled.count(of: token),
                    1,
                    "deliveries and true answers of one message"
                )
            }
        },
    ]
}
