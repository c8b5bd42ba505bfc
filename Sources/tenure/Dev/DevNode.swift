internal import Foundation

/// One node process of a development cluster.
struct DevNode: Sendable {
    /// Its node ID.
    let id: String
    let process: ManagedProcess

    /// Starts a node of this same program, which ends when this one does.
    ///
    /// - Parameter arguments: What `tenure node` gets besides the node's ID and the form of its events.
    static func start(_ id: String, arguments: [String], environment: [String: String]) async throws -> DevNode {
        let program = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let command =
            ["setpriv", "--pdeathsig", "KILL", "--", program, "node", "--node-id", id, "--event-format", "json"]
            + arguments
        return DevNode(id: id, process: try await ManagedProcess.start(command, environment: environment))
    }
}
