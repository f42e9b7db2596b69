extension CommandContext {
    /// The value of `FASTI_NAME`, or else of `PLAKAR_NAME`; an empty one counts as absent.
    func environmentValue(_ name: String) -> (variable: String, value: String)? {
        for variable in ["FASTI_\(name)", "PLAKAR_\(name)"] {
            if let value = environment[variable], !value.isEmpty { return (variable, value) }
        }
        return nil
    }

    /// A setting that is on or off.
    ///
    /// - Throws: a usage error for a word that means neither: guessing would be dangerous.
    func environmentFlag(_ name: String) throws -> Bool {
        guard let (variable, value) = environmentValue(name) else { return false }
        switch value.lowercased() {
        case "1", "t", "true", "yes", "on": return true
        case "0", "f", "false", "no", "off": return false
        default:
            throw CommandError.usage("\(variable) is \"\(value)\".", advice: "Set it to true or false.")
        }
    }
}
