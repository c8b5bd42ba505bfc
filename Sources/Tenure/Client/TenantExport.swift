internal import TenureCore

/// What of a tenant can be carried to another, or kept: its calendars, its jobs and, if wanted, the work that has not
/// started. Not its history.
///
/// ```swift
/// let file = try await acme.exported().data()
/// let report = try await globex.importing(TenantExport(data: file))
/// ```
///
/// As a file it is JSON with a ``formatVersion``. Payloads are JSON text inside of strings, so that no number loses a
/// digit. A key that is not known is refused; all but a job's name, topic and schedule may be left out, and then are as
/// in a new ``JobDraft``.
public struct TenantExport: Sendable, Hashable {
    /// What files are called that hold one.
    public static let format = "tenure.tenant"
    /// The version of the format that is written, and the only one that is read.
    public static let formatVersion = 1

    /// A recurring job.
    public struct Job: Sendable, Hashable {
        /// Everything that can be said about it.
        public var draft: JobDraft
        /// Whether it is paused.
        public var isPaused: Bool

        /// A job as it is to be.
        public init(_ draft: JobDraft, isPaused: Bool = false) {
            self.draft = draft
            self.isPaused = isPaused
        }
    }

    /// A timer or a message that has not started. Attempts that it has had do not count after an import.
    public struct Work: Sendable, Hashable {
        /// ``WorkKind/timer`` or ``WorkKind/outbox``.
        public var kind: WorkKind
        /// Decides about the handler.
        public var topic: String
        /// JSON text.
        public var payload: String
        /// When it is due.
        public var dueAt: ServerTime
        /// Keys, priority, retries.
        public var options: WorkOptions

        /// Describes work.
        public init(
            kind: WorkKind,
            topic: String,
            payload: String,
            dueAt: ServerTime,
            options: WorkOptions = WorkOptions()
        ) {
            self.kind = kind
            self.topic = topic
            self.payload = payload
            self.dueAt = dueAt
            self.options = options
        }
    }

    /// What is exported.
    public enum Scope: Sendable, Hashable {
        /// Jobs only.
        case jobs
        /// Jobs, and timers and messages that have not started.
        case jobsAndWork
    }

    /// Where it comes from, for people; an import does not look at it.
    public var tenant: String?
    /// By name.
    public var calendars: [JobCalendar]
    /// By name.
    public var jobs: [Job]
    /// In the order of enqueuing.
    public var work: [Work]

    /// What is to be imported.
    public init(tenant: String? = nil, calendars: [JobCalendar] = [], jobs: [Job], work: [Work] = []) {
        self.tenant = tenant
        self.calendars = calendars
        self.jobs = jobs
        self.work = work
    }
}

/// What an import did, or would do.
public struct TenantImport: Sendable, Hashable {
    /// What becomes of a job or a calendar.
    public enum Outcome: String, Sendable, Hashable {
        /// There was none of its name.
        case added
        /// It was another, or its pause.
        case changed
        /// It was so already: its next due instant stays.
        case unchanged
    }

    /// A job by its name.
    public struct Job: Sendable, Hashable {
        /// Its name.
        public var name: String
        /// What becomes of it.
        public var outcome: Outcome
    }

    /// A calendar by its name.
    public struct Calendar: Sendable, Hashable {
        /// Its name.
        public var name: String
        /// What becomes of it.
        public var outcome: Outcome
    }

    /// In the order of the export.
    public var calendars: [Calendar]
    /// In the order of the export.
    public var jobs: [Job]
    /// Timers and messages that were added.
    public var addedWork: Int
    /// Those that were there already.
    public var presentWork: Int

    /// Describes an import.
    package init(calendars: [Calendar], jobs: [Job], addedWork: Int, presentWork: Int) {
        self.calendars = calendars
        self.jobs = jobs
        self.addedWork = addedWork
        self.presentWork = presentWork
    }

    /// How many jobs had an outcome.
    public func count(_ outcome: Outcome) -> Int {
        self.jobs.count { $0.outcome == outcome }
    }
}

extension TenantClient {
    /// The tenant's calendars, its jobs with all their settings and, if wanted, the timers and messages that have not
    /// started.
    public func exported(_ scope: TenantExport.Scope = .jobs) async throws -> TenantExport {
        // Jobs first: whatever calendar one of them names is still there afterwards.
        let jobs = try await self.backend.jobs(tags: [])
        let calendars = try await self.backend.calendars(nil)
        let work = scope == .jobs ? [] : try await self.backend.transferableWork()
        return TenantExport(
            tenant: self.tenant.description,
            calendars: calendars.map(\.definition),
            jobs: try jobs.map(TenantExport.Job.init),
            work: work
        )
    }

    /// Puts the calendars and jobs of an export and adds its work, in one transaction: all of it, or nothing.
    ///
    /// A job that is so already keeps its next due instant; the schedule of an added or changed one counts from now,
    /// that of an interval without a start too. Jobs that the export does not name stay. Work is added unless it is
    /// there already, so that an import may be repeated.
    ///
    /// - Throws: ``RequestRefused`` that names the place in the export.
    @discardableResult
    public func importing(_ export: TenantExport) async throws -> TenantImport {
        let report = try await self.perform(export, commits: true)
        self.hint()
        return report
    }

    /// Tells what ``importing(_:)`` would do. Changes nothing.
    public func rehearsedImport(_ export: TenantExport) async throws -> TenantImport {
        try await self.perform(export, commits: false)
    }

    private func perform(_ export: TenantExport, commits: Bool) async throws -> TenantImport {
        var calendars: Set<String> = []
        for (index, calendar) in export.calendars.enumerated() {
            let place = "calendars[\(index)]"
            guard calendars.insert(calendar.name).inserted else {
                let message = "\(place) '\(calendar.name)': there are two calendars of this name"
                throw RequestRefused(message: message, hint: nil, isNotFound: false)
            }
            do {
                try Self.check(calendar)
            } catch {
                throw RequestRefused(message: "\(place): \(error.message)", hint: error.hint, isNotFound: false)
            }
        }
        var names: Set<String> = []
        for (index, job) in export.jobs.enumerated() {
            let place = "jobs[\(index)] '\(job.draft.name)'"
            guard names.insert(job.draft.name).inserted else {
                throw RequestRefused(message: "\(place): there are two jobs of this name", hint: nil, isNotFound: false)
            }
            do {
                try Self.check(job.draft)
            } catch {
                throw RequestRefused(message: "\(place): \(error.message)", hint: error.hint, isNotFound: false)
            }
        }
        return try await self.backend.importing(export, commits: commits)
    }
}
