/* SPDX-License-Identifier: Apache-2.0 */
/* `mitome judge`: a credential record a line in, how it stands a line out. */
#include "cli.h"
#include "json.h"
#include "trust_files.h"
#include "verify_case.h"

#include <mitome/record.h>

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { EXIT_ALL_GOOD = 0, EXIT_SOME_NOT = 1, EXIT_NOT_RUN = 2 };
enum { LINE_MAX_SIZE = 1 << 20, OUT_SIZE = 2 * MITOME_RECORD_MAX, STREAM_SIZE = 1 << 18 };

static const char usage[] =
        "Usage: mitome judge [--mds BLOB [--mds-root FILE..]] [--trust FILE..] [--jpki-trust FILE..] [--crl FILE..]\n"
        "                    [--at TIME] [--changed] [OPTION..] [FILE]\n"
        "Judges stored credentials again, by newer metadata and revocation lists: one JSON record (docs/record.md)\n"
        "a line from FILE or standard input, one JSON line for each on standard output, a summary on standard\n"
        "error. Exit status: 0 all good, 1 some changed, bad or unreadable, 2 could not run.\n"
        "\n"
        "  --mds BLOB           metadata of authenticator models (FIDO MDS3)\n"
        "  --mds-root FILE..    CA certificates that the BLOB's signer must lead to; without: those of --trust\n"
        "  --allow-stale        take a BLOB whose next one is overdue\n"
        "  --trust FILE..       CA certificates of makers of authenticators, whose lists are believed\n"
        "  --jpki-trust FILE..  CA certificates of JPKI: bound certificates are looked up in their lists\n"
        "  --crl FILE..         revocation lists (all files: PEM or DER)\n"
        "  --ocsp FILE..        OCSP responses (DER)\n"
        "  --least-level LEVEL  models certified below L1, L1plus, .. L3plus need attention\n"
        "  --known-models       models that the metadata does not know need attention\n"
        "  --at TIME            judge as of this time (RFC 3339), not now\n"
        "  --changed            print only credentials whose standing is not what their record keeps\n"
        "  --records            print the records, with their new standing, to be stored again\n"
        "  --help               this text\n";

enum file_kind { FILE_NONE, FILE_ROOT, FILE_TRUST, FILE_JPKI, FILE_CRL, FILE_OCSP };

struct judge_run {
        struct mitome_trust *trust, *signers;
        struct mitome_metadata *metadata;
        struct mitome_record_rules rules;
        const char *input, *blob; /* NULL: standard input; none */
        bool allow_stale, changed_only, print_records, has_time, has_root, help;
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

static mitome_status print_judged(
        struct judge_run *run, struct mitome_record *record, const struct mitome_standing *standing)
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
                MITOME_TRY(mitome_record_write_json(record, run->out, sizeof run->out, &written, NULL));
                out.used = written.size;
        }
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
        mitome_record_judge(&record, &run->rules, run->trust, run->metadata, run->now, &standing);
        run->by_kind[standing.kind]++;
        run->changed += standing.changed;
        return print_judged(run, &record, &standing);
}

/* ---- all lines ---- */

static bool is_blank(slice line)
{
        for (size_t i = 0; i < line.size; i++)
                if (line.data[i] != ' ' && line.data[i] != '\t' && line.data[i] != '\r' &&
                        line.data[i] != '\n')
                        return false;
        return true;
}

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

static int judge_lines(struct judge_run *run, FILE *input, const char *name, char **line, size_t *capacity)
{
        ssize_t size;
        for (errno = 0; (size = getline(line, capacity, input)) >= 0;) {
                slice record = slice_of(*line, (size_t)size);
                mitome_error error = { .at = MITOME_NOWHERE };
                run->line++;
                if (is_blank(record))
                        continue;
                if (!make_space(run, *capacity < LINE_MAX_SIZE ? *capacity : LINE_MAX_SIZE))
                        return not_run(name, strerror(ENOMEM));
                run->read++;
                mitome_status status = judge_line(run, record, &error);
                if (failed(status)) {
                        run->by_kind[MITOME_STANDING_NOT_JUDGED]++;
                        print_unreadable(run, status, &error);
                }
        }
        if (ferror(input))
                return not_run(name, strerror(errno));
        if (fflush(stdout) != 0 || ferror(stdout))
                return not_run("standard output", strerror(errno));
        print_summary(run);
        return run->by_kind[MITOME_STANDING_GOOD] == run->read && !run->changed ? EXIT_ALL_GOOD
                                                                                : EXIT_SOME_NOT;
}

static int judge_stream(struct judge_run *run, FILE *input, const char *name)
{
        char *line = NULL;
        size_t capacity = 0;
        int result = judge_lines(run, input, name, &line, &capacity);
        free(line);
        return result;
}

/* ---- what to judge by ---- */

static int complain_about(const char *path, const mitome_error *error)
{
        char message[512];
        mitome_explain(error, message, sizeof message);
        return not_run(path, error->code == MITOME_E_FILE_READ && errno ? strerror(errno) : message);
}

