internal import InMemoryStores
internal import TenureCore

extension TenantStoreConformance {
    /// Puts two tenants to the same random sequence of operations: they must give the same replies and come to the same
    /// contents, but for instants close to now; and each must keep what always holds.
    ///
    /// Nodes keep to the contract: who was refused does not work, and nobody claims what it has claimed already.
    ///
    /// - Parameters:
    ///   - left: The model; what it holds decides which operations mean something.
    ///   - right: The tenant to be compared with it.
    ///   - seed: Chooses the sequence; a failure names it.
    ///   - steps: How many operations.
    package static func compare(
        _ left: some TenantStoreHarness,
        _ right: some TenantStoreHarness,
        seed: UInt64,
        steps: Int
    ) async throws {
        var generator = TenantGenerator(seed: seed)
        var sides = (try await TenantSide(left), try await TenantSide(right))
        for step in 0..<steps {
            let operation = generator.operation(on: sides.0.contents)
            do {
                let replies = (try await sides.0.perform(operation), try await sides.1.perform(operation))
                try replies.0.expectSame(as: replies.1)
                try await sides.0.check()
                try await sides.1.check()
                let contents = (try await sides.0.lines(), try await sides.1.lines())
                let differences = contents.1.difference(from: contents.0)
                try expect(differences.isEmpty, "the contents differ: \(differences.map(\.sentence))")
            } catch {
                throw Violation(description: "seed \(seed), step \(step), after \(operation): \(error)")
            }
        }
    }
}

extension CollectionDifference<String>.Change {
    fileprivate var sentence: String {
        switch self {
        case .insert(_, let line, _): "only right: \(line)"
        case .remove(_, let line, _): "only left: \(line)"
        }
    }
}

/// What an operation answers, without instants that differ.
struct TenantReply: Sendable {
    /// What has to be the same.
    var text: String
    /// What a scan found.
    var found: [WorkID] = []
    /// Whether the scan may find rows of its predecessor's transaction again.
    var mayRepeat = false

    func expectSame(as other: TenantReply) throws {
        try expectEqual(other.text, self.text, "the reply")
        if self.mayRepeat {
            let missing = Set(self.found).subtracting(other.found).sorted()
            try expect(missing.isEmpty, "the scan must also find \(missing); it found \(other.found)")
        } else {
            try expectEqual(other.found, self.found, "what the scan found")
        }
    }
}

/// One of the tenants that are compared, with its nodes.
struct TenantSide {
    /// One node with what it knows of its store.
    private struct Node {
        let store: any TenantStore
        let holder: Holder
        var cursor: ScanCursor?
        /// IDs that scans have returned since they read from the front, and that have not been settled.
        var known: Set<WorkID> = []
        /// What the last operation found.
        var found: Set<WorkID> = []
        var jobsVersion: Int64?
        var mayRepeat = false
    }

    private let harness: any TenantStoreHarness
    private var nodes: [Node] = []
    private var invariants = TenantInvariants()
    private(set) var contents = TenantContents()

    init(_ harness: some TenantStoreHarness) async throws {
        self.harness = harness
        for holder in TenantGenerator.holders {
            let store = try await harness.makeStore()
            try await store.prepare(migrate: true)
            self.nodes.append(Node(store: store, holder: holder))
        }
        self.contents = try await harness.contents()
    }

    /// The contents as text, a line each, with instants close to now rounded.
    func lines() async throws -> [String] {
        self.contents.lines(now: try await self.harness.now())
    }

    /// Reads the contents again, and fails unless what always holds does.
    mutating func check() async throws {
        let before = self.contents
        self.contents = try await self.harness.contents()
        try self.invariants.check(self.contents)
        // What was settled, revoked or ended is to be found anew.
        let claimed = Set(self.contents.claims.flatMap(\.ids))
        let present = Set(self.contents.work.map(\.item.id))
        let changed = Set(before.claims.flatMap(\.ids)).subtracting(claimed)
        for index in self.nodes.indices {
            self.nodes[index].known.formIntersection(present)
            self.nodes[index].known.subtract(changed.subtracting(self.nodes[index].found))
            self.nodes[index].found = []
        }
    }

