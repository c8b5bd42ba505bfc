/// How long a run is put off after its occurrence: the same on every node, at every try, and in the tenants' schemas
/// (`occurrence_jitter`).
package enum OccurrenceJitter {
    /// The hash of the job's name and of the occurrence in microseconds since 1970, modulo the longest jitter in
    /// microseconds and one.
    package static func delay(job: String, occurrence: ServerTime, longestMilliseconds: Int64) -> Duration {
        guard longestMilliseconds > 0 else { return .zero }
        let hash = StableHash.of(job, String(occurrence.microseconds))
        return .microseconds(Int64(hash % (UInt64(longestMilliseconds) * 1_000 + 1)))
    }
}
