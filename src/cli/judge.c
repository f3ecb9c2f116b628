/* SPDX-License-Identifier: Apache-2.0 */
/* `mitome judge`: a credential record a line in, how it stands a line out. */
#include "cli.h"
#include "json.h"
#include "line_input.h"
#include "trust_options.h"
#include "verify_case.h"

#include <mitome/record.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { EXIT_ALL_GOOD = 0, EXIT_SOME_NOT = 1, EXIT_NOT_RUN = 2 };
enum { LINE_MAX_SIZE = 1 << 20, OUT_SIZE = 2 * MITOME_RECORD_MAX, SPACE_LEAST = 4096 };

static const char usage[] =
        "Usage: mitome judge [--mds BLOB [--mds-root FILE..]] [--trust FILE..] [--jpki-trust FILE..] [--crl FILE..]\n"
        "                    [--at TIME] [--changed] [OPTION..] [FILE]\n"
        "Judges stored credentials again, by newer metadata and revocation lists: one JSON record (docs/record.md)\n"
        "a line from FILE or standard input, one JSON line for each on standard output, a summary on standard\n"
        "error. Exit status: 0 all good, 1 some changed, bad or unreadable, 2 could not run.\n"
        "\n" TRUST_OPTIONS_HELP
        "  --least-level LEVEL  models certified below L1, L1plus, .. L3plus need attention\n"
        "  --known-models       models that the metadata does not know need attention\n"
        "  --at TIME            judge as of this time (RFC 3339), not now\n"
        "  --changed            print only credentials whose standing is not what their record keeps\n"
        "  --records            print the records, with their new standing, to be stored again\n"
        "  --help               this text\n";

struct judge_run {
        struct trust_options options;
        struct mitome_record_rules rules;
        bool changed_only, print_records, has_time, help;
        int64_t now;
        uint64_t line, read, by_kind[4], changed; /* counts */
        uint8_t *space;                           /* what a line decodes to */
        size_t space_size;
        uint8_t out[OUT_SIZE];
};

/* ---- one line ---- */

static const char *const kinds[] = {
        [MITOME_STANDING_GOOD] = "good",
        [MITOME_STANDING_ATTENTION] = "attention",
        [MITOME_STANDING_REVOKED] = "revoked",
};

static void write_text_or_null(struct json_writer *w, const char *name, const char *text)
{
        if (text)
                json_write_string(w, name, text);
        else
                json_write_null(w, name);
}

static void write_reason(struct json_writer *w, const mitome_error *reason, const char *what_to_do)
{
        char message[1024];
        mitome_explain(reason, message, sizeof message);
        write_text_or_null(w, "clause", reason->clause);
        write_text_or_null(w, "field", reason->field);
        json_write_string(w, "message", message);
        if (what_to_do)
                json_write_string(w, "what_to_do", what_to_do);
}

static void write_standing(struct json_writer *w, const struct judge_run *run,
        const struct mitome_record *record, const struct mitome_standing *standing)
{
        json_write_open_object(w, NULL);
        json_write_int(w, "line", (int64_t)run->line);
        json_write_base64url(w, "credential_id_b64url", record->credential_id);
        json_write_text(w, "rp_id", record->rp_id);
        if (record->user_handle.size)
                json_write_base64url(w, "user_handle_b64url", record->user_handle);
        json_write_string(w, "standing", kinds[standing->kind]);
        write_text_or_null(w, "was", kinds[record->standing]);
        json_write_bool(w, "changed", standing->changed);
        json_write_int(w, "code", standing->reason.code);
        if (standing->kind != MITOME_STANDING_GOOD)
                write_reason(w, &standing->reason, standing->what_to_do);
        if (standing->model) {
                json_write_text(w, "model", standing->model->description);
                json_write_string(w, "model_status", mitome_metadata_status_name(standing->model->status));
        }
        json_write_close_object(w);
}

static void print_line(const writer *out)
{
        fwrite(out->data, 1, out->used, stdout);
        fputc('\n', stdout);
}

