/* SPDX-License-Identifier: Apache-2.0 */
#include "biometric_journal.h"

#include "bytes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINE_SIZE = 512 };

struct biometric_journal {
        int fd;
        struct biometric_plan plan;
        size_t *firsts; /* where the steps of each set begin in `done` */
        bool *done;
};

static const char *const kinds[] = {
        [BIOMETRIC_ENROL] = "enrol",
        [BIOMETRIC_IMPOSTOR] = "impostor",
        [BIOMETRIC_GENUINE] = "genuine",
};

static const char *const outcomes[] = {
        [BIOMETRIC_MATCH] = "match",
        [BIOMETRIC_NO_MATCH] = "no-match",
        [BIOMETRIC_REPLAY] = "replay",
        [BIOMETRIC_NOT_ACQUIRED] = "not-acquired",
        [BIOMETRIC_ENROLLED] = "enrolled",
        [BIOMETRIC_NOT_ENROLLED] = "not-enrolled",
};

/* ---- writing ---- */

static void write_text(writer *w, const char *text)
{
        write_slice(w, slice_text(text));
}

static void write_number(writer *w, const char *name, uint64_t number)
{
        char text[24];
        (void)snprintf(text, sizeof text, " %llu", (unsigned long long)number);
        write_text(w, name);
        write_text(w, text);
}

static void write_head(writer *w, const struct biometric_plan *plan, const char *source)
{
        write_text(w, "mitome biometric journal 1");
        write_number(w, " fingers", plan->fingers);
        write_number(w, " attempts", plan->attempts);
        write_number(w, " set", plan->set_size);
        write_text(w, " source ");
        write_text(w, source);
        write_text(w, "\n");
}

static void write_record(writer *w, const struct biometric_record *record)
{
        write_text(w, kinds[record->kind]);
        write_number(w, "", record->set);
        write_number(w, "", record->step);
        write_number(w, "", record->finger);
        write_text(w, " ");
        write_text(w, outcomes[record->outcome]);
        write_number(w, " enrolled", record->enrolled);
        write_number(w, " laid", record->laid);
        write_number(w, " unusable", record->unusable);
        write_number(w, " same", record->same);
        write_number(w, " known", record->known);
        write_text(w, " scores");
        for (size_t i = 0; i < record->score_count; i++) {
                char text[32];
                (void)snprintf(
                        text, sizeof text, " %u:%u", record->scores[i].finger, record->scores[i].score);
                write_text(w, text);
        }
        write_text(w, "\n");
}

/* A line in one call: what interrupts it leaves a line without its end, which the next run cuts off. */
static mitome_status append(struct biometric_journal *journal, const writer *w, mitome_error *error)
{
        slice line;
        MITOME_TRY(writer_finish(w, "journal", &line, error));
        ssize_t count;
        do
                count = write(journal->fd, line.data, line.size);
        while (count < 0 && errno == EINTR);
        return count == (ssize_t)line.size ? ok() : fail(error, MITOME_E_FILE_WRITE, "journal", NULL);
}

static bool *place_of(const struct biometric_journal *journal, unsigned set, size_t step)
{
        if (set >= biometric_plan_sets(&journal->plan) ||
                step >= journal->firsts[set + 1] - journal->firsts[set])
                return NULL;
        return &journal->done[journal->firsts[set] + step];
}

bool biometric_journal_has(const struct biometric_journal *journal, unsigned set, size_t step)
{
        const bool *place = place_of(journal, set, step);
        return place && *place;
}

mitome_status biometric_journal_add(
        struct biometric_journal *journal, const struct biometric_record *record, mitome_error *error)
{
        uint8_t bytes[LINE_SIZE];
        writer w = WRITER(bytes);
        write_record(&w, record);
        MITOME_TRY(append(journal, &w, error));
        bool *place = place_of(journal, record->set, record->step);
        if (place)
                *place = true;
        return ok();
}

/* ---- reading ---- */

/* The next word of a line; none when the line is at its end. */
static slice next_word(reader *line)
{
        const slice from = line->rest;
        size_t size = 0;
        uint8_t c;
        slice ended;
        while (size < from.size && from.data[size] != ' ')
                size++;
        if (failed(read_bytes(line, "journal", size, &ended)))
                return (slice){ 0 };
        if (line->rest.size && failed(read_u8(line, "journal", &c)))
                return (slice){ 0 };
        return slice_of(from.data, size);
}

