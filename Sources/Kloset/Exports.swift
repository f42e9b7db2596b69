// The messages that the interface of this module hands out (headers, entries, summaries, parameters) are declared in
// KlosetFormat, so whoever uses Kloset needs them too.
@_exported public import KlosetFormat