static int add_file(struct judge_run *run, enum file_kind kind, const char *path)
{
        static const struct {
                const char *label;
                trust_add *add;
        } how[] = {
                [FILE_ROOT] = { "CERTIFICATE", mitome_trust_add_anchor },
                [FILE_TRUST] = { "CERTIFICATE", mitome_trust_add_anchor },
                [FILE_JPKI] = { "CERTIFICATE", mitome_trust_add_jpki_anchor },
                [FILE_CRL] = { "X509 CRL", mitome_trust_add_crl },
                [FILE_OCSP] = { "OCSP RESPONSE", mitome_trust_add_ocsp },
        };
        mitome_error error = { 0 };
        struct mitome_trust *trust = kind == FILE_ROOT ? run->signers : run->trust;
        errno = 0;
        run->has_root = run->has_root || kind == FILE_ROOT;
        mitome_status status = trust_add_file(trust, path, how[kind].label, how[kind].add, &error);
        return failed(status) ? complain_about(path, &error) : EXIT_ALL_GOOD;
}

static int read_blob(struct judge_run *run)
{
        mitome_error error = { 0 };
        errno = 0;
        mitome_status status = trust_read_metadata(run->blob, run->has_root ? run->signers : run->trust,
                run->now, run->allow_stale, &run->metadata, &error);
        if (failed(status))
                return complain_about(run->blob, &error);
        trust_believe_roots(run->trust, run->metadata);
        return EXIT_ALL_GOOD;
}

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

/* Behind --trust and its like stand as many files as one likes; what is no certificate or list is the file of
 * records. */
static int take_name(struct judge_run *run, enum file_kind kind, const char *name)
{
        if (kind != FILE_NONE && trust_is_trust_file(name))
                return add_file(run, kind, name);
        if (run->input)
                return not_run(name, "there is a file of records already");
        run->input = name;
        return EXIT_ALL_GOOD;
}

enum option_code { IN_ORDER = 1, MDS = 256, STALE, LEVEL, KNOWN, AT, CHANGED, RECORDS, FILES };

static int take_option(struct judge_run *run, int option, enum file_kind *kind)
{
        if (option != IN_ORDER)
                *kind = option > FILES ? (enum file_kind)(option - FILES) : FILE_NONE;
        switch (option) {
        case IN_ORDER:
                return take_name(run, *kind, optarg);
        case MDS:
                run->blob = optarg;
                return EXIT_ALL_GOOD;
        case STALE:
                run->allow_stale = true;
                return EXIT_ALL_GOOD;
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
                if (option > FILES)
                        return add_file(run, *kind, optarg);
                fputs(usage, stderr);
                return EXIT_NOT_RUN;
        }
}

static int take_options(struct judge_run *run, int argc, char **argv)
{
        static const struct option options[] = {
                { "mds", required_argument, NULL, MDS },
                { "mds-root", required_argument, NULL, FILES + FILE_ROOT },
                { "allow-stale", no_argument, NULL, STALE },
                { "trust", required_argument, NULL, FILES + FILE_TRUST },
                { "jpki-trust", required_argument, NULL, FILES + FILE_JPKI },
                { "crl", required_argument, NULL, FILES + FILE_CRL },
                { "ocsp", required_argument, NULL, FILES + FILE_OCSP },
                { "least-level", required_argument, NULL, LEVEL },
                { "known-models", no_argument, NULL, KNOWN },
                { "at", required_argument, NULL, AT },
                { "changed", no_argument, NULL, CHANGED },
                { "records", no_argument, NULL, RECORDS },
                { "help", no_argument, NULL, 'h' },
                { 0 },
        };
        enum file_kind kind = FILE_NONE;
        int result = EXIT_ALL_GOOD;
        optind = 0; /* as often as the program likes */
        for (int option; result == EXIT_ALL_GOOD && !run->help &&
                         (option = getopt_long(argc, argv, "-h", options, NULL)) != -1;)
                result = take_option(run, option, &kind);
        for (int i = optind; result == EXIT_ALL_GOOD && !run->help && i < argc; i++) /* behind "--" */
                result = take_name(run, FILE_NONE, argv[i]);
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
        if (run->blob)
                result = read_blob(run);
        if (result != EXIT_ALL_GOOD)
                return result;
        if (!run->input || strcmp(run->input, "-") == 0)
                return judge_stream(run, stdin, "standard input");
        FILE *file = fopen(run->input, "r");
        if (!file)
                return not_run(run->input, strerror(errno));
        setvbuf(file, NULL, _IOFBF, STREAM_SIZE);
        result = judge_stream(run, file, run->input);
        fclose(file);
        return result;
}

int judge_main(int argc, char **argv)
{
        struct judge_run *run = calloc(1, sizeof *run);
        int result = EXIT_NOT_RUN;
        if (!run || failed(mitome_trust_new(&run->trust, NULL)) ||
                failed(mitome_trust_new(&run->signers, NULL)))
                result = not_run("trust", strerror(ENOMEM));
        else
                result = run_all(run, argc, argv);
        if (run) {
                mitome_metadata_free(run->metadata);
                mitome_trust_free(run->trust);
                mitome_trust_free(run->signers);
                free(run->space);
        }
        free(run);
        return result;
}
