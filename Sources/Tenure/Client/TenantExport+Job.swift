internal import TenureCore

extension TenantExport.Job {
    /// A job as it stands.
    ///
    /// - Throws: ``RequestRefused`` when the schema holds a policy that this version does not know.
    init(_ info: JobInfo) throws(RequestRefused) {
        let definition = info.definition
        let schedule: JobDraft.Schedule =
            switch definition.schedule {
            case .cron(let expression): .cron(expression)
            case .interval(let microseconds, _): .every(.microseconds(microseconds))
            }
        var draft = JobDraft(name: definition.name, topic: definition.topic, schedule: schedule)
        guard let overlap = JobOverlap(rawValue: info.overlap),
            let gap = DaylightGap(rawValue: info.daylightGap),
            let daylightOverlap = DaylightOverlap(rawValue: info.daylightOverlap)
        else {
            throw RequestRefused(
                message: "job '\(definition.name)' has a policy that this version does not know",
                hint: "Use the version that wrote it.",
                isNotFound: false
            )
        }
        draft.payload = info.payload
        draft.timeZone = definition.timeZone
        draft.priority = info.priority
        draft.retry = info.retry
        draft.timeout = info.timeoutMilliseconds.map { .milliseconds($0) }
        draft.misfire = definition.misfire
        draft.misfireGrace = .milliseconds(definition.misfireGraceMilliseconds)
        draft.misfireBound = definition.misfireBound
        draft.overlap = overlap
        draft.overlapBound = info.overlapBound
        draft.calendar = definition.calendar?.name
        draft.description = info.description
        draft.tags = info.tags
        draft.startsAt = definition.startsAt
        draft.endsAt = definition.endsAt
        draft.jitter = .milliseconds(info.jitterMilliseconds)
        draft.daylightGap = gap
        draft.daylightOverlap = daylightOverlap
        draft.limitKey = info.limitKey
        self.init(draft, isPaused: definition.isPaused)
    }
}
