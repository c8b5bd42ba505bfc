import Foundation
import Testing

@testable import TenureSinks

@Suite("ChildProcess", .timeLimit(.minutes(1)))
struct ChildProcessTests {
    private func run(
        _ command: [String],
        input: String = "",
        grace: Duration = .seconds(5),
        environment: [String] = ["PATH=/usr/bin:/bin"]
    ) async -> ChildProcess.End {
        await ChildProcess(command: command, environment: environment, input: Array(input.utf8), grace: grace).run()
    }

    @Test("The exit status is that of the command", arguments: [0, 1, 75, 255] as [Int32])
    func exitStatus(status: Int32) async {
        let end = await self.run(["sh", "-c", "exit \(status)"])

        #expect(end == .init(status: .exited(status), errorText: ""))
    }

    @Test("A command that a signal ended is told from one that exited")
    func signal() async {
        #expect(await self.run(["sh", "-c", "kill -9 $$"]).status == .signalled(SIGKILL))
    }

    @Test("A command that does not exist is reported as such")
    func missingCommand() async {
        let end = await self.run(["/nonexistent/command"])

        #expect(end.status == .notStarted("No such file or directory"))
    }

    @Test("The whole input arrives, also when it is larger than a pipe")
    func largeInput() async {
        let input = String(repeating: "0123456789", count: 50_000)

        let end = await self.run(["sh", "-c", "test $(wc -c) -eq 500000"], input: input)

        #expect(end.status == .exited(0))
    }

    @Test("A command that does not read its input ends as it likes")
    func unreadInput() async {
        let input = String(repeating: "x", count: 500_000)

        #expect(await self.run(["sh", "-c", "exec <&-; exit 3"], input: input).status == .exited(3))
    }

    @Test("The end of standard error is kept, and no more")
    func errorTail() async {
        let end = await self.run(["sh", "-c", "yes start | head -n 100000 >&2; echo the end >&2"])

        #expect(end.errorText.hasSuffix("start\nthe end"))
        #expect(end.errorText.utf8.count <= 2_000)
    }

    @Test("A grandchild that holds standard error open does not keep the run going")
    func daemon() async {
        let clock = ContinuousClock()
        let start = clock.now

        let end = await self.run(["sh", "-c", "sleep 20 & echo said >&2; exit 4"])

        #expect(end == .init(status: .exited(4), errorText: "said"))
        #expect(clock.now - start < .seconds(10))
    }

    @Test("The command gets the environment that it is given, and nothing else")
    func environment() async {
        let end = await self.run(
            ["sh", "-c", "echo $COLOUR-$HOME >&2"],
            environment: ["COLOUR=blue", "PATH=/usr/bin:/bin"]
        )

        #expect(end.errorText == "blue-")
    }

    @Test("A descriptor that is open for all children does not reach the command")
    func descriptors() async throws {
        let descriptor = fcntl(STDERR_FILENO, F_DUPFD, 100)
        try #require(descriptor >= 100)
        defer { close(descriptor) }

        #expect(await self.run(["sh", "-c", "test ! -e /proc/self/fd/\(descriptor)"]).status == .exited(0))
    }

    @Test("Cancelling ends the whole process group")
    func cancellation() async throws {
        let folder = try TemporaryFolder()
        // Both write their number once they are there: opening the pipe to read waits for that.
        let script = "sleep 50 & echo $! > \(folder.path)/pipe; wait"
        try #require(mkfifo("\(folder.path)/pipe", 0o600) == 0)
        let task = Task { await self.run(["sh", "-c", script]) }
        let text = try await readBlocking("\(folder.path)/pipe")
        let grandchild = try #require(pid_t(text.trimmingCharacters(in: .whitespacesAndNewlines)))

        task.cancel()
        let end = await task.value

        #expect(end.status == .signalled(SIGTERM))
        #expect(await hasGone(grandchild))
    }

    @Test("A command that ignores SIGTERM is killed when its grace is over")
    func grace() async throws {
        let folder = try TemporaryFolder()
        try #require(mkfifo("\(folder.path)/pipe", 0o600) == 0)
        let script = "trap '' TERM; echo ready > \(folder.path)/pipe; while :; do sleep 1; done"
        let task = Task { await self.run(["sh", "-c", script], grace: .milliseconds(100)) }
        _ = try await readBlocking("\(folder.path)/pipe")

        task.cancel()

        #expect(await task.value.status == .signalled(SIGKILL))
    }
}
