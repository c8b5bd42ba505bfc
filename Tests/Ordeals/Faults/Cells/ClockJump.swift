internal import ClusterHarness
internal import Foundation
internal import TestSupport

/// A node whose wall clock jumps, as after a repair of its time service.
extension FaultCell {
    static let clockJump = FaultCell(
        "clock-jump",
        "one node's clock jumps an hour ahead, and then an hour behind",
        length: .seconds(15)
    ) { trial in
        guard let faketime = Self.faketime, let timers = ProcessInfo.processInfo.environment["TENURE_HONEST_TIMERS"]
        else {
            throw Impossible(description: "it needs the package faketime, and what scripts/chaos builds for it")
        }
        let clock = try trial.directory.write("+0\n", to: "clock")
        let victim = try await trial.follower()
        try await trial.terminate(victim)
        let jumping = try await trial.start(
            victim.id,
            environment: [
                "LD_PRELOAD": "\(timers) \(faketime)", "FAKETIME_TIMESTAMP_FILE": clock, "FAKETIME_CACHE_DURATION": "1",
                // Leases are counted on this clock, which does not jump.
                "DONT_FAKE_MONOTONIC": "1",
            ]
        )
        try await trial.cluster.waitUntilMembers(3)
        try await trial.cluster.waitUntilBalanced()
        for offset in ["+3600", "-3600"] {
            let before = try await trial.cluster.epochs()
            _ = try trial.directory.write("\(offset)\n", to: "clock")
            try await trial.pass()
            await trial.expect(
                try await trial.cluster.epochs() == before,
                "tenants changed hands when the clock jumped by \(offset) s"
            )
        }
        let began = Date()
        try await trial.terminate(jumping)
        let said = jumping.events("node.draining").compactMap { $0["time"] as? String }
        let hourAgo = began.addingTimeInterval(-3600).formatted(.iso8601).prefix(13)
        await trial.expect(said.contains { $0.hasPrefix(hourAgo) }, "its clock did not jump: \(said)")
        try await trial.start(victim.id)
    }

    /// The library that lies about the time.
    private static var faketime: String? {
        ["x86_64", "aarch64"].lazy
            .map { "/usr/lib/\($0)-linux-gnu/faketime/libfaketime.so.1" }
            .first { FileManager.default.fileExists(atPath: $0) }
    }
}
