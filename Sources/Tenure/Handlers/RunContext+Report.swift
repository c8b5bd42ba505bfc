internal import Foundation

/// Output and progress: what a run says about itself.
extension RunContext {
    /// Bytes of JSON that an attempt's output may have.
    public static let outputBytesMax = 65_536
    /// Bytes of JSON that a run's progress may have.
    public static let progressBytesMax = 16_384

    /// Says what this attempt returns: it is stored with the attempt when that ends, and shown by `tenure runs show`.
    ///
    /// - Parameter output: Encoded as JSON, at most ``outputBytesMax`` bytes. A later call replaces it.
    /// - Throws: ``ReportRefused`` when it is larger, and what encoding throws.
    public func setOutput(_ output: some Encodable) throws {
        try self.setOutput(json: Self.json(output))
    }

    /// Says what this attempt returns, as JSON text.
    ///
    /// - Throws: ``ReportRefused`` when it is too large, or no JSON.
    public func setOutput(json: String) throws {
        try Self.check(json, Self.outputBytesMax, "output")
        self.reporter.set(output: json)
    }

    /// Says how far this run is: visible while it runs, kept when the attempt fails or its node is lost, and given to
    /// the next attempt by ``lastProgress(as:)``.
    ///
    /// Cheap: reports of a tenant's runs are stored together, at most once a second; what is reported in between
    /// replaces what was before. A crash may lose the last second.
    ///
    /// - Parameter progress: Encoded as JSON, at most ``progressBytesMax`` bytes.
    /// - Throws: ``ReportRefused`` when it is larger, and what encoding throws.
    public func reportProgress(_ progress: some Encodable) throws {
        try self.reportProgress(json: Self.json(progress))
    }

    /// Says how far this run is, as JSON text.
    ///
    /// - Throws: ``ReportRefused`` when it is too large, or no JSON.
    public func reportProgress(json: String) throws {
        try Self.check(json, Self.progressBytesMax, "progress")
        self.reporter.set(progress: json)
    }

    /// How far the run was when it was last reported, by an earlier attempt as a rule; `nil` if it never was.
    ///
    /// - Throws: ``StoreError`` when the tenant's database cannot be read, and what decoding throws.
    public func lastProgress<Progress: Decodable>(as type: Progress.Type = Progress.self) async throws -> Progress? {
        guard let text = try await self.lastProgressJSON() else { return nil }
        return try JSONDecoder().decode(Progress.self, from: Data(text.utf8))
    }

    /// How far the run was when it was last reported, as JSON text.
    ///
    /// - Throws: ``StoreError`` when the tenant's database cannot be read.
    public func lastProgressJSON() async throws -> String? {
        try await self.reporter.lastProgress(of: self.runID)
    }

    private static func json(_ value: some Encodable) throws -> String {
        String(decoding: try JSONEncoder().encode(value), as: UTF8.self)
    }

    private static func check(_ json: String, _ bytesMax: Int, _ what: String) throws {
        guard json.utf8.count <= bytesMax else {
            throw ReportRefused("the \(what) has \(json.utf8.count) bytes; at most \(bytesMax) are stored")
        }
        // What Postgres would refuse must not cost the run its settlement.
        let isJSON = (try? JSONSerialization.jsonObject(with: Data(json.utf8), options: .fragmentsAllowed)) != nil
        guard isJSON, !json.contains("\\u0000") else {
            throw ReportRefused("the \(what) is not JSON that Postgres stores")
        }
    }
}

/// Output or progress that cannot be stored.
public struct ReportRefused: Error, Sendable, CustomStringConvertible {
    /// What is wrong.
    public let description: String

    init(_ description: String) {
        self.description = description
    }
}
