/// What a tenant scheduler tells the cluster agent.
enum TenantReport: Sendable {
    /// Connected, migrated, prepared.
    case prepared
    /// Ready to take over within moments.
    case ready(move: String)
    /// The fence has accepted the epoch.
    case installed(Epoch)
    /// The first claim pass under the epoch was made, at that time of the tenant's Postgres.
    case firstPass(Epoch, TenancyMachine.Arrival, at: ServerTime)
    case refused(Epoch, floor: Epoch)
    case fenced(Epoch)
    case claimsStopped(Epoch, lastClaim: ServerTime)
    /// The database cannot be used, since at least the trouble threshold.
    case troubled(String)
    case recovered
    /// Topics for which there is work and no handler, in order.
    case unhandled([String])
    /// The scheduler has ended; how long runs went on after the tenant was handed over, if it was.
    case closed(drained: Duration?)
}
