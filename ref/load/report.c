/* Counts are whole numbers, times microseconds or seconds as their names say. */

#include "load/report.h"

#include "host/version.h"

#define US_NS 1e3
#define SECOND_NS 1e9

static const char *loop_name(enum pace_kind kind)
{
    switch (kind) {
    case PACE_EVEN:
        return "even";
    case PACE_POISSON:
        return "poisson";
    default:
        return "closed";
    }
}

static json_t *causes_build(const struct tally *tally)
{
    json_t *object = json_object();
    for (size_t i = 0; i < tally->count; i++) {
        json_object_set_new(object, tally->causes[i].name,
                            json_integer((json_int_t)tally->causes[i].times));
    }
    return object;
}

static json_t *latencies_build(struct latencies *latencies)
{
    return json_pack("{s:s, s:f, s:f, s:f, s:f, s:f}", "of", "exact list", "min",
                     (double)latencies_quantile(latencies, 0) / US_NS, "median",
                     (double)latencies_quantile(latencies, 0.5) / US_NS, "p90",
                     (double)latencies_quantile(latencies, 0.9) / US_NS, "p99",
                     (double)latencies_quantile(latencies, 0.99) / US_NS, "max",
                     (double)latencies_quantile(latencies, 1) / US_NS);
}

static json_t *plan_build(const struct crowd_plan *plan)
{
    return json_pack("{s:s, s:f, s:I, s:I, s:b}", "loop", loop_name(plan->pace), "rate", plan->rate,
                     "at_once", (json_int_t)plan->at_once, "clients", (json_int_t)plan->clients,
                     "keep", plan->keep);
}

json_t *report_build(struct crowd *crowd, const struct effort *spent)
{
    struct endpoint_counters counters = crowd_counters(crowd);
    uint64_t duration_ns = crowd_duration(crowd);
    uint64_t failed = crowd->failed.total;
    double seconds = (double)duration_ns / SECOND_NS;
    return json_pack(
        "{s:s, s:o, s:I, s:I, s:I, s:I, s:I, s:o, s:I, s:I, s:f, s:f, s:o, s:f, s:I, s:I, s:I, "
        "s:I, "
        "s:f, s:f, s:b}",
        "version", IKEREF_VERSION, "plan", plan_build(&crowd->plan), "offered",
        (json_int_t)crowd_offered(crowd), "begun", (json_int_t)crowd->begun, "done",
        (json_int_t)crowd->done, "done_in_time", (json_int_t)crowd->done_in_time, "failed",
        (json_int_t)failed, "causes", causes_build(&crowd->failed), "unfinished",
        (json_int_t)(crowd->begun - crowd->done - failed), "lost", (json_int_t)crowd->lost,
        "seconds", seconds, "per_second", seconds > 0 ? (double)crowd->done_in_time / seconds : 0.0,
        "latency_us", latencies_build(&crowd->latencies), "begun_late_max_us",
        (double)crowd->late_max_ns / US_NS, "retransmissions", (json_int_t)counters.retransmissions,
        "puzzles_solved", (json_int_t)counters.puzzles_solved, "datagrams_in",
        (json_int_t)counters.datagrams_in, "datagrams_out", (json_int_t)counters.datagrams_out,
        "processor_s", (double)spent->processor_ns / SECOND_NS, "waited_s",
        (double)spent->waited_ns / SECOND_NS, "generator_is_the_limit",
        effort_is_the_limit(spent, duration_ns));
}
