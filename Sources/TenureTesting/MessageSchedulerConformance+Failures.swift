internal import Tenure
internal import TenureCore

extension MessageSchedulerConformance {
    static let failures: [MessageSchedulerConformance] = [
        Self("A delivery that fails is made again until it succeeds") { scene in
            let recorder = MessageRecorder { delivery in
                if delivery.attempt < 3 { throw MessageRecorder.Failure() }
            }
            let token = try await scene.scheduler.schedule(scene.draft(), after: .zero)

            try await scene.delivering(to: recorder) {
                try await scene.eventually(token, is: .delivered)
                try await scene.pass(.milliseconds(200))
            }

            try scene.equal(recorder.deliveries.map(\.attempt), [1, 2, 3], "attempts")
            try scene.equal(try await scene.scheduler.get(token)?.attempts, 3, "attempts as read")
        },
        Self("A message that fails as often as it may is kept as failed, with the error") { scene in
            let recorder = MessageRecorder { _ in throw MessageRecorder.Failure() }
            let token = try await scene.scheduler.schedule(scene.draft(attempts: 2), after: .zero)

            try await scene.delivering(to: recorder) {
                try await scene.eventually(token, is: .failed)
                try await scene.pass(.milliseconds(300))
            }

            try scene.equal(recorder.deliveries.map(\.attempt), [1, 2], "attempts")
            let message = try await scene.scheduler.get(token)
            try scene.equal(message?.state, .failed, "state")
            try scene.equal(message?.attempts, 2, "attempts as read")
            try scene.expect(message?.error?.contains("as it was told") == true, "the error says what went wrong")
            try scene.equal(try await scene.scheduler.list(.failed).messages.map(\.token), [token], "failed messages")
            try scene.equal(try await scene.scheduler.cancel(token), false, "cancelling a failed message")
        },
        Self("A permanent failure is not tried again") { scene in
            let recorder = MessageRecorder { _ in throw PermanentFailure("no such user") }
            let token = try await scene.scheduler.schedule(scene.draft(), after: .zero)

            try await scene.delivering(to: recorder) {
                try await scene.eventually(token, is: .failed)
                try await scene.pass(.milliseconds(200))
            }

            try scene.equal(recorder.deliveries.count, 1, "deliveries")
            try scene.equal(try await scene.scheduler.get(token)?.error?.contains("no such user"), true, "the error")
        },
        Self("A message that waits for its next delivery can be cancelled") { scene in
            let recorder = MessageRecorder { _ in throw MessageRecorder.Failure() }
            var draft = scene.draft()
            draft.retry = RetryPolicy(
                maxAttempts: 5,
                baseDelayMilliseconds: 3_600_000,
                maxDelayMilliseconds: 3_600_000
            )
            let token = try await scene.scheduler.schedule(draft, after: .zero)

            try await scene.delivering(to: recorder) {
                try await scene.eventually("a failed delivery") {
                    let message = try await scene.scheduler.get(token)
                    return message?.state == .pending && message?.attempts == 1
                }
                try scene.equal(try await scene.scheduler.cancel(token), true, "cancelling")
                try await scene.pass(.milliseconds(200))
            }

            try scene.equal(recorder.deliveries.count, 1, "deliveries")
            try scene.equal(try await scene.scheduler.get(token)?.state, .cancelled, "state")
        },
    ]
}
