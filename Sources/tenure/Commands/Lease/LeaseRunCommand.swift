internal import ArgumentParser
internal import Foundation
internal import Tenure
internal import UnixSignals

/// `tenure lease run`
struct LeaseRunCommand: GlobalCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Runs a command while a lease, or a semaphore's permit, is held, and exits with its status.",
        discussion: """
            The lease is renewed while the command runs and released when it ends. If it is lost, the command is ended \
            (SIGTERM, after 5 s SIGKILL) and the exit status is 1; likewise when the lease is not to be had within \
            --wait. Signals that ask to end are passed on. The command's environment has TENURE_LEASE_NAME and \
            TENURE_LEASE_TOKEN, with which it fences what it writes: \
            SELECT tenure.assert_lease('NAME', TOKEN) as the last statement of a transaction.

            With --cluster-wide it is held in Redis, for the whole cluster; otherwise in the tenant's database. Of \
            several tenants it is held in the database of each, all or none; the tokens are in TENURE_LEASE_TOKENS \
            (acme=12 globex=9). With --permits so many commands may run at a time, and assert_permit takes the place \
            of assert_lease.

            Examples:
              tenure lease run nightly-export --tenant acme --wait 10m -- ./export.sh --full
              tenure lease run uploads --tenant acme --permits 4 --wait 1h -- ./upload.sh
              tenure lease run merge --tenant acme --tenant globex --wait 10m -- ./merge.sh
              tenure lease run digest --cluster-wide --duration 15s -- ./digest.sh
            """
    )

    @OptionGroup var global: GlobalOptions

    @Argument(help: "The lease's name: printable ASCII characters without spaces.")
    var name: String

    @Option(
        name: .customLong("tenant"),
        help: ArgumentHelp(
            "The tenant; ID=URL for one that no registry or settings file knows. Repeatable, by ID.",
            valueName: "id"
        )
    )
    var tenants: [String] = []

    @Option(help: ArgumentHelp("A semaphore's permit in place of a lease: how many there are.", valueName: "n"))
    var permits: Int?

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
        guard self.tenants.isEmpty == self.clusterWide else {
            throw ValidationError("Give either --tenant or --cluster-wide.")
        }
        guard self.permits == nil || self.tenants.count == 1 else {
            throw ValidationError("--permits is for one tenant.")
        }
        if let permits, !(1...10_000).contains(permits) {
            throw ValidationError("--permits is \(permits): use 1 to 10,000.")
        }
        guard !self.command.isEmpty else { throw ValidationError("Give the command to run after --.") }
    }

    func run() async throws {
        let status =
            switch self.tenants.count {
            case 0: try await self.runInCluster()
            case 1: try await self.runInTenant(self.tenants[0])
            default: try await self.runInTenants(try self.tenants.map { try TenantID($0) })
            }
        if status != 0 { throw ExitCode(status) }
    }

    private func runInCluster() async throws -> Int32 {
        try await self.global.withCluster { client in
            try await self.holding { duration, wait, body in
                try await client.withSingleton(self.name, duration: duration, wait: wait, holder: Self.holder) {
                    try await body(["TENURE_LEASE_TOKEN": "\($0.token)"])
                }
            }
        }
    }

    private func runInTenant(_ tenant: String) async throws -> Int32 {
        let scope = try TenantScope.parse(["--tenant", tenant])
        return try await scope.withClient(self.global) { client in
            try await self.holding { duration, wait, body in
                let command: @Sendable (Lease) async throws -> Int32 = { lease in
                    try await body(["TENURE_LEASE_TOKEN": "\(lease.token)"])
                }
                guard let permits else {
                    return try await client.withLease(
                        self.name,
                        duration: duration,
                        wait: wait,
                        holder: Self.holder,
                        body: command
                    )
                }
                return try await client.withPermit(
                    of: self.name,
                    limit: permits,
                    duration: duration,
                    wait: wait,
                    holder: Self.holder,
                    body: command
                )
            }
        }
    }

    private func runInTenants(_ tenants: [TenantID]) async throws -> Int32 {
        let access = try TenantAccess(try self.global.settings())
        do {
            let status = try await self.holding { duration, wait, body in
                try await access.router.withLeases(
                    self.name,
                    tenants: tenants,
                    duration: duration,
                    wait: wait,
                    holder: Self.holder
                ) { leases in
                    let tokens = leases.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value.token)" }
                    return try await body(["TENURE_LEASE_TOKENS": tokens.joined(separator: " ")])
                }
            }
            await access.close()
            return status
        } catch {
            await access.close()
            throw error
        }
    }

    /// Who has the lease, for people.
    private static var holder: String {
        "\(ProcessInfo.processInfo.hostName.prefix(100)) pid \(ProcessInfo.processInfo.processIdentifier)"
    }

    /// Runs the command, with its variables, while a lease is held.
    private typealias Command = @Sendable (_ environment: [String: String]) async throws -> Int32

    /// Runs the command under a lease that `hold` acquires, until it ends or a signal asks it to.
    ///
    /// - Returns: The exit status, with 128 added to the number of a signal.
    private func holding(
        _ hold: @escaping @Sendable (_ duration: Duration, _ wait: Duration, @escaping Command) async throws -> Int32
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
                return try await hold(duration, wait) { environment in
                    notice.cancel()
                    return await LeasedCommand(
                        command: command,
                        environment: environment.merging(["TENURE_LEASE_NAME": name]) { $1 }
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
