@_exported public import TenureCore
