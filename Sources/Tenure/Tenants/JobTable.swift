/// The recurring jobs of an owned tenant: which are due, and when the next one is.
struct JobTable {
    private var planner = OccurrencePlanner()
    private var jobs: [String: JobDefinition] = [:]
    private var due: [String: ServerTime] = [:]
    private(set) var version: Int64?
    private(set) var nextDue: ServerTime?
    /// A conflict was met: somebody changes a job this moment, and is given time to commit.
    private(set) var isContested = false

    /// Takes over a new reading.
    ///
    /// - Returns: Jobs whose schedule cannot be understood, with the reason. They are left out.
    mutating func replace(_ snapshot: JobsSnapshot) -> [(name: String, problem: String)] {
        self.jobs = [:]
        self.due = [:]
        self.version = snapshot.version
        self.isContested = false
        var problems: [(String, String)] = []
        for job in snapshot.jobs where !job.isPaused {
            do {
                // A job without a next due instant is planned at once, so that people see when it runs.
                self.due[job.name] = try job.nextDue ?? self.planner.firstDue(job).map { _ in snapshot.serverTime }
                self.jobs[job.name] = job
            } catch {
                problems.append((job.name, String(describing: error)))
            }
        }
        self.nextDue = self.due.values.min()
        return problems
    }

    /// Forgets the reading, so that the next step makes another.
    mutating func invalidate() {
        self.version = nil
    }

    /// What has come due, in order of names; at most `limit`.
    mutating func plan(at now: ServerTime, limit: Int) -> [Materialisation] {
        guard let nextDue = self.nextDue, nextDue <= now else { return [] }
        var plans: [Materialisation] = []
        for (name, due) in self.due.sorted(by: { $0.key < $1.key }) where due <= now && plans.count < limit {
            guard let job = self.jobs[name] else { continue }
            // What `replace` accepted does not fail here; if it did, the job would wait for its next change.
            if let plan = try? self.planner.plan(job, now: now) {
                plans.append(plan)
            } else {
                self.due[name] = nil
            }
        }
        if plans.isEmpty { self.nextDue = self.due.values.min() }
        return plans
    }

    /// Takes over what became of a plan. A conflict means that the jobs must be read again.
    mutating func apply(_ plan: Materialisation, _ result: PassResult.Materialised) {
        switch result {
        case .applied:
            self.jobs[plan.job]?.lastOccurrence =
                [plan.occurrences.last, plan.skipped.last?.scheduledFor, plan.lastOccurrence].compactMap { $0 }.max()
            self.jobs[plan.job]?.nextDue = plan.nextDue
            self.due[plan.job] = plan.pauses ? nil : plan.nextDue
            self.nextDue = self.due.values.min()
        case .conflict:
            self.isContested = true
            self.invalidate()
        }
    }
}
