internal import ClusterHarness
internal import Foundation
internal import TestSupport

/// A disk that is full, for the tenants whose databases are on it.
extension FaultCell {
    private static let databases = ["own_0", "own_1"]

    static let fullDisk = FaultCell(
        "postgres-disk-full",
        "the disk of two tenants' databases is full for 30 s",
        length: .seconds(30),
        shape: Shape(
            preparation: { trial in
                let folder = try await trial.mountSmallDisk(megabytes: 48)
                _ = try await trial.cluster.postgres.query("CREATE TABLESPACE small LOCATION '\(folder)'")
                for database in Self.databases {
                    _ = try await trial.cluster.postgres.query("ALTER DATABASE \(database) SET TABLESPACE small")
                }
            }
        ),
        suffer: { trial in
            let postgres = trial.cluster.postgres
            let victims = trial.cluster.tenants.filter { Self.databases.contains($0.database) }
            let others = trial.cluster.tenants.filter { !Self.databases.contains($0.database) }
            let begin = try await trial.cluster.now()
            try await trial.fillSmallDisk()
            try await trial.pass()
            let audit = try await Audit.of(trial.cluster, since: begin, tenants: others)
            try trial.emptySmallDisk()

            let refusals = postgres.log.components(separatedBy: "No space left on device").count - 1
            await trial.expect(refusals > 0, "the disk was never full for the server")
            let worst = audit.worstLateness.values.max() ?? .infinity
            await trial.expect(worst <= 2, "others' runs came \(worst) s late")
            try await trial.cluster.waitUntilAllRun(within: .seconds(30), tenants: victims)
        }
    )
}

extension FaultTrial {
    /// Mounts a file system in memory that Postgres may write to.
    ///
    /// - Throws: ``FaultCell/Impossible`` unless this process may mount.
    fileprivate func mountSmallDisk(megabytes: Int) async throws -> String {
        guard geteuid() == 0, let mount = Programs.find("mount"), let umount = Programs.find("umount") else {
            throw FaultCell.Impossible(description: "a small disk can be mounted by root only")
        }
        let folder = "\(self.directory.path)/disk"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        let options = "size=\(megabytes)m,mode=0700,uid=\(self.cluster.postgres.userID)"
        try await Self.run(mount, "-t", "tmpfs", "-o", options, "tmpfs", folder)
        self.atEnd { try await Self.run(umount, folder) }
        return folder
    }

    /// Takes all of the small disk's room, as a program beside Postgres would.
    fileprivate nonisolated func fillSmallDisk() async throws {
        let dd = try Programs.require("dd")
        let filler = "of=\(self.directory.path)/disk/filler"
        let ending = try await HelperThread.run {
            try ChildProcess(path: dd, arguments: ["if=/dev/zero", filler, "bs=4096"]).waitForEnd(within: .seconds(10))
        }
        guard ending == .exited(1) else { throw ChildProcess.Failure("the disk is not full: \(ending)") }
    }

    fileprivate nonisolated func emptySmallDisk() throws {
        try FileManager.default.removeItem(atPath: "\(self.directory.path)/disk/filler")
    }

    private static func run(_ path: String, _ arguments: String...) async throws {
        try await HelperThread.run {
            let process = try ChildProcess(path: path, arguments: arguments)
            let ending = try process.waitForEnd(within: .seconds(10))
            try process.waitForOutputEnd()
            guard ending == .exited(0) else {
                throw FaultCell.Impossible(description: "\(arguments): \(process.output)")
            }
        }
    }
}
