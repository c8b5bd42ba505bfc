/// Why an occurrence did not run: what its row in the history says, whose state is `skipped`.
package enum SkipReason {
    /// It could not start in time, and the misfire policy does not run it.
    package static let misfire = "misfire"
    /// Its job was paused, and the misfire policy does not run it after the resumption.
    package static let paused = "paused"
    /// Work of the job was still to do or running.
    package static let overlap = "overlap"
    /// Added to the reason of a row that stands for all earlier occurrences too that did not run.
    package static let earlierToo = ":earlier-too"

    /// Its date is left out by a calendar.
    package static func calendar(_ name: String) -> String { "calendar:\(name)" }
}
