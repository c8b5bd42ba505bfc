/// The version of this library and program.
public enum TenureVersion {
    /// As `major.minor.patch`.
    public static let current = "0.1.0"
}
