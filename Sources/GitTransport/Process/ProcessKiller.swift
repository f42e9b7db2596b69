import Glibc
import Synchronization

/// Ends a process with all that it has started, once at most, and never another one that has got its number.
final class ProcessKiller: Sendable {
    private let process: pid_t
    private let isOver = Mutex(false)

    init(_ process: pid_t) { self.process = process }

    func kill() {
        isOver.withLock { isOver in
            if !isOver { Glibc.kill(-process, SIGKILL) }
        }
    }

    /// Blocks until the process has ended. Its number is free only after that.
    func wait() -> Int32 {
        var information = siginfo_t()
        while waitid(P_PID, id_t(process), &information, WEXITED | WNOWAIT) != 0, errno == EINTR {}
        return isOver.withLock { isOver in
            var status: Int32 = 0
            while waitpid(process, &status, 0) < 0, errno == EINTR {}
            isOver = true
            return status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + status & 0x7F
        }
    }
}