    /// Runs an operation; an error becomes its code.
    mutating func perform(_ operation: TenantOperation) async throws -> TenantReply {
        do {
            return try await self.reply(to: operation)
        } catch let error as StoreError {
            return TenantReply(text: "\(error.code)")
        }
    }

    private mutating func reply(to operation: TenantOperation) async throws -> TenantReply {
        let harness = self.harness
        switch operation {
        case .take(let node, let epoch):
            self.nodes[node].cursor = nil
            let reply = try await self.nodes[node].store.takeOwnership(epoch: epoch, holder: self.nodes[node].holder)
            return TenantReply(text: "\(reply)")
        case .assume(let node, let epoch, let living, let lending):
            self.nodes[node].cursor = nil
            let assumption = try await self.nodes[node].store.assume(
                epoch: epoch,
                holder: self.nodes[node].holder,
                living: living,
                lending: lending
            )
            guard case .opened(let opening) = assumption else { return TenantReply(text: "\(assumption)") }
            return TenantReply(text: "opened \(opening.summary)")
        case .open(let node, let epoch, let living, let lending):
            // What other owners have dealt with meanwhile does not show behind an old cursor.
            self.nodes[node].cursor = nil
            let opening = try await self.nodes[node].store.open(
                epoch: epoch,
                holder: self.nodes[node].holder,
                living: living,
                lending: lending
            )
            return TenantReply(text: opening.summary)
        case .exchange(let exchange): return try await self.exchange(exchange)
        case .addLate(let work, let exchange):
            var reply = TenantReply(text: "")
            var side = self
            try await harness.whileAdding(work) { id in
                reply = try await side.exchange(exchange)
                reply.text += " while adding \(id)"
            }
            self = side
            return reply
        case .add(let work): return TenantReply(text: "\(try await harness.add(work))")
        case .receive(let work, let source, let message):
            let id = try await harness.receive(work, source: source, messageID: message)
            return TenantReply(text: "\(id.map(\.description) ?? "seen")")
        case .cancel(let id, let kinds): return TenantReply(text: "\(try await harness.cancel(id, kinds: kinds))")
        case .cancelRun(let id): return TenantReply(text: "\(try await harness.cancelRun(id))")
        case .retry(let id): return TenantReply(text: "\(try await harness.retryDeadLetter(id))")
        case .discard(let id): return TenantReply(text: "\(try await harness.discardDeadLetter(id))")
        case .putJob(let job): return TenantReply(text: "\(try await harness.putJob(job))")
        case .pauseJob(let name): return TenantReply(text: "\(String(describing: try await harness.pauseJob(name)))")
        case .resumeJob(let name): return TenantReply(text: "\(String(describing: try await harness.resumeJob(name)))")
        case .triggerJob(let name):
            return TenantReply(text: "\(String(describing: try await harness.triggerJob(name)))")
        case .deleteJob(let name): return TenantReply(text: "\(try await harness.deleteJob(name))")
        case .putCalendar(let calendar): return TenantReply(text: "\(try await harness.putCalendar(calendar))")
        case .deleteCalendar(let name):
            return TenantReply(text: "\(String(describing: try await harness.deleteCalendar(name)))")
        }
    }

    // MARK: Exchanges

