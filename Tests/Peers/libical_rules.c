/* Expands recurrence rules with libical: "START COUNT RULE" per line in, the times separated by blanks per line out, with
   an asterisk in front when the time for a rule was up. */
#include <libical/ical.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>

static sigjmp_buf give_up;

static void on_alarm(int number) {
    (void)number;
    siglongjmp(give_up, 1);
}

static void limit(long microseconds) {
    struct itimerval timer = {{0, 0}, {0, microseconds}};
    setitimer(ITIMER_VIRTUAL, &timer, NULL);
}

static char line[4096], found[64 * 1024];

int main(void) {
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGVTALRM, on_alarm);
    icalerror_set_errors_are_fatal(0);
    while (fgets(line, sizeof line, stdin)) {
        char start[32], rule[4000];
        int count = 0;
        line[strcspn(line, "\n")] = 0;
        if (sscanf(line, "%31s %d %3999s", start, &count, rule) != 3) return 1;
        volatile int is_cut = 0;
        found[0] = 0;
        char *volatile end = found;
        if (sigsetjmp(give_up, 1) == 0) {
            limit(1500);
            struct icalrecurrencetype parsed = icalrecurrencetype_from_string(rule);
            icalrecur_iterator *iterator = icalrecur_iterator_new(parsed, icaltime_from_string(start));
            if (iterator == NULL) {
                end += sprintf(end, "invalid");
            } else {
                for (int i = 0; i < count; i++) {
                    struct icaltimetype time = icalrecur_iterator_next(iterator);
                    if (icaltime_is_null_time(time)) break;
                    char *next = end;
                    next += sprintf(
                        next, "%s%04d%02d%02dT%02d%02d%02d", i ? " " : "", time.year, time.month, time.day, time.hour,
                        time.minute, time.second);
                    end = next;
                }
                icalrecur_iterator_free(iterator);
            }
        } else {
            is_cut = 1;
        }
        limit(0);
        printf("%s%s\n", is_cut ? "*" : "", found);
    }
    return 0;
}
