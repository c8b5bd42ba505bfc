internal import RedisClient
package import TenureCore

extension RedisCoordinationStore {
    package func acquireLock(
        of tenant: TenantID,
        for holder: Holder,
        floor: Epoch,
        duration: Duration
    ) async throws(CoordinationError) -> LockReply {
        let reply = try await self.run(
            .acquireLock,
            "lock.acquire",
            [
                tenant.description, holder.node.description, holder.incarnation.description, floor.value,
                Self.milliseconds(duration),
            ]
        )
        switch try reply[0].code() {
        case 0:
            guard let lock = ReplyReader.lock(reply[1].value, remaining: reply[2].value) else {
                throw reply.malformed()
            }
            return .held(lock)
        case 1: return .acquired(Epoch(try reply[1].number()))
        case 2: return .notAssigned(Names.node(reply[1].value.string))
        case 3: return .unregistered
        default: throw reply.malformed()
        }
    }

    package func releaseLock(
        of tenant: TenantID,
        holder: Holder,
        epoch: Epoch
    ) async throws(CoordinationError) -> Bool {
        try await self.run(.releaseLock, "lock.release", [tenant.description, "\(holder)/\(epoch)"]).flag()
    }

    package func reportReady(
        _ tenant: TenantID,
        move: String,
        target: Holder
    ) async throws(CoordinationError) -> Bool {
        try await self.run(
            .reportReady,
            "move.ready",
            [tenant.description, move, target.node.description, target.incarnation.description]
        ).flag()
    }

    package func passLock(
        of tenant: TenantID,
        move: String,
        holder: Holder,
        epoch: Epoch,
        duration: Duration,
        lastClaim: ServerTime
    ) async throws(CoordinationError) -> PassReply {
        let reply = try await self.run(
            .passLock,
            "lock.pass",
            [
                tenant.description, move, holder.node.description, holder.incarnation.description, epoch.value,
                Self.milliseconds(duration), lastClaim.microseconds,
            ]
        )
        switch try reply[0].code() {
        case 0: return .notHeld
        case 1: return .passed(Epoch(try reply[1].number()))
        case 2: return .void
        default: throw reply.malformed()
        }
    }
}
