/// A parameter of a statement that a handler runs in its tenant's database.
///
/// The type takes part in the server's choice of operators and functions: an integer is `bigint`, a string `text`.
/// Where the statement needs another type, cast there: `$1::date`, `$2::int`.
public enum SQLValue: Sendable, Hashable {
    /// NULL, of the type that its place needs.
    case null
    /// A `boolean`.
    case bool(Bool)
    /// A `bigint`.
    case int(Int64)
    /// A `double precision`.
    case double(Double)
    /// A `text`, without U+0000.
    case text(String)
    /// A `jsonb`, from JSON text.
    case json(String)
    /// A `bytea`.
    case bytes([UInt8])
    /// A `timestamptz`.
    case time(ServerTime)

    /// A `bigint`.
    public static func int(_ value: Int) -> SQLValue { .int(Int64(value)) }

    /// A `bigint`, from the ID of a run.
    public static func id(_ value: WorkID) -> SQLValue { .int(value.value) }
}

extension SQLValue: ExpressibleByIntegerLiteral, ExpressibleByStringLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByFloatLiteral, ExpressibleByNilLiteral
{
    /// A `bigint`.
    public init(integerLiteral value: Int64) { self = .int(value) }

    /// A `text`.
    public init(stringLiteral value: String) { self = .text(value) }

    /// A `boolean`.
    public init(booleanLiteral value: Bool) { self = .bool(value) }

    /// A `double precision`.
    public init(floatLiteral value: Double) { self = .double(value) }

    /// NULL.
    public init(nilLiteral: ()) { self = .null }
}
