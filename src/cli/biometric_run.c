/* SPDX-License-Identifier: Apache-2.0 */
#include "biometric_run.h"

#include "biometric_gate.h"
#include "biometric_journal.h"
#include "steady_clock.h"

#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
        PATH_SIZE = 512,
        RENEW_AFTER = 60, /* steps: a sensor that works without a pause overheats, by libfprint's reckoning */
        PROGRESS_MS = 10000,
};

struct run {
        const struct biometric_run_config *config;
        struct biometric_journal *journal; /* NULL: nothing is kept */
        struct biometric_tally *tally;
        uint64_t begun_ms, said_ms;
        uint64_t begun_with; /* steps that were done before */
        uint64_t planned;    /* steps that are to be done now */
        bool interrupted;
};

/* ---- what is said meanwhile ---- */

static void say_progress(struct run *run, unsigned set)
{
        const struct biometric_tally *tally = run->tally;
        const uint64_t now = steady_clock_ms(), done = tally->steps - run->begun_with;
        if (now - run->said_ms < PROGRESS_MS || !done)
                return;
        run->said_ms = now;
        uint64_t left = (now - run->begun_ms) * (run->planned - done) / done / 1000;
        fprintf(stderr,
                "mitome biometric: set %u of %u, %llu of %llu steps, %llu comparisons of strangers, %llu false "
                "matches; about %llu min %02llu s left\n",
                set + 1, biometric_plan_sets(&tally->plan), (unsigned long long)done,
                (unsigned long long)run->planned, (unsigned long long)tally->impostor.trials,
                (unsigned long long)tally->impostor.errors, (unsigned long long)left / 60,
                (unsigned long long)left % 60);
}

/* The signals are blocked while it runs, and looked for between two steps. */
static bool is_interrupted(struct run *run)
{
        sigset_t pending;
        if (sigpending(&pending) == 0 && (sigismember(&pending, SIGINT) || sigismember(&pending, SIGTERM)))
                run->interrupted = true;
        return run->interrupted;
}

/* ---- folders ---- */

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
        (void)status;
        (void)kind;
        (void)walk;
        return remove(path);
}

static void remove_folder(const char *folder)
{
        enum { DEPTH = 8 };
        (void)nftw(folder, remove_entry, DEPTH, FTW_DEPTH | FTW_PHYS);
}

/* The name of a socket must be short: its folder does not lie in the one that the user named. */
static mitome_status make_folder(char path[PATH_SIZE], mitome_error *error)
{
        (void)snprintf(path, PATH_SIZE, "/tmp/mitome-measure-XXXXXX");
        return mkdtemp(path) ? ok() : fail(error, MITOME_E_FILE_WRITE, "/tmp", NULL);
}

/* ---- sets ---- */

static bool is_done(const struct run *run, unsigned set, size_t index)
{
        return run->journal && biometric_journal_has(run->journal, set, index);
}

/* The steps of a set that are for this process to do. */
static uint64_t count_work(const struct run *run, unsigned set)
{
        struct biometric_step step;
        uint64_t count = 0;
        if (set % run->config->parts != run->config->part)
                return 0;
        for (size_t i = 0; biometric_plan_step(&run->config->plan, set, i, &step); i++)
                count += !is_done(run, set, i);
        return count;
}

static uint64_t count_all_work(const struct run *run)
{
        uint64_t count = 0;
        for (unsigned set = 0; set < biometric_plan_sets(&run->config->plan); set++)
                count += count_work(run, set);
        return count;
}

static mitome_status keep(struct run *run, const struct biometric_record *record, mitome_error *error)
{
        biometric_tally_take(run->tally, record);
        return run->journal ? biometric_journal_add(run->journal, record, error) : ok();
}

/* An enrolment is done again when a measurement goes on in the middle of a set, and then counts no second
 * time. */