static void print_unreadable(struct judge_run *run, mitome_status status, const mitome_error *error)
{
        writer out = WRITER(run->out);
        struct json_writer w = json_into(&out);
        json_write_open_object(&w, NULL);
        json_write_int(&w, "line", (int64_t)run->line);
        json_write_null(&w, "standing");
        json_write_int(&w, "code", status.code);
        write_reason(&w, error, NULL);
        json_write_close_object(&w);
        print_line(&out);
}

static mitome_status print_judged(struct judge_run *run, struct mitome_record *record,
        const struct mitome_standing *standing, mitome_error *error)
{
        writer out = WRITER(run->out);
        struct json_writer w = json_into(&out);
        slice written;
        if (run->changed_only && !standing->changed)
                return ok();
        if (!run->print_records) {
                write_standing(&w, run, record, standing);
        } else {
                mitome_record_keep_standing(record, standing, run->now);
                MITOME_TRY(mitome_record_write_json(record, run->out, sizeof run->out, &written, error));
                out.used = written.size;
        }
        MITOME_TRY(writer_finish(&out, "standing", &written, error)); /* a model's name may have any length */
        print_line(&out);
        return ok();
}

static mitome_status judge_line(struct judge_run *run, slice line, mitome_error *error)
{
        struct mitome_record record;
        struct mitome_standing standing;
        if (line.size > LINE_MAX_SIZE)
                return fail(error, MITOME_E_TOO_LONG, "record", NULL);
        MITOME_TRY(mitome_record_read_json(line, run->space, run->space_size, &record, error));
        mitome_record_judge(&record, &run->rules, verify_trust_snapshot(run->options.trust),
                verify_trust_metadata(run->options.trust), run->now, &standing);
        MITOME_TRY(print_judged(run, &record, &standing, error));
        run->by_kind[standing.kind]++;
        run->changed += standing.changed;
        return ok();
}

/* ---- all lines ---- */

static int not_run(const char *what, const char *why)
{
        fprintf(stderr, "mitome judge: %s: %s\n", what, why);
        return EXIT_NOT_RUN;
}

/* What a line decodes to is no longer than the line. */
static bool make_space(struct judge_run *run, size_t size)
{
        if (size <= run->space_size)
                return true;
        size = size < SPACE_LEAST ? SPACE_LEAST : size;
        free(run->space);
        run->space = malloc(size);
        run->space_size = run->space ? size : 0;
        return run->space != NULL;
}

static void print_summary(const struct judge_run *run)
{
        uint64_t unreadable = run->by_kind[MITOME_STANDING_NOT_JUDGED];
        fprintf(stderr,
                "mitome judge: %ju records: %ju good, %ju need attention, %ju revoked, %ju unreadable; "
                "%ju changed\n",
                (uintmax_t)run->read, (uintmax_t)run->by_kind[MITOME_STANDING_GOOD],
                (uintmax_t)run->by_kind[MITOME_STANDING_ATTENTION],
                (uintmax_t)run->by_kind[MITOME_STANDING_REVOKED], (uintmax_t)unreadable,
                (uintmax_t)run->changed);
}

static int judge_lines(struct judge_run *run, struct line_input *lines, const char *name)
{
        slice record;
        for (errno = 0; line_input_next(lines, &record);) {
                mitome_error error = { .at = MITOME_NOWHERE };
                run->line++;
                if (line_is_blank(record))
                        continue;
                if (!make_space(run, record.size))
                        return not_run(name, strerror(ENOMEM));
                run->read++;
                mitome_status status = judge_line(run, record, &error);
                if (failed(status)) {
                        run->by_kind[MITOME_STANDING_NOT_JUDGED]++;
                        print_unreadable(run, status, &error);
                }
        }
        if (lines->broken)
                return not_run(name, strerror(errno));
        if (fflush(stdout) != 0 || ferror(stdout))
                return not_run("standard output", strerror(errno));
        print_summary(run);
        return run->by_kind[MITOME_STANDING_GOOD] == run->read && !run->changed ? EXIT_ALL_GOOD
                                                                                : EXIT_SOME_NOT;
}

static int judge_stream(struct judge_run *run, FILE *input, const char *name)
{
        struct line_input lines = line_input_over(input, LINE_MAX_SIZE);
        int result = judge_lines(run, &lines, name);
        line_input_free(&lines);
        return result;
}