static bool number_of(slice word, uint64_t most, uint64_t *ret)
{
        uint64_t number = 0;
        for (size_t i = 0; i < word.size; i++) {
                if (word.data[i] < '0' || word.data[i] > '9' || number > most)
                        return false;
                number = number * 10 + (uint64_t)(word.data[i] - '0');
        }
        *ret = number;
        return word.size > 0 && number <= most;
}

static bool read_count(reader *line, uint64_t most, unsigned *ret)
{
        uint64_t number;
        if (!number_of(next_word(line), most, &number))
                return false;
        *ret = (unsigned)number;
        return true;
}

static bool read_named(reader *line, const char *name, unsigned *ret)
{
        return slice_is(next_word(line), name) && read_count(line, 1000, ret);
}

static bool choose_word(slice word, const char *const *words, size_t count, unsigned *ret)
{
        for (unsigned i = 0; i < count; i++)
                if (slice_is(word, words[i])) {
                        *ret = i;
                        return true;
                }
        return false;
}

static bool read_score(slice word, const struct biometric_plan *plan, struct biometric_score *ret)
{
        size_t colon = 0;
        uint64_t finger, score;
        while (colon < word.size && word.data[colon] != ':')
                colon++;
        reader r = reader_over(word, NULL, NULL);
        slice first, between;
        if (failed(read_bytes(&r, "journal", colon, &first)) ||
                failed(read_bytes(&r, "journal", 1, &between)) ||
                !number_of(first, plan->fingers - 1, &finger) || !number_of(r.rest, 999999, &score))
                return false;
        *ret = (struct biometric_score){ (unsigned)finger, (unsigned)score };
        return true;
}

static bool read_scores(reader *line, const struct biometric_plan *plan, struct biometric_record *record)
{
        if (!slice_is(next_word(line), "scores"))
                return false;
        while (line->rest.size) {
                if (record->score_count == BIOMETRIC_SET_MAX ||
                        !read_score(next_word(line), plan, &record->scores[record->score_count++]))
                        return false;
        }
        return true;
}

static bool read_record(slice text, const struct biometric_plan *plan, struct biometric_record *ret)
{
        struct biometric_record record = { 0 };
        unsigned kind, outcome, step;
        reader line = reader_over(text, NULL, NULL);
        if (!choose_word(next_word(&line), kinds, sizeof kinds / sizeof *kinds, &kind) ||
                !read_count(&line, BIOMETRIC_FINGERS_MAX, &record.set) ||
                !read_count(&line, 1000000, &step) || !read_count(&line, plan->fingers - 1, &record.finger) ||
                !choose_word(next_word(&line), outcomes, sizeof outcomes / sizeof *outcomes, &outcome) ||
                !read_named(&line, "enrolled", &record.enrolled) ||
                !read_named(&line, "laid", &record.laid) ||
                !read_named(&line, "unusable", &record.unusable) ||
                !read_named(&line, "same", &record.same) || !read_named(&line, "known", &record.known) ||
                !read_scores(&line, plan, &record))
                return false;
        record.kind = (enum biometric_kind)kind;
        record.outcome = (enum biometric_outcome)outcome;
        record.step = step;
        *ret = record;
        /* A set is no larger than itself, and nobody is taken for one of none: the rate would be over 1. */
        return record.enrolled <= plan->set_size && (record.enrolled || record.outcome != BIOMETRIC_MATCH);
}

/* A line stands for the step that the plan has there, once. */
static bool take_line(struct biometric_journal *journal, slice text, struct biometric_tally *tally)
{
        struct biometric_record record;
        struct biometric_step step;
        if (!read_record(text, &journal->plan, &record) ||
                !biometric_plan_step(&journal->plan, record.set, record.step, &step) ||
                step.kind != record.kind || step.finger != record.finger)
                return false;
        bool *place = place_of(journal, record.set, record.step);
        if (!place || *place)
                return false;
        *place = true;
        biometric_tally_take(tally, &record);
        return true;
}

