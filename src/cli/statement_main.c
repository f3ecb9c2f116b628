/* SPDX-License-Identifier: Apache-2.0 */
/* `mitome statement`: an evaluator signs what he found, a relying party looks whether it is to be believed.
 */
#include "cli.h"
#include "complain.h"
#include "digest.h"
#include "level_file.h"
#include "sign_evaluation.h"
#include "trust_files.h"
#include "verify_case.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { EXIT_BELIEVED = 0, EXIT_REFUSED = 1, EXIT_NOT_RUN = 2, KEY_FILE_MAX = 8192 };
enum { AAGUID_SIZE = 16 };

static const char program[] = "mitome statement";

static const char usage[] =
        "Usage: mitome statement sign --key FILE --certificate FILE --build TEXT --days N --out FILE REPORT\n"
        "       mitome statement verify --evaluator FILE.. [OPTION..] STATEMENT\n"
        "sign: signs a report of mitome evaluate (report.json) as an evaluation statement, which a relying party can\n"
        "demand. verify: says on standard output, as JSON, what a statement says, if it is to be believed. Exit\n"
        "status: 0 signed or believed, 1 refused, 2 could not run.\n"
        "\n"
        "  --key FILE          the evaluator's key (PEM, not encrypted, of mode 0600; P-256 or Ed25519)\n"
        "  --certificate FILE  his certificate, and who certified it (PEM); it is no CA's\n"
        "  --build TEXT        what was evaluated: product and version\n"
        "  --days N            how long it counts, from the time of the report: 1 to 1096\n"
        "  --out FILE          where the statement goes: a new file\n"
        "\n"
        "  --evaluator FILE    a certificate of an evaluator, or of who certifies evaluators (PEM or DER); several\n"
        "  --crl FILE          a revocation list; several\n"
        "  --ocsp FILE         an OCSP response; several\n"
        "  --aaguid HEX        the model that it must be about\n"
        "  --report FILE       the report that it must be about\n"
        "  --policy POLICY     the policy, this version of it, that it must have been held against: a file (with a\n"
        "                      slash, or .json at its end), or the name of one that comes with the program\n"
        "  --accept-simulation take it of an element in software, too: for hardware it never counts\n"
        "  --at TIME           as of this time (RFC 3339), not now\n"
        "  --help              this text\n";

struct statement_run {
        const char *key, *certificate, *build, *out, *aaguid, *report, *policy, *input;
        unsigned days;
        bool accept_simulation, has_time, help, wrong;
        int64_t now;
        struct mitome_trust *evaluators;
        bool has_evaluator;
};

/* ---- files ---- */

/* Of mode 0600, into memory of the caller's, which he wipes: no stream keeps a copy. */
static mitome_status read_key_file(
        const char *path, uint8_t bytes[KEY_FILE_MAX], slice *ret, mitome_error *error)
{
        struct stat facts;
        mitome_status status = ok();
        int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        if (fd < 0 || fstat(fd, &facts) != 0 || !S_ISREG(facts.st_mode))
                status = fail(error, MITOME_E_FILE_READ, path, NULL);
        else if (facts.st_mode & (S_IRWXG | S_IRWXO))
                status = fail(error, MITOME_E_FILE_MODE, path, NULL);
        ssize_t size = failed(status) ? -1 : pread(fd, bytes, KEY_FILE_MAX, 0);
        if (fd >= 0)
                close(fd);
        MITOME_TRY(status);
        if (size < 0 || size != facts.st_size)
                return fail(error, size == KEY_FILE_MAX ? MITOME_E_TOO_LONG : MITOME_E_FILE_READ, path, NULL);
        *ret = slice_of(bytes, (size_t)size);
        return ok();
}

static bool write_all(int fd, slice bytes)
{
        for (size_t done = 0; done < bytes.size;) {
                ssize_t wrote = write(fd, bytes.data + done, bytes.size - done);
                if (wrote < 0 && errno == EINTR)
                        continue;
                if (wrote <= 0)
                        return false;
                done += (size_t)wrote;
        }
        return fsync(fd) == 0;
}