    private mutating func exchange(_ request: TenantOperation.Exchange) async throws -> TenantReply {
        var node = self.nodes[request.node]
        let now = try await self.harness.now()
        let settlements = request.settlements.map { batch, verdicts in
            Settlement(
                batch: batch,
                outcomes: verdicts.map { id, verdict in
                    Outcome(id: id, attempt: 1, verdict: verdict, startedAt: now, finishedAt: now, error: "e")
                }
            )
        }
        var pass = ClaimPass(epoch: request.epoch, holder: node.holder)
        pass.materialise = request.materialise
        pass.claims = request.claims
        pass.scan = request.scan.map { ScanRequest(limit: $0.limit, cursor: $0.isFromFront ? nil : node.cursor) }
        pass.sleepUntil = request.sleeps ? .distantFuture : nil

        let answer = await node.store.exchange(Exchange(settlements: settlements, pass: pass))
        var reply = TenantReply(text: "\(answer.settlements.map(\.summary))")
        let result: PassResult
        do throws(StoreError) {
            guard let pass = answer.pass else { throw StoreError(.rejected, operation: "a pass without an answer") }
            result = try pass.get()
        } catch {
            reply.text += " \(error.code)"
            return reply
        }
        reply.text += " \(result.materialised.map(\.summary)) \(result.claimed) \(result.cancellations)"
        // A version may change without need, but not stay.
        let mustChange = zip(result.materialised, request.materialise).contains { $0 != .conflict && $1.pauses }
        if mustChange { try expect(result.jobsVersion != node.jobsVersion, "the version of the jobs must change") }
        node.jobsVersion = result.jobsVersion
        if var scan = result.scan {
            reply.mayRepeat = node.mayRepeat || !request.materialise.isEmpty
            node.mayRepeat = !request.materialise.isEmpty
            if pass.scan?.cursor == nil { node.known = [] }
            var items = scan.items
            let isWhole = !scan.hasMore
            for _ in 0..<200 where scan.hasMore {
                var next = ClaimPass(epoch: request.epoch, holder: node.holder)
                next.scan = ScanRequest(limit: request.scan?.limit ?? 1, cursor: scan.cursor)
                guard let page = try await node.store.exchange(Exchange(pass: next)).pass?.get().scan else { break }
                items += page.items
                scan = page
            }
            try expect(!scan.hasMore, "the scan found no end")
            let ids = items.map(\.id)
            node.cursor = scan.cursor
            node.known.formUnion(ids)
            node.found = Set(ids)
            // What a transaction left behind the cursor may come in any order, page by page.
            reply.found = isWhole ? ids.unique : Set(ids).sorted()
            if isWhole, !reply.mayRepeat { reply.text += " asleep: \(String(describing: result.isSleepPublished))" }
            try await self.expectAllFound(node.known, ids, upTo: scan.cursor.dueUpTo)
        }
        self.nodes[request.node] = node
        return reply
    }

    /// Fails unless everything that is due and runnable is known, and nothing else was found.
    private func expectAllFound(_ known: Set<WorkID>, _ found: [WorkID], upTo due: ServerTime) async throws {
        let contents = try await self.harness.contents()
        let changed = Set(self.contents.claims.flatMap(\.ids)).subtracting(contents.claims.flatMap(\.ids))
        let runnable = Set(contents.heads.filter { $0.dueAt <= due }.map(\.id))
        // What was settled by this very exchange was found by its scan if it is due again.
        let missing = runnable.subtracting(known.subtracting(changed).union(found)).sorted()
        try expect(missing.isEmpty, "the scan leaves out \(missing), which are due and runnable")
        let wrong = Set(found).subtracting(runnable).sorted()
        try expect(wrong.isEmpty, "the scan found \(wrong), which are not runnable")
    }
}

extension Array<WorkID> {
    /// Each ID where it comes first.
    fileprivate var unique: [WorkID] {
        var seen: Set<WorkID> = []
        return self.filter { seen.insert($0).inserted }
    }
}

extension Opening {
    /// Without instants.
    fileprivate var summary: String {
        let lent = self.lent.map {
            "\($0.batch) \($0.incarnation) \($0.ids) \($0.orderingKeys.sorted()) \($0.subjects)"
        }.sorted()
        let own = self.own.map { "\($0.batch) \($0.ids)" }.sorted()
        return "own \(own), lent \(lent), crashed \(self.crashedRuns)"
    }
}

extension SettlementResult {
    fileprivate var summary: String {
        switch self {
        case .accepted: "accepted"
        case .gone: "gone"
        case .failed(let error): "\(error.code)"
        }
    }
}

extension PassResult.Materialised {
    fileprivate var summary: String {
        switch self {
        case .applied(let items): "applied \(items.map { "\($0.id) \($0.dueAt)" })"
        case .conflict: "conflict"
        }
    }
}