/* Reads whole lines; *ret_size is where the last one ends. */
static mitome_status read_lines(struct biometric_journal *journal, FILE *file, slice head,
        struct biometric_tally *tally, long *ret_size, mitome_error *error)
{
        char line[LINE_SIZE];
        bool first = true;
        long size = 0;
        while (fgets(line, sizeof line, file)) {
                const slice text = slice_text(line);
                const bool whole = text.size > 0 && text.data[text.size - 1] == '\n';
                if (!whole && feof(file))
                        break;
                if (!whole)
                        return fail(error, MITOME_E_MEASURE_JOURNAL, "journal", NULL);
                if (first && !slice_equal(text, head))
                        return fail(error, MITOME_E_MEASURE_OTHER, "journal", NULL);
                if (!first && !slice_equal(text, head) &&
                        !take_line(journal, slice_of(text.data, text.size - 1), tally))
                        return fail(error, MITOME_E_MEASURE_JOURNAL, "journal", NULL);
                first = false;
                size += (long)text.size;
        }
        *ret_size = size;
        return ferror(file) ? fail(error, MITOME_E_FILE_READ, "journal", NULL) : ok();
}

static mitome_status read_journal(struct biometric_journal *journal, const char *path, slice head,
        struct biometric_tally *tally, long *ret_size, mitome_error *error)
{
        FILE *file = fopen(path, "re");
        if (!file)
                return fail(error, MITOME_E_FILE_READ, "journal", NULL);
        mitome_status status = read_lines(journal, file, head, tally, ret_size, error);
        (void)fclose(file);
        return status;
}

/* ---- its life ---- */

static mitome_status make_places(struct biometric_journal *journal, mitome_error *error)
{
        const unsigned sets = biometric_plan_sets(&journal->plan);
        struct biometric_step step;
        journal->firsts = calloc(sets + 1, sizeof *journal->firsts);
        journal->done = calloc(biometric_plan_steps(&journal->plan), sizeof *journal->done);
        if (!journal->firsts || !journal->done)
                return fail(error, MITOME_E_NO_MEMORY, "journal", NULL);
        for (unsigned set = 0; set < sets; set++) {
                size_t steps = 0;
                while (biometric_plan_step(&journal->plan, set, steps, &step))
                        steps++;
                journal->firsts[set + 1] = journal->firsts[set] + steps;
        }
        return ok();
}

static mitome_status begin_file(struct biometric_journal *journal, const writer *head, mitome_error *error)
{
        struct stat status;
        if (journal->fd < 0 || fstat(journal->fd, &status) != 0)
                return fail(error, MITOME_E_FILE_WRITE, "journal", NULL);
        return status.st_size == 0 ? append(journal, head, error) : ok();
}

static mitome_status open_file(struct biometric_journal *journal,
        const struct biometric_journal_config *config, struct biometric_tally *tally, mitome_error *error)
{
        uint8_t bytes[LINE_SIZE];
        writer head = WRITER(bytes);
        struct stat status;
        long size = 0;
        write_head(&head, config->plan, config->source);
        const bool is_there = stat(config->path, &status) == 0 && status.st_size > 0;
        if (is_there && !config->resume)
                return fail(error, MITOME_E_MEASURE_EXISTS, "--out", NULL);
        if (is_there)
                MITOME_TRY(read_journal(journal, config->path, writer_view(&head), tally, &size, error));
        journal->fd = open(config->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
        if (is_there && journal->fd >= 0 && ftruncate(journal->fd, size) != 0)
                return fail(error, MITOME_E_FILE_WRITE, "journal", NULL);
        return begin_file(journal, &head, error);
}

mitome_status biometric_journal_open(const struct biometric_journal_config *config,
        struct biometric_tally *tally, struct biometric_journal **ret, mitome_error *error)
{
        struct biometric_journal *journal = calloc(1, sizeof *journal);
        if (!journal)
                return fail(error, MITOME_E_NO_MEMORY, "journal", NULL);
        journal->fd = -1;
        journal->plan = *config->plan;
        mitome_status status = make_places(journal, error);
        if (!failed(status))
                status = open_file(journal, config, tally, error);
        if (failed(status))
                biometric_journal_close(journal);
        else
                *ret = journal;
        return status;
}

void biometric_journal_close(struct biometric_journal *journal)
{
        if (!journal)
                return;
        if (journal->fd >= 0)
                close(journal->fd);
        free(journal->firsts);
        free(journal->done);
        free(journal);
}
