/// What a development cluster is made of.
struct DevOptions: Sendable {
    /// Node processes.
    var nodes = 3
    /// Sample tenants, each with a database of its own.
    var tenants = 5
    /// After which time it ends; `nil`: by a signal.
    var duration: Duration?
    /// Arguments that every node gets besides its own, such as `--set`.
    var nodeArguments: [String] = []
    /// Environment for the nodes.
    var environment: [String: String] = [:]
}