static mitome_status do_step(struct run *run, struct biometric_gate *gate, unsigned set, size_t index,
        const struct biometric_step *step, mitome_error *error)
{
        struct biometric_record record = { 0 };
        const bool done = is_done(run, set, index);
        if (done && step->kind != BIOMETRIC_ENROL)
                return ok();
        if (index % RENEW_AFTER == RENEW_AFTER - 1)
                MITOME_TRY(biometric_gate_renew(gate, error));
        MITOME_TRY(biometric_gate_step(gate, set, index, step, &record, error));
        return done ? ok() : keep(run, &record, error);
}

static mitome_status do_steps(struct run *run, struct biometric_gate *gate, unsigned set, mitome_error *error)
{
        struct biometric_step step;
        for (size_t i = 0; biometric_plan_step(&run->config->plan, set, i, &step); i++) {
                if (is_interrupted(run))
                        break;
                MITOME_TRY(do_step(run, gate, set, i, &step, error));
                say_progress(run, set);
        }
        return ok();
}

static mitome_status do_set_in(struct run *run, const char *folder, unsigned set, mitome_error *error)
{
        const struct biometric_gate_config config = {
                .program = run->config->program,
                .folder = folder,
                .source = run->config->source,
                .scores = true,
        };
        struct biometric_gate *gate = NULL;
        MITOME_TRY(biometric_gate_open(&config, &gate, error));
        mitome_status status = do_steps(run, gate, set, error);
        biometric_gate_close(gate);
        return status;
}

static mitome_status do_set(struct run *run, unsigned set, mitome_error *error)
{
        char folder[PATH_SIZE];
        MITOME_TRY(make_folder(folder, error));
        mitome_status status = do_set_in(run, folder, set, error);
        remove_folder(folder);
        return status;
}

static mitome_status do_sets(struct run *run, mitome_error *error)
{
        for (unsigned set = 0; set < biometric_plan_sets(&run->config->plan); set++) {
                if (is_interrupted(run))
                        break;
                if (count_work(run, set))
                        MITOME_TRY(do_set(run, set, error));
        }
        return ok();
}

/* ---- the whole ---- */

static mitome_status open_journal(struct run *run, mitome_error *error)
{
        char path[PATH_SIZE];
        const struct biometric_run_config *config = run->config;
        if (!config->out)
                return ok();
        int length = snprintf(path, sizeof path, "%s/journal", config->out);
        if (length < 0 || length >= PATH_SIZE)
                return fail(error, MITOME_E_TOO_LONG, "--out", NULL);
        const struct biometric_journal_config journal = {
                .path = path,
                .plan = &config->plan,
                .source = biometric_source_name(config->source),
                .resume = config->resume,
        };
        return biometric_journal_open(&journal, run->tally, &run->journal, error);
}

static mitome_status measure(struct run *run, mitome_error *error)
{
        MITOME_TRY(open_journal(run, error));
        run->begun_ms = run->said_ms = steady_clock_ms();
        run->begun_with = run->tally->steps;
        run->planned = count_all_work(run);
        mitome_status status = do_sets(run, error);
        biometric_journal_close(run->journal);
        return status;
}

mitome_status biometric_run(const struct biometric_run_config *config, struct biometric_tally **ret,
        bool *ret_finished, mitome_error *error)
{
        struct run run = { .config = config };
        sigset_t ends, before;
        sigemptyset(&ends);
        sigaddset(&ends, SIGINT);
        sigaddset(&ends, SIGTERM);
        MITOME_TRY(biometric_tally_new(&config->plan, config->threshold, &run.tally, error));
        sigprocmask(SIG_BLOCK, &ends, &before);
        mitome_status status = measure(&run, error);
        while (run.interrupted && sigtimedwait(&ends, NULL, &(struct timespec){ 0 }) > 0)
                continue; /* they have been obeyed */
        sigprocmask(SIG_SETMASK, &before, NULL);
        if (failed(status)) {
                biometric_tally_free(run.tally);
                return status;
        }
        *ret = run.tally;
        *ret_finished = !run.interrupted;
        return ok();
}
