internal import ArgumentParser
internal import Foundation
internal import Tenure
internal import UnixSignals

/// `tenure lease run`
struct LeaseRunCommand: GlobalCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Runs a command while a lease is held, and exits with its status.",
        discussion: """
            The lease is renewed while the command runs and released when it ends. If it is lost, the command is ended \
            (SIGTERM, after 5 s SIGKILL) and the exit status is 1; likewise when the lease is not to be had within \
            --wait. Signals that ask to end are passed on. The command's environment has TENURE_LEASE_NAME and \
            TENURE_LEASE_TOKEN, with which it fences what it writes: \
            SELECT tenure.assert_lease('NAME', TOKEN) as the last statement of a transaction.

            With --cluster-wide it is held in Redis, for the whole cluster; otherwise in the tenant's database.

            Examples:
              tenure lease run nightly-export --tenant acme --wait 10m -- ./export.sh --full
              tenure lease run digest --cluster-wide --duration 15s -- ./digest.sh
            """
    )

    @OptionGroup var global: GlobalOptions

    @Argument(help: "The lease's name: printable ASCII characters without spaces.")
    var name: String

    @Option(help: ArgumentHelp("The tenant; ID=URL for one that no registry or settings file knows.", valueName: "id"))
    var tenant: String?

    @Flag(help: "Hold it for the whole cluster, in Redis.")
    var clusterWide = false

    @Option(
        help: ArgumentHelp(
            "After how long it expires when this process dies: 10ms to 168h.",
            valueName: "duration"
        )
    )
    var duration = DurationArgument(.seconds(30))

    @Option(help: ArgumentHelp("How long to wait for it. In a tenant's database: in order.", valueName: "duration"))
    var wait = DurationArgument(.zero)

    @Argument(parsing: .postTerminator, help: "The command and its arguments, after --.")
    var command: [String] = []

    func validate() throws {
        guard (self.tenant == nil) == self.clusterWide else {
            throw ValidationError("Give either --tenant or --cluster-wide.")
        }
        guard !self.command.isEmpty else { throw ValidationError("Give the command to run after --.") }
    }

    func run() async throws {
        let status: Int32
        if let tenant {
            let scope = try TenantScope.parse(["--tenant", tenant])
            status = try await scope.withClient(self.global) { client in
                try await self.holding { name, duration, wait, body in
                    try await client.withLease(name, duration: duration, wait: wait, holder: Self.holder, body: body)
                }
            }
        } else {
            status = try await self.global.withCluster { client in
                try await self.holding { name, duration, wait, body in
                    try await client.withSingleton(
                        name,
                        duration: duration,
                        wait: wait,
                        holder: Self.holder,
                        body: body
                    )
                }
            }
        }
        if status != 0 { throw ExitCode(status) }
    }

    /// Who has the lease, for people.
    private static var holder: String {
        "\(ProcessInfo.processInfo.hostName.prefix(100)) pid \(ProcessInfo.processInfo.processIdentifier)"
    }

    /// Runs the command under a lease that `hold` acquires, until it ends or a signal asks it to.
    ///
    /// - Returns: The exit status, with 128 added to the number of a signal.
    private func holding(
        _ hold:
            @escaping @Sendable (
                String, Duration, Duration, @escaping @Sendable (Lease) async throws -> Int32
            ) async throws -> Int32
    ) async throws -> Int32 {
        let (name, duration, wait) = (self.name, self.duration.duration, self.wait.duration)
        let command = self.command
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint, .sighup)
        return try await withThrowingTaskGroup(of: Int32.self) { group in
            group.addTask {
                // SHIELD: it only speaks; cancelled when the lease is there, or when it will not come.
                let notice = Task {
                    try await Task.sleep(for: .seconds(1))
                    StandardStreams.writeError("Waiting for '\(name)', for \(wait) at most.")
                }
                defer { notice.cancel() }
                return try await hold(name, duration, wait) { lease in
                    notice.cancel()
                    return await LeasedCommand(
                        command: command,
                        environment: ["TENURE_LEASE_NAME": lease.name, "TENURE_LEASE_TOKEN": "\(lease.token)"]
                    ).run()
                }
            }
            group.addTask {
                for await signal in signals { return Self.status(of: signal) }
                throw CancellationError()
            }
            defer { group.cancelAll() }
            return try await group.next() ?? 0
        }
    }

    private static func status(of signal: UnixSignal) -> Int32 {
        switch signal {
        case .sigint: 128 + SIGINT
        case .sighup: 128 + SIGHUP
        default: 128 + SIGTERM
        }
    }
}
