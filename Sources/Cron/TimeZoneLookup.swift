package import Foundation

/// Strict lookup of time zones by their name in the IANA tz database.
///
/// Foundation alone would accept abbreviations (`EST` is a fixed offset there, not the wall clock of New York) and
/// offsets (`GMT+1`); a schedule that silently ignores daylight saving time is worse than an error.
package enum TimeZoneLookup {
    /// Returns the zone of a name such as `Europe/Berlin` or `UTC`, spelled exactly so.
    ///
    /// - Throws: ``UnknownTimeZone`` for everything else, with the name that was probably meant.
    package static func zone(named name: String) throws(UnknownTimeZone) -> TimeZone {
        if name == "UTC" { return .gmt }
        // The same names as `check_time_zone` in a tenant's schema: a region, a slash, a place. Other names of places
        // (`Japan`), abbreviations and offsets have no slash. Foundation answers `GMT+1` with another name.
        if name.contains(/^[A-Z][A-Za-z_-]*\//), !name.hasPrefix("SystemV/"), let zone = TimeZone(identifier: name),
            zone.identifier == name
        {
            return zone
        }
        throw UnknownTimeZone(name: name, suggestion: Self.suggestion(for: name))
    }

    private static func suggestion(for name: String) -> String? {
        let wanted = name.lowercased().replacing(" ", with: "_")
        if ["gmt", "utc", "uct", "z"].contains(wanted) { return "UTC" }
        let candidates = TimeZone.knownTimeZoneIdentifiers.filter { $0.contains("/") }.sorted()
        if let same = candidates.first(where: { $0.lowercased() == wanted }) { return same }
        if let city = candidates.first(where: { Self.city($0).lowercased() == wanted }) { return city }
        if let place = TimeZone.abbreviationDictionary[name.uppercased()], place.contains("/") { return place }

        let hasArea = wanted.contains("/")
        var best: (name: String, distance: Int)?
        for candidate in candidates {
            let distance = Self.distance(wanted, hasArea ? candidate.lowercased() : Self.city(candidate).lowercased())
            if distance < best?.distance ?? .max { best = (candidate, distance) }
        }
        // Up to one mistake in four characters looks like a slip; more is likely another name altogether.
        guard let best, best.distance <= min(3, wanted.count / 4) else { return nil }
        return best.name
    }

    private static func city(_ identifier: String) -> Substring {
        identifier.split(separator: "/").last ?? ""
    }

    /// The number of slips (a character inserted, left out, replaced, or swapped with the next) that part two texts.
    private static func distance(_ left: String, _ right: String) -> Int {
        let left = Array(left.utf8)
        let right = Array(right.utf8)
        var previous = [Int](repeating: 0, count: right.count + 1)
        var row = Array(0...right.count)
        for i in left.indices {
            var next = [i + 1]
            for j in right.indices {
                var cost = min(row[j] + (left[i] == right[j] ? 0 : 1), row[j + 1] + 1, next[j] + 1)
                if i > 0, j > 0, left[i] == right[j - 1], left[i - 1] == right[j] {
                    cost = min(cost, previous[j - 1] + 1)
                }
                next.append(cost)
            }
            previous = row
            row = next
        }
        return row[right.count]
    }
}

/// A name that is not that of a time zone in the tz database.
package struct UnknownTimeZone: Error, Sendable, Hashable, CustomStringConvertible {
    /// The name as it was given.
    package let name: String
    /// The zone that was probably meant, if one is similar.
    package let suggestion: String?

    /// The message in one line.
    package var description: String {
        let hint = self.suggestion.map { "did you mean \($0)?" } ?? "use an IANA name such as Europe/Berlin, or UTC"
        return "unknown time zone \"\(self.name)\" (\(hint))"
    }
}