/* What stands there already is not written over, nor is anything behind somebody else's link; of what could
 * not be written whole nothing is left. */
static mitome_status write_file(const char *path, slice bytes, mitome_error *error)
{
        enum { MODE = S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH };
        int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, MODE);
        if (fd < 0 && errno == EEXIST)
                fprintf(stderr, "%s: %s exists already, and is not written over\n", program, path);
        if (fd < 0)
                return fail(error, MITOME_E_FILE_WRITE, path, NULL);
        bool written = write_all(fd, bytes);
        written = close(fd) == 0 && written;
        if (!written)
                unlink(path);
        return written ? ok() : fail(error, MITOME_E_FILE_WRITE, path, NULL);
}

static mitome_status digest_file(const char *path, uint8_t ret[SHA256_SIZE], mitome_error *error)
{
        uint8_t *bytes;
        slice content;
        MITOME_TRY(trust_read_file(path, &bytes, &content, error));
        sha256(&content, 1, ret);
        free(bytes);
        return ok();
}

/* ---- sign ---- */

static mitome_status sign_read(const struct statement_run *run, slice report,
        uint8_t buffer[MITOME_EVALUATION_MAX], slice *ret, mitome_error *error)
{
        struct evaluation_order order = { .report = report, .build = run->build, .valid_days = run->days };
        uint8_t *certificates, key[KEY_FILE_MAX];
        MITOME_TRY(trust_read_file(run->certificate, &certificates, &order.certificates, error));
        mitome_status status = read_key_file(run->key, key, &order.key, error);
        if (!failed(status))
                status = evaluation_sign(&order, buffer, ret, error);
        bytes_wipe(key, sizeof key);
        free(certificates);
        return status;
}

static int sign_report(const struct statement_run *run)
{
        static uint8_t buffer[MITOME_EVALUATION_MAX];
        mitome_error error = { 0 };
        uint8_t *bytes;
        slice report, statement;
        if (failed(trust_read_file(run->input, &bytes, &report, &error)))
                return complain(program, &error);
        mitome_status status = sign_read(run, report, buffer, &statement, &error);
        free(bytes);
        if (!failed(status))
                status = write_file(run->out, statement, &error);
        return failed(status) ? complain(program, &error) : EXIT_BELIEVED;
}

/* ---- verify ---- */

static json_t *text_json(slice text)
{
        return json_stringn((const char *)text.data, text.size);
}

static json_t *hex_json(slice bytes)
{
        char digits[2 * SHA256_SIZE + 1] = "";
        for (size_t i = 0; i < bytes.size && i < SHA256_SIZE; i++)
                snprintf(digits + 2 * i, 3, "%02x", bytes.data[i]);
        return json_string(digits);
}

static json_t *time_json(int64_t seconds)
{
        char text[32] = "";
        struct tm date;
        const time_t time = (time_t)seconds;
        if (!gmtime_r(&time, &date) || !strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &date))
                return json_integer(seconds);
        return json_string(text);
}

static json_t *value_json(const struct level_fact *fact, enum level_type type)
{
        switch (type) {
        case LEVEL_BOOL:
                return json_boolean(fact->yes);
        case LEVEL_COUNT:
                return json_integer((json_int_t)fact->count);
        case LEVEL_WORD:
                return text_json(fact->word);
        case LEVEL_RATE:
                return json_pack("{s:I, s:I}", "errors", (json_int_t)fact->rate.errors, "trials",
                        (json_int_t)fact->rate.trials);
        }
        return NULL;
}

static json_t *facts_json(const struct mitome_evaluation *said)
{
        json_t *list = json_array();
        struct level_facts facts;
        evaluation_facts(said, &facts);
        for (size_t id = 0; id < LEVEL_FACTS; id++) {
                const struct level_fact *fact = &facts.facts[id];
                const struct level_fact_kind *kind = level_fact_kind((enum level_fact_id)id);
                if (fact->obtained != LEVEL_UNKNOWN)
                        json_array_append_new(
                                list, json_pack("{s:s, s:s, s:b, s:o}", "name", kind->name, "obtained",
                                              level_obtained_name(fact->obtained), "partial",
                                              (int)fact->partial, "value", value_json(fact, kind->type)));
        }
        return list;
}