/* ---- what to judge by ---- */

static int take_level(struct judge_run *run, const char *name)
{
        static const char *const levels[] = { NULL, "L1", "L1plus", "L2", "L2plus", "L3", "L3plus" };
        for (unsigned i = 1; i < sizeof levels / sizeof levels[0]; i++)
                if (strcmp(levels[i], name) == 0) {
                        run->rules.least_certification_level = i;
                        return EXIT_ALL_GOOD;
                }
        return not_run(name, "no certification level: L1, L1plus, L2, L2plus, L3 or L3plus");
}

static int take_time(struct judge_run *run, const char *text)
{
        if (!verify_case_time(slice_text(text), &run->now) || run->now <= 0)
                return not_run(text, "no time as 2027-01-15T08:00:00Z is one");
        run->has_time = true;
        return EXIT_ALL_GOOD;
}

enum option_code { LEVEL = TRUST_OPTION_OWN, KNOWN, AT, CHANGED, RECORDS };

static int take_option(struct judge_run *run, int option)
{
        bool handled;
        if (!trust_options_take(&run->options, option, optarg, &handled))
                return EXIT_NOT_RUN;
        if (handled)
                return EXIT_ALL_GOOD;
        switch (option) {
        case LEVEL:
                return take_level(run, optarg);
        case KNOWN:
                run->rules.require_model = true;
                return EXIT_ALL_GOOD;
        case AT:
                return take_time(run, optarg);
        case CHANGED:
                run->changed_only = true;
                return EXIT_ALL_GOOD;
        case RECORDS:
                run->print_records = true;
                return EXIT_ALL_GOOD;
        case 'h':
                run->help = true;
                return EXIT_ALL_GOOD;
        default:
                fputs(usage, stderr);
                return EXIT_NOT_RUN;
        }
}

static int take_options(struct judge_run *run, int argc, char **argv)
{
        static const struct option options[] = {
                TRUST_OPTIONS,
                { "least-level", required_argument, NULL, LEVEL },
                { "known-models", no_argument, NULL, KNOWN },
                { "at", required_argument, NULL, AT },
                { "changed", no_argument, NULL, CHANGED },
                { "records", no_argument, NULL, RECORDS },
                { "help", no_argument, NULL, 'h' },
                { 0 },
        };
        int result = EXIT_ALL_GOOD;
        optind = 0; /* as often as the program likes */
        for (int option; result == EXIT_ALL_GOOD && !run->help &&
                         (option = getopt_long(argc, argv, "-h", options, NULL)) != -1;)
                result = take_option(run, option);
        run->options.kind = 0;
        bool handled;
        for (int i = optind; result == EXIT_ALL_GOOD && !run->help && i < argc; i++) /* behind "--" */
                if (!trust_options_take(&run->options, 1, argv[i], &handled))
                        result = EXIT_NOT_RUN;
        return result;
}

static int run_all(struct judge_run *run, int argc, char **argv)
{
        int result = take_options(run, argc, argv);
        if (run->help)
                fputs(usage, stdout);
        if (run->help || result != EXIT_ALL_GOOD)
                return result;
        if (!run->has_time)
                run->now = (int64_t)time(NULL);
        if (!trust_options_finish(&run->options, run->now))
                return EXIT_NOT_RUN;
        verify_trust_believe_models(run->options.trust);
        const char *name = run->options.input;
        if (!name || strcmp(name, "-") == 0)
                return judge_stream(run, stdin, "standard input");
        FILE *file = fopen(name, "r");
        if (!file)
                return not_run(name, strerror(errno));
        result = judge_stream(run, file, name);
        fclose(file);
        return result;
}

int judge_main(int argc, char **argv)
{
        struct judge_run *run = calloc(1, sizeof *run);
        if (!run || failed(trust_options_open(&run->options, "mitome judge", NULL))) {
                free(run);
                return not_run("trust", strerror(ENOMEM));
        }
        int result = run_all(run, argc, argv);
        trust_options_close(&run->options);
        free(run->space);
        free(run);
        return result;
}
