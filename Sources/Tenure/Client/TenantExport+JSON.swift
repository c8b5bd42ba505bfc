public import Foundation

extension TenantExport {
    /// Reads a file's content.
    ///
    /// - Throws: ``RequestRefused`` that says what is wrong, and where.
    public init(data: Data) throws(RequestRefused) {
        try Self.checkSyntax(data)
        let decoder = JSONDecoder()
        do {
            // First of all: of another version nothing else can be judged.
            let header = try decoder.decode(ExportHeader.self, from: data)
            guard header.format == Self.format else {
                throw Self.refusal("format: '\(header.format)' is not '\(Self.format)'")
            }
            guard header.version == Self.formatVersion else {
                throw Self.refusal(
                    "version: \(header.version) cannot be read, only \(Self.formatVersion)",
                    hint: "Export again with this version of Tenure, or import with the one that wrote the file."
                )
            }
            self = try decoder.decode(ExportFile.self, from: data).export
        } catch let error as RequestRefused {
            throw error
        } catch let error as DecodingError {
            throw Self.refusal(Self.text(error))
        } catch {
            throw Self.refusal("\(error)")
        }
    }

    /// The content of a file: JSON for people, the same for the same export.
    ///
    /// - Throws: ``RequestRefused`` if it cannot be written.
    public func data() throws(RequestRefused) -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        do {
            return try encoder.encode(ExportFile(self))
        } catch {
            throw Self.refusal("\(error)")
        }
    }

    private static func refusal(_ message: String, hint: String? = nil) -> RequestRefused {
        RequestRefused(message: "this is no export that can be read: \(message)", hint: hint, isNotFound: false)
    }

    private static func text(_ error: DecodingError) -> String {
        let (context, key, what): (DecodingError.Context, (any CodingKey)?, String) =
            switch error {
            case .keyNotFound(let key, let context): (context, key, "it is missing")
            case .valueNotFound(_, let context): (context, nil, "it is null")
            case .typeMismatch(let type, let context): (context, nil, "it is no \(Self.name(of: type))")
            case .dataCorrupted(let context): (context, nil, context.debugDescription)
            @unknown default: (DecodingError.Context(codingPath: [], debugDescription: ""), nil, "\(error)")
            }
        var place = ""
        for key in context.codingPath + (key.map { [$0] } ?? []) {
            if let index = key.intValue {
                place += "[\(index)]"
            } else {
                place += (place.isEmpty ? "" : ".") + key.stringValue
            }
        }
        return place.isEmpty ? what : "\(place): \(what)"
    }

    /// The decoder says that a text is no JSON; this says where it stops being so.
    private static func checkSyntax(_ data: Data) throws(RequestRefused) {
        do {
            _ = try JSONSerialization.jsonObject(with: data)
        } catch {
            let detail = (error as NSError).userInfo[NSDebugDescriptionErrorKey] as? String
            throw Self.refusal("it is no JSON: \(detail ?? error.localizedDescription)")
        }
    }

    private static func name(of type: Any.Type) -> String {
        switch type {
        case is String.Type: "text"
        case is Bool.Type: "true or false"
        case is any BinaryInteger.Type: "whole number"
        case is [Any].Type: "list"
        default: "object"
        }
    }
}
