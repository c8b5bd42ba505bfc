/// What a tenant scheduler tells the cluster agent.
enum TenantReport: Sendable {
    /// Connected, migrated, prepared.
    case prepared
    /// The fence has accepted the epoch and the first claim pass was made.
    case installed(Epoch, TenancyMachine.Arrival, firstPass: ServerTime)
    case refused(Epoch, floor: Epoch)
    case fenced(Epoch)
    case claimsStopped(Epoch, lastClaim: ServerTime)
    /// The database cannot be used, since at least the trouble threshold.
    case troubled(String)
    case recovered
    /// The scheduler has ended; how long runs went on after the claims had stopped.
    case closed(drained: Duration)
}