static void print_said(const struct mitome_evaluation *said)
{
        json_t *policies = json_array();
        for (size_t i = 0; i < said->policy_count; i++)
                json_array_append_new(
                        policies, json_pack("{s:o, s:o, s:o}", "id", text_json(said->policies[i].id),
                                          "sha256", hex_json(said->policies[i].sha256), "level",
                                          said->policies[i].level.size ? text_json(said->policies[i].level)
                                                                       : json_null()));
        json_t *whole = json_pack("{s:o, s:o, s:o, s:o, s:o, s:b, s:o, s:o}", "report",
                hex_json(said->report), "aaguid", hex_json(said->aaguid), "build", text_json(said->build),
                "at", time_json(said->at), "expires", time_json(said->expires), "simulated",
                (int)said->simulated, "policies", policies, "facts", facts_json(said));
        json_dumpf(whole, stdout, JSON_INDENT(2));
        putchar('\n');
        json_decref(whole);
}

/* A statement names a policy by the digest of its file. */
static mitome_status digest_policy(const char *name, uint8_t ret[SHA256_SIZE], mitome_error *error)
{
        static struct level_policy policy;
        struct level_file_spot spot;
        uint8_t *bytes;
        slice json;
        MITOME_TRY(level_file_read(name, &policy, &bytes, &json, &spot, error));
        sha256(&json, 1, ret);
        free(bytes);
        return ok();
}

static mitome_status expect(const struct statement_run *run, struct mitome_evaluation_expectation *ret,
        uint8_t aaguid[AAGUID_SIZE], uint8_t report[SHA256_SIZE], uint8_t policy[SHA256_SIZE],
        mitome_error *error)
{
        *ret = (struct mitome_evaluation_expectation){ .accept_simulated = run->accept_simulation };
        if (run->aaguid) {
                if (!evaluation_aaguid(run->aaguid, aaguid))
                        return fail(error, MITOME_E_VALUE, "--aaguid", NULL);
                ret->aaguid = slice_of(aaguid, AAGUID_SIZE);
        }
        if (run->report) {
                MITOME_TRY(digest_file(run->report, report, error));
                ret->report = slice_of(report, SHA256_SIZE);
        }
        if (run->policy) {
                MITOME_TRY(digest_policy(run->policy, policy, error));
                ret->policy_sha256 = slice_of(policy, SHA256_SIZE);
        }
        return ok();
}

static int verify_statement(const struct statement_run *run)
{
        uint8_t aaguid[AAGUID_SIZE], report[SHA256_SIZE], policy[SHA256_SIZE], *bytes;
        struct mitome_evaluation_expectation expected;
        struct mitome_evaluation said;
        mitome_error error = { 0 };
        slice statement;
        if (failed(expect(run, &expected, aaguid, report, policy, &error)) ||
                failed(trust_read_file(run->input, &bytes, &statement, &error)))
                return complain(program, &error);
        mitome_status status = mitome_verify_evaluation(
                NULL, statement, &expected, run->evaluators, run->now, &said, &error);
        if (failed(status))
                (void)complain(program, &error);
        else
                print_said(&said);
        if (status.code == MITOME_E_EVALUATION_OTHER && strcmp(error.field, "payload.simulated") == 0)
                fprintf(stderr, "%s: its element is simulated, in software: --accept-simulation takes that\n",
                        program);
        free(bytes);
        return failed(status) ? EXIT_REFUSED : EXIT_BELIEVED;
}

/* ---- the command line ---- */

enum {
        TEXT_OPTIONS = 256,
        OPTION_DAYS = 300,
        OPTION_EVALUATOR,
        OPTION_CRL,
        OPTION_OCSP,
        OPTION_SIMULATION,
        OPTION_AT,
        OPTION_HELP
};

