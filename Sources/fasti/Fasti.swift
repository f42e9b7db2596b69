import FastiCommands

@main
struct Fasti {
    static func main() async { await FastiProgram.main() }
}
