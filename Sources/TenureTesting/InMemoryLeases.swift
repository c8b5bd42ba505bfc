internal import Synchronization
internal import Tenure
internal import TenureCore

/// Leases and semaphores of a tenant in memory. The clock stands still: nothing expires but what is released.
final class InMemoryLeases: Sendable {
    private struct Held {
        var info: LeaseInfo
        var duration: Duration
    }

    private struct State {
        var lastToken: Int64 = 0
        var held: [String: [Held]] = [:]
        /// Who waits, in the order of arrival. A place is kept until it is given up.
        var waiting: [String: [String]] = [:]
    }

    private let now: ServerTime
    private let state = Mutex(State())

    init(now: ServerTime) {
        self.now = now
    }

    var all: [LeaseInfo] {
        self.state.withLock { state in
            state.held.flatMap { key, held in
                held.map { held in
                    var info = held.info
                    info.waiting = state.waiting[key]?.count ?? 0
                    return info
                }
            }
        }.sorted { ($0.name, $0.kind.rawValue, $0.token) < ($1.name, $1.kind.rawValue, $1.token) }
    }

    func acquire(_ subject: LeaseSubject, for holder: String, duration: Duration, waits: Bool) -> LeaseAnswer {
        let key = Self.key(subject)
        return self.state.withLock { state in
            var held = state.held[key] ?? []
            var waiting = state.waiting[key] ?? []
            defer {
                state.held[key] = held
                state.waiting[key] = waiting
            }
            if let index = held.firstIndex(where: { $0.info.holder == holder }) {
                held[index].info.expiresAt = max(held[index].info.expiresAt, self.now.advanced(by: duration))
                waiting.removeAll { $0 == holder }
                return .held(held[index].info.token)
            }
            let ahead = waiting.firstIndex(of: holder) ?? waiting.count
            guard held.count + ahead < subject.limit ?? 1 else {
                if waits, !waiting.contains(holder) { waiting.append(holder) }
                return .taken(freeIn: held.first?.duration, ahead: ahead)
            }
            state.lastToken += 1
            let token = LeaseToken(state.lastToken)
            waiting.removeAll { $0 == holder }
            held.append(Held(info: self.info(subject, token, holder, duration), duration: duration))
            return .held(token)
        }
    }

    func renew(_ subject: LeaseSubject, _ token: LeaseToken, duration: Duration) -> Bool {
        self.state.withLock { state in
            let key = Self.key(subject)
            guard var held = state.held[key], let index = held.firstIndex(where: { $0.info.token == token }) else {
                return false
            }
            held[index].info.expiresAt = max(held[index].info.expiresAt, self.now.advanced(by: duration))
            state.held[key] = held
            return true
        }
    }

    func release(_ subject: LeaseSubject, _ token: LeaseToken) -> Bool {
        self.state.withLock { state in
            let key = Self.key(subject)
            guard let index = state.held[key]?.firstIndex(where: { $0.info.token == token }) else { return false }
            state.held[key]?.remove(at: index)
            return true
        }
    }

    func withdraw(_ subject: LeaseSubject, _ holder: String) {
        self.state.withLock { state in
            let key = Self.key(subject)
            state.held[key]?.removeAll { $0.info.holder == holder }
            state.waiting[key]?.removeAll { $0 == holder }
        }
    }

    private func info(
        _ subject: LeaseSubject,
        _ token: LeaseToken,
        _ holder: String,
        _ duration: Duration
    ) -> LeaseInfo {
        LeaseInfo(
            kind: subject.limit == nil ? .lease : .permit,
            name: subject.name,
            token: token,
            holder: holder,
            acquiredAt: self.now,
            expiresAt: self.now.advanced(by: duration),
            limit: subject.limit,
            waiting: 0
        )
    }

    /// Leases and semaphores of one name have nothing to do with each other.
    private static func key(_ subject: LeaseSubject) -> String {
        (subject.limit == nil ? "lease " : "permit ") + subject.name
    }
}

/// A lease or a semaphore in memory.
struct InMemoryLeaseBackend: LeaseBackend {
    let leases: InMemoryLeases
    let subject: LeaseSubject

    func acquire(
        for holder: String,
        duration: Duration,
        place: Duration?,
        timeout: Duration
    ) async throws -> LeaseAnswer {
        if let limit = self.subject.limit, !(1...10_000).contains(limit) {
            throw RequestRefused(
                message: "the limit \(limit) is out of range",
                hint: "Use 1 to 10000 permits.",
                isNotFound: false
            )
        }
        return self.leases.acquire(self.subject, for: holder, duration: duration, waits: place != nil)
    }

    func renew(_ token: LeaseToken, of holder: String, duration: Duration, timeout: Duration) async throws -> Bool {
        self.leases.renew(self.subject, token, duration: duration)
    }

    func release(_ token: LeaseToken, of holder: String, timeout: Duration) async throws -> Bool {
        self.leases.release(self.subject, token)
    }

    func withdraw(_ holder: String, timeout: Duration) async throws {
        self.leases.withdraw(self.subject, holder)
    }
}

extension InMemoryTenantBackend {
    func leaseBackend(for subject: LeaseSubject) -> any LeaseBackend {
        InMemoryLeaseBackend(leases: self.leases, subject: subject)
    }

    func leases(limit: Int) async throws -> [LeaseInfo] {
        Array(self.leases.all.prefix(limit))
    }
}