static const struct option options[] = {
        { "key", required_argument, NULL, TEXT_OPTIONS },
        { "certificate", required_argument, NULL, TEXT_OPTIONS + 1 },
        { "build", required_argument, NULL, TEXT_OPTIONS + 2 },
        { "out", required_argument, NULL, TEXT_OPTIONS + 3 },
        { "aaguid", required_argument, NULL, TEXT_OPTIONS + 4 },
        { "report", required_argument, NULL, TEXT_OPTIONS + 5 },
        { "policy", required_argument, NULL, TEXT_OPTIONS + 6 },
        { "days", required_argument, NULL, OPTION_DAYS },
        { "evaluator", required_argument, NULL, OPTION_EVALUATOR },
        { "crl", required_argument, NULL, OPTION_CRL },
        { "ocsp", required_argument, NULL, OPTION_OCSP },
        { "accept-simulation", no_argument, NULL, OPTION_SIMULATION },
        { "at", required_argument, NULL, OPTION_AT },
        { "help", no_argument, NULL, OPTION_HELP },
        { 0 },
};

static void take_days(struct statement_run *run, const char *argument)
{
        char *end;
        unsigned long days = strtoul(argument, &end, 10);
        run->wrong = run->wrong || *argument < '0' || *argument > '9' || *end || days > UINT16_MAX;
        run->days = (unsigned)days;
}

static mitome_status take_option(
        struct statement_run *run, int code, const char *argument, mitome_error *error)
{
        const char **texts[] = { &run->key, &run->certificate, &run->build, &run->out, &run->aaguid,
                &run->report, &run->policy };
        if (code >= TEXT_OPTIONS && code < TEXT_OPTIONS + (int)(sizeof texts / sizeof *texts)) {
                *texts[code - TEXT_OPTIONS] = argument;
                return ok();
        }
        switch (code) {
        case OPTION_DAYS:
                take_days(run, argument);
                return ok();
        case OPTION_EVALUATOR:
                run->has_evaluator = true;
                return trust_add_file(
                        run->evaluators, argument, "CERTIFICATE", mitome_trust_add_anchor, error);
        case OPTION_CRL:
                return trust_add_file(run->evaluators, argument, "X509 CRL", mitome_trust_add_crl, error);
        case OPTION_OCSP:
                return trust_add_file(
                        run->evaluators, argument, "OCSP RESPONSE", mitome_trust_add_ocsp, error);
        case OPTION_SIMULATION:
                run->accept_simulation = true;
                return ok();
        case OPTION_AT:
                run->has_time = true;
                run->wrong = run->wrong || !verify_case_time(slice_text(argument), &run->now);
                return ok();
        case OPTION_HELP:
                run->help = true;
                return ok();
        default:
                run->wrong = true;
                return ok();
        }
}

static mitome_status take_options(struct statement_run *run, int argc, char **argv, mitome_error *error)
{
        int code;
        optind = 1;
        while ((code = getopt_long(argc, argv, "", options, NULL)) != -1)
                MITOME_TRY(take_option(run, code, optarg, error));
        run->wrong = run->wrong || (!run->help && optind != argc - 1);
        run->input = argv[argc - 1];
        if (!run->has_time)
                run->now = (int64_t)time(NULL);
        return ok();
}

static int run_statement(struct statement_run *run, const char *what)
{
        bool signs = strcmp(what, "sign") == 0, verifies = strcmp(what, "verify") == 0;
        bool enough = signs ? run->key && run->certificate && run->build && run->out && run->days
                            : verifies && run->has_evaluator;
        if (run->help) {
                fputs(usage, stdout);
                return EXIT_BELIEVED;
        }
        if (run->wrong || !enough) {
                fputs(usage, stderr);
                return EXIT_NOT_RUN;
        }
        return signs ? sign_report(run) : verify_statement(run);
}

int statement_main(int argc, char **argv)
{
        struct statement_run run = { 0 };
        mitome_error error = { 0 };
        const char *what = argc > 1 ? argv[1] : "";
        bool named = strcmp(what, "sign") == 0 || strcmp(what, "verify") == 0;
        if (failed(mitome_trust_new(&run.evaluators, &error)))
                return complain(program, &error);
        mitome_status status = take_options(&run, argc - named, argv + named, &error);
        int result = failed(status) ? complain(program, &error) : run_statement(&run, named ? what : "");
        mitome_trust_free(run.evaluators);
        return result;
}
