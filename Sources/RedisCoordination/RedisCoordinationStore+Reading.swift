internal import RedisClient
package import TenureCore

extension RedisCoordinationStore {
    package func state() async throws(CoordinationError) -> ClusterState {
        let reply = try await self.run(.readState, "state.read")
        var state = ClusterState()
        state.nodes = try reply[0].byNode { $0.bytes.flatMap(self.nodeMemory.decode) }
            .filter { $0.key == $0.value.id }
        state.heartbeats = try reply[1].byNode { $0.integer.map(Int64.init) }
        state.heartbeatAges = Self.ages(of: state.heartbeats, now: try reply[15].number())
        state.loads = try reply[2].byNode { $0.bytes.flatMap { JSONText.decode($0) } }
        state.tenants = try reply[3].byTenant { $0.bytes.flatMap(self.tenantMemory.decode) }
            .filter { $0.key == $0.value.id }
        state.owners = try reply[4].byTenant { Names.node($0.string) }
        state.ownersVersion = reply[5].counter()
        state.epochs = try reply[6].byTenant { $0.integer.map { Epoch(Int64($0)) } }
        state.moves = try reply[7].moves()
        state.unassigned = try reply[8].byTenant(\.string)
        state.requests = try reply[9].elements().compactMap { $0.bytes.flatMap { JSONText.decode($0) } }
        state.term = Term(reply[11].counter())
        state.generation = reply[12].value.string
        state.leader = ReplyReader.leadership(reply[10].value, remaining: reply[13].value)
        state.locks = try self.locks(from: reply[14])
        return state
    }

    /// The locks of a reply of tenant, lock, what is left, and so on.
    private func locks(from reply: ReplyReader) throws(CoordinationError) -> [TenantID: TenantLock] {
        let elements = try reply.elements()
        var locks: [TenantID: TenantLock] = [:]
        for index in stride(from: 0, to: elements.count - elements.count % 3, by: 3) {
            guard let tenant = Names.tenant(elements[index].string) else { continue }
            locks[tenant] = ReplyReader.lock(elements[index + 1], remaining: elements[index + 2])
        }
        return locks
    }

    package func assignment(of node: NodeID) async throws(CoordinationError) -> NodeAssignment {
        let reply = try await self.run(.readAssignment, "assignment.read", [node.description])
        var assignment = NodeAssignment()
        assignment.ownersVersion = reply[0].counter()
        assignment.generation = reply[1].value.string ?? ""
        for (index, name) in try reply[2].elements().enumerated() {
            guard let tenant = Names.tenant(name.string) else { continue }
            let descriptor = reply[3][index].value.bytes.flatMap(self.tenantMemory.decode)
            assignment.tenants[tenant] = NodeAssignment.Entry(
                descriptor: descriptor?.id == tenant ? descriptor : nil,
                lock: ReplyReader.lock(reply[4][index].value, remaining: reply[5][index].value)
            )
        }
        assignment.moves = try reply[6].moves().filter { $0.value.source == node || $0.value.target == node }
        assignment.incarnations = try reply[7].elements()
            .compactMap { $0.bytes.flatMap(self.nodeMemory.decode)?.incarnation }
            .sorted()
        return assignment
    }
}
