/// What becomes of an occurrence whose local time the clock skips when it is moved forward.
package enum GapPolicy: String, Sendable, Hashable, CaseIterable {
    /// It happens at the first instant after the gap; several in one gap happen once. The default, as in Cronos.
    case firstValidInstant = "first-valid-instant"
    /// It does not happen.
    case skip
    /// It happens as much later as the gap is long: 02:30 becomes 03:30.
    case shift
}

/// In which pass an occurrence happens whose local time comes twice because the clock is moved back.
package enum OverlapPolicy: String, Sendable, Hashable, CaseIterable {
    /// In both passes for an expression of intervals (``CronExpression/isInterval``), otherwise in the first.
    /// The default, as in Cronos.
    case automatic
    /// In the first pass only.
    case first
    /// In the second pass only.
    case second
    /// In both passes.
    case both
}
