import Foundation
import Logging
import Synchronization
import TenureCore

@testable import Tenure

/// A folder that goes with its owner.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        let url = FileManager.default.temporaryDirectory.appending(path: "tenure-sinks-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        self.path = url.path
    }

    deinit {
        try? FileManager.default.removeItem(atPath: self.path)
    }
}

/// Reads a file or named pipe to its end on a thread of its own.
func readBlocking(_ path: String) async throws -> String {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread {
            continuation.resume(
                with: Result {
                    let file = try FileHandle(forReadingFrom: URL(filePath: path))
                    return String(decoding: try file.readToEnd() ?? Data(), as: UTF8.self)
                }
            )
        }
    }
}

/// Whether a process that has been killed is gone, or a zombie that nobody has waited for yet, within 10 seconds.
func hasGone(_ pid: pid_t) async -> Bool {
    for _ in 0..<1_000 {
        guard let status = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8) else { return true }
        if status.contains(") Z ") { return true }
        try? await Task.sleep(for: .milliseconds(10))
    }
    return false
}

/// The context of some run.
func someContext(topic: String = "report.daily", logger: Logger = Logger(label: "test")) throws -> RunContext {
    RunContext(
        tenant: try TenantID("acme"),
        runID: WorkID(42),
        kind: .job,
        topic: topic,
        attempt: 2,
        maxAttempts: 5,
        epoch: Epoch(7),
        jobName: "daily",
        scheduledFor: ServerTime(microseconds: 1_000_000),
        dueAt: ServerTime(microseconds: 2_000_000),
        deadline: .now.advanced(by: .seconds(60)),
        idempotencyKey: "acme/42",
        correlationID: nil,
        traceContext: "00-trace",
        logger: logger
    )
}

/// Keeps what is logged.
final class LogRecorder: LogHandler {
    let lines = Mutex<[String]>([])

    var metadata: Logger.Metadata {
        get { [:] }
        set {}
    }
    var logLevel: Logger.Level {
        get { .trace }
        set {}
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { nil }
        set {}
    }

    func log(event: LogEvent) {
        let fields = (event.metadata ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        self.lines.withLock { $0.append("\(event.level) \(event.message) \(fields.joined(separator: " "))") }
    }
}
