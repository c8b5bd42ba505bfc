extension PlanDraft {
    /// Serves operators' requests to move one tenant, oldest first, and notes those to rebalance.
    mutating func serveMoveRequests() {
        for request in self.state.requests {
            switch request.kind {
            case .rebalance:
                self.isForced = true
                self.rebalanceRequests.append(request.id)
            case .move:
                switch self.serve(request) {
                case .served: self.changes.served.append(request.id)
                case .waiting: break
                case .refused(let reason):
                    self.changes.served.append(request.id)
                    self.notes.append(.requestRefused(request, reason: reason))
                }
            }
        }
    }

    private enum Answer {
        case served
        case waiting
        case refused(String)
    }

    private mutating func serve(_ request: OperatorRequest) -> Answer {
        guard let id = request.tenant, let target = request.target else {
            return .refused("it names no tenant or no node")
        }
        guard let tenant = self.state.tenants[id] else { return .refused("there is no tenant \(id)") }
        guard let node = self.everyNode.first(where: { $0.id == target }) else {
            return .refused("node \(target) is not in the cluster")
        }
        if tenant.isSuspended { return .refused("tenant \(id) is suspended") }
        guard let place = self.places[id] else { return .refused("tenant \(id) has no node to move from") }
        if place == target { return .served }
        // One that moves, or has just been given another node, is looked at again when that has ended.
        if self.decided.contains(id) { return .waiting }
        guard let index = self.indices[target] else { return .refused("node \(target) takes no tenants now") }
        if !self.isAllowed(tenant, on: node) {
            return .refused("a pin, a label or the placement strategy keeps tenant \(id) from node \(target)")
        }
        if self.nodes[index].room <= 0 { return .refused("node \(target) is at its cap of tenants") }
        return self.relocate(id, to: target, because: .request) ? .served : .waiting
    }
}
