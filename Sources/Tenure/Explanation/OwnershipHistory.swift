internal import TenureCore

/// Who owned a tenant when, as the cluster's events tell it. Pure.
///
/// Events carry the clocks of the nodes that say them, and the stream keeps the newest only: what it does not say is
/// not known, and is no gap.
struct OwnershipHistory: Sendable, Hashable {
    /// An owner that began to claim.
    struct Tenure: Sendable, Hashable {
        let at: ServerTime
        let node: String
        let epoch: Int64
    }

    /// A time without an owner.
    struct Gap: Sendable, Hashable {
        let from: ServerTime
        /// `nil` when nobody has opened the tenant since.
        var to: ServerTime?
        /// How the last tenure ended.
        let ending: String
        /// Who came next.
        var successor: String?
    }

    private(set) var tenures: [Tenure] = []
    private var gaps: [Gap] = []

    /// Nothing is known.
    init() {}

    /// Reads the events of one tenant, in the order of the stream.
    init(of tenant: TenantID, in events: [ClusterEvent]) {
        for event in events where event["tenant"] == .string(tenant.description) {
            guard case .integer(let epoch)? = event["epoch"], let name = EventName(rawValue: event.name) else {
                continue
            }
            self.take(name, event, epoch)
        }
    }

    private mutating func take(_ name: EventName, _ event: ClusterEvent, _ epoch: Int64) {
        let at = ServerTime(microseconds: event.time)
        // An old owner that hears of its end late says nothing about the new one.
        guard epoch >= self.tenures.last?.epoch ?? 0 else { return }
        switch name {
        case .tenantOpened:
            self.close(at, event.node)
            self.tenures.append(Tenure(at: at, node: event.node, epoch: epoch))
        case .tenantReleased: self.open(at, "\(event.node) released it")
        case .tenantLost: self.open(at, "\(event.node) lost its lock")
        case .tenantFenced: self.open(at, "\(event.node) was fenced")
        case .takeoverCompleted:
            // Who crashed says nothing: its successor tells since when it was silent.
            guard let old = event["from"], let gap = Self.milliseconds(event["gap_ms"]) else { return }
            let start = at.advanced(by: .zero - .milliseconds(gap))
            guard !self.gaps.contains(where: { $0.to ?? .distantFuture > start }) else { return }
            self.gaps.append(Gap(from: start, to: at, ending: "\(old) was last heard of", successor: event.node))
        default: return
        }
    }

    private mutating func open(_ at: ServerTime, _ ending: String) {
        guard self.gaps.last.map({ $0.to != nil }) ?? true else { return }
        self.gaps.append(Gap(from: at, ending: ending))
    }

    private mutating func close(_ at: ServerTime, _ successor: String) {
        guard let last = self.gaps.indices.last, self.gaps[last].to == nil else { return }
        self.gaps[last].to = at
        self.gaps[last].successor = successor
    }

    private static func milliseconds(_ value: ClusterEvent.Value?) -> Int64? {
        switch value {
        case .integer(let number): number
        case .number(let number): Int64(exactly: number.rounded())
        case .string, .boolean, nil: nil
        }
    }

    /// The times without an owner that overlap a range, in order.
    func gaps(in range: ClosedRange<ServerTime>) -> [Gap] {
        self.gaps.filter { $0.from < range.upperBound && $0.to ?? .distantFuture > range.lowerBound }
    }
}
