import Foundation
import Logging
import Synchronization
import Tenure
import TenureSinks
import Testing

@Suite("TopicRule", .timeLimit(.minutes(1)))
struct TopicRuleTests {
    private func perform(
        _ rules: [TopicRule],
        payload: String = "null",
        topic: String = "report.daily",
        recorder: LogRecorder = LogRecorder()
    ) async throws {
        let logger = Logger(label: "test") { _ in recorder }
        guard case .plain(let handler) = try #require(Handlers(rules: rules).handler(for: topic)) else {
            Issue.record("this rule needs a database")
            return
        }
        try await handler(payload, try someContext(topic: topic, logger: logger))
    }

    @Test("A topic that no rule names goes to the log")
    func defaultIsLog() async throws {
        let recorder = LogRecorder()

        try await self.perform([TopicRule("other", to: .sleep)], payload: #"{"n":1}"#, recorder: recorder)

        let lines = recorder.lines.withLock { $0 }
        #expect(lines == [#"info Run kind=job payload={"n":1} topic=report.daily"#])
    }

    @Test("The first rule that matches wins")
    func firstMatch() async throws {
        let failing = ExecSink(command: ["false"])

        try await self.perform([TopicRule("report.*", to: .log), TopicRule("*", to: .exec(failing))])
        await #expect(throws: (any Error).self) {
            try await self.perform([TopicRule("*", to: .exec(failing)), TopicRule("report.*", to: .log)])
        }
    }

    @Test("The sleep sink fails when its payload says so, and does nothing for other payloads")
    func sleepSink() async throws {
        let rules = [TopicRule("*", to: .sleep)]

        for payload in ["null", "3", #""{""#, "[{}]", "{}", #"{"sleep_ms":1}"#, #"{"fail":false}"#] {
            try await self.perform(rules, payload: payload)
        }
        await #expect(throws: (any Error).self) { try await self.perform(rules, payload: #"{"fail":true}"#) }
        await #expect(throws: PermanentFailure.self) { try await self.perform(rules, payload: #"{"sleep_ms":"long"}"#) }
        await #expect(throws: Snooze.self) { try await self.perform(rules, payload: #"{"snooze_until":1e18}"#) }
        await #expect(throws: Never.self) { try await self.perform(rules, payload: #"{"snooze_until":1.5}"#) }
    }

    @Test("The sleep sink ends the process when its payload says so")
    func crash() async throws {
        await #expect(processExitsWith: .signal(SIGKILL)) {
            try await TopicRuleTests().perform([TopicRule("*", to: .sleep)], payload: #"{"crash":true}"#)
        }
    }

    @Test("A cancelled sleep ends at once")
    func cancelledSleep() async throws {
        let task = Task { try await self.perform([TopicRule("*", to: .sleep)], payload: #"{"sleep_ms":50000}"#) }

        task.cancel()

        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test("A command gets the payload and what there is to know about the run")
    func execEnvironment() async throws {
        let script = """
            test "$(cat)" = '{"n":1}' && test "$TENURE_TENANT/$TENURE_RUN_ID" = "$TENURE_IDEMPOTENCY_KEY" &&
            test "$TENURE_TOPIC $TENURE_KIND $TENURE_ATTEMPT $TENURE_MAX_ATTEMPTS" = "report.daily job 2 5" &&
            test "$TENURE_EPOCH $TENURE_JOB $TENURE_SCHEDULED_FOR $TENURE_DUE_AT" = "7 daily 1000000 2000000" &&
            test "$TRACEPARENT" = 00-trace && test -z "$TENURE_CORRELATION_ID"
            """

        try await self.perform(
            [TopicRule("*", to: .exec(ExecSink(command: ["sh", "-c", script])))],
            payload: #"{"n":1}"#
        )
    }

    @Test("A command that fails fails the attempt, with its last words")
    func execFailure() async throws {
        let sink = ExecSink(command: ["sh", "-c", "echo no paper >&2; exit 3"])

        let error = await #expect(throws: (any Error).self) {
            try await self.perform([TopicRule("*", to: .exec(sink))])
        }

        #expect(error.map { String(describing: $0) } == "sh ended with status 3: no paper")
    }
}
