@main
struct Fasti {
    static func main() async {}
}
