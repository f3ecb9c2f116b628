/* SPDX-License-Identifier: Apache-2.0 */
/* `mitome verify`: a case a line in, a verdict a line out. */
#include "cli.h"
#include "cose.h"
#include "trust_files.h"
#include "verify_case.h"

#include <mitome/rp.h>

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { EXIT_ALL_OK = 0, EXIT_SOME_NOT = 1, EXIT_NOT_RUN = 2 };
enum { LINE_MAX_SIZE = 4 << 20, FILE_MAX_SIZE = 16 << 20, VERDICT_SIZE = 1 << 16, UNKNOWN_MAX = 256 };

static const char usage[] =
        "Usage: mitome verify [--trust FILE..] [FILE]\n"
        "Verifies WebAuthn registrations and logins: one JSON case a line from FILE or standard input, one JSON\n"
        "verdict a line on standard output. Exit status: 0 all accepted, 1 some refused, 2 could not run.\n"
        "\n"
        "  --trust FILE..  certificates (PEM or DER) that attestation paths may end in\n"
        "  --help          this text\n";

struct verify_run {
        struct mitome_context *context;
        struct mitome_trust *trust; /* of --trust */
        const char *input;          /* NULL: standard input */
        uint8_t buffer[MITOME_RP_BUFFER_MAX];
        uint8_t out[VERDICT_SIZE];
        bool refused;
};

/* ---- one case ---- */

static struct mitome_policy policy_of(const struct verify_case *c)
{
        const struct verify_policy *p = &c->policy;
        return (struct mitome_policy){
                .require_user_verification = p->user_verification_required,
                .allow_cross_origin = p->allow_cross_origin,
                /* "With root_pem the path must end there" */
                .require_trust = p->trust_required || c->has_root,
                .algorithms = p->has_algorithms ? p->algorithms.items : NULL,
                .algorithm_count = p->algorithms.count,
                .top_origins = p->top_origins.items,
                .top_origin_count = p->top_origins.count,
                .allow_short_challenge = true,
        };
}

/* A list of allowed origins stands in the place of the case's one origin; an empty list of credentials, as in
 * WebAuthn, names none and so allows any. */
static struct mitome_expectation expectation_of(const struct verify_case *c)
{
        const struct verify_policy *p = &c->policy;
        bool named = p->has_credentials && p->credentials.count;
        return (struct mitome_expectation){
                .rp_id = c->rp_id,
                .origins = p->has_origins ? p->origins.items : &c->origin,
                .origin_count = p->has_origins ? p->origins.count : 1,
                .challenge = c->challenge,
                .conditional_mediation = p->conditional,
                .allowed_credentials = named ? p->credentials.items : NULL,
                .allowed_credential_count = p->credentials.count,
        };
}

/* A case carries the credential's key and not its record: the record is taken to be of the credential that
 * the response names. */
static mitome_status response_id(slice response, writer *arena, slice *ret, mitome_error *error)
{
        const struct json_field fields[] = {
                { "rawId", "rawId", json_field_base64url, .required = true, .max = 1023, .bytes = ret },
        };
        const struct json_object object = { .field = "response", .fields = fields, .count = 1 };
        struct json_reader r = json_over(response, "WebAuthn L3 5.1", error);
        return json_object_read(&r, arena, &object);
}

static mitome_status verify_login(struct verify_run *run, const struct verify_case *c, int64_t now,
        writer *arena, struct mitome_verdict *verdict, mitome_error *error)
{
        const struct mitome_policy policy = policy_of(c);
        const struct mitome_expectation expected = expectation_of(c);
        struct mitome_credential record = {
                .public_key = c->public_key,
                .sign_count = (uint32_t)c->policy.stored_sign_count,
                .backup_eligible = c->policy.stored_be,
                .backup_eligible_unknown = !c->policy.has_stored_be,
                .user_handle = c->policy.user_handle,
        };
        if (c->public_key.size == 0)
                return fail(error, MITOME_E_MISSING, "credential_public_key_b64url", NULL);
        MITOME_TRY(response_id(c->response, arena, &record.id, error));
        return mitome_verify_authentication(run->context, &policy, &expected, c->response, &record,
                run->trust, now, run->buffer, sizeof run->buffer, verdict, error);
}

static mitome_status verify_new_credential(struct verify_run *run, const struct verify_case *c, int64_t now,
        struct mitome_verdict *verdict, mitome_error *error)
{
        const struct mitome_policy policy = policy_of(c);
        const struct mitome_expectation expected = expectation_of(c);
        struct mitome_trust *root = NULL;
        if (c->has_root)
                MITOME_TRY(mitome_trust_new(&root, error));
        mitome_status status =
                c->has_root ? trust_add_certificates(root, c->root_pem, "root_pem", error) : ok();
        if (!failed(status))
                status = mitome_verify_registration(run->context, &policy, &expected, c->response,
                        root ? root : run->trust, now, run->buffer, sizeof run->buffer, verdict, error);
        mitome_trust_free(root);
        return status;
}

static mitome_status verify_line(struct verify_run *run, slice line, writer *arena, struct verify_case *c,
        struct mitome_verdict *verdict, mitome_error *error)
{
        MITOME_TRY(verify_case_read(line, arena, c, error));
        int64_t now = c->has_time ? c->at_time : (int64_t)time(NULL);
        if (slice_is(c->kind, "registration"))
                return verify_new_credential(run, c, now, verdict, error);
        if (slice_is(c->kind, "authentication"))
                return verify_login(run, c, now, arena, verdict, error);
        return fail(error, MITOME_E_VALUE, "kind", NULL);
}

/* ---- the verdict ---- */

static void write_string_or_null(struct json_writer *w, const char *name, const char *text)
{
        if (text)
                json_write_string(w, name, text);
        else
                json_write_null(w, name);
}

static void write_int_if(struct json_writer *w, const char *name, bool known, int64_t value)
{
        if (known)
                json_write_int(w, name, value);
        else
                json_write_null(w, name);
}

static void write_bytes_if(struct json_writer *w, const char *name, slice bytes)
{
        if (bytes.size)
                json_write_base64url(w, name, bytes);
        else
                json_write_null(w, name);
}

/* Known once the path was assessed: in what was accepted, and in what was refused for want of trust. */
static const char *trust_name(const struct mitome_verdict *verdict, mitome_code code)
{
        static const char *const names[] = {
                [MITOME_TRUST_NONE] = "none",
                [MITOME_TRUST_SELF] = "self",
                [MITOME_TRUST_UNVERIFIED] = "unverified",
                [MITOME_TRUST_VERIFIED] = "verified",
        };
        bool assessed = verdict->format && (code == MITOME_OK || code == MITOME_E_ATTESTATION_UNTRUSTED);
        return assessed ? names[verdict->trust] : NULL;
}

static void write_finding(struct json_writer *w, const struct mitome_verdict *verdict, mitome_code code)
{
        bool read = verdict->auth_data.size != 0;
        write_string_or_null(w, "fmt", verdict->format);
        write_string_or_null(w, "alg", cose_algorithm_name(verdict->algorithm));
        write_string_or_null(w, "trust", trust_name(verdict, code));
        write_int_if(w, "sign_count", read, verdict->sign_count);
        write_int_if(w, "flags", read, verdict->flags);
        json_write_bool(w, "clone_suspected", verdict->clone_suspected);
        write_bytes_if(w, "credential_id_b64url", verdict->credential_id);
        write_bytes_if(w, "aaguid_b64url", verdict->aaguid);
        write_bytes_if(w, "user_handle_b64url", verdict->user_handle);
}

static void write_verdict(struct verify_run *run, const struct verify_case *c,
        const struct mitome_verdict *verdict, mitome_status status, const mitome_error *error)
{
        char message[1024];
        bool accepted = !failed(status);
        mitome_explain(error, message, sizeof message);
        writer out = WRITER(run->out);
        struct json_writer w = json_into(&out);
        json_write_open_object(&w, NULL);
        if (c->has_name)
                json_write_text(&w, "name", c->name);
        else
                json_write_null(&w, "name");
        json_write_bool(&w, "ok", accepted);
        json_write_int(&w, "code", status.code);
        write_string_or_null(&w, "clause", accepted ? NULL : error->clause);
        write_string_or_null(&w, "field", accepted ? NULL : error->field);
        write_int_if(&w, "at", !accepted && error->at != MITOME_NOWHERE, (int64_t)error->at);
        json_write_string(&w, "message", message);
        if (c->unknown.data)
                json_write_text(&w, "unknown",
                        slice_of(c->unknown.data,
                                c->unknown.size < UNKNOWN_MAX ? c->unknown.size : UNKNOWN_MAX));
        write_finding(&w, verdict, status.code);
        json_write_close_object(&w);
        fwrite(out.data, 1, out.used, stdout);
        fputc('\n', stdout);
        run->refused = run->refused || !accepted;
}

/* ---- lines and files ---- */

static bool is_blank(slice line)
{
        bool blank = true;
        for (size_t i = 0; i < line.size; i++)
                blank = blank && strchr(" \t\r\n", line.data[i]) && line.data[i];
        return blank;
}

static mitome_status run_line(struct verify_run *run, slice line, struct verify_case *c)
{
        mitome_error error = { 0 };
        struct mitome_verdict verdict = { 0 };
        /* Decoded, nothing is longer than it was; each list element is rounded up by two bytes. */
        size_t capacity = line.size + 4 * CASE_LIST_MAX;
        *c = (struct verify_case){ 0 };
        uint8_t *space = malloc(capacity);
        if (!space)
                return fail(NULL, MITOME_E_NO_MEMORY, NULL, NULL);
        writer arena = writer_over(space, capacity);
        mitome_status status = line.size > LINE_MAX_SIZE
                                       ? fail(&error, MITOME_E_TOO_LONG, "case", NULL)
                                       : verify_line(run, line, &arena, c, &verdict, &error);
        write_verdict(run, c, &verdict, status, &error);
        free(space);
        return ok();
}

static int not_run(const char *what, const char *why)
{
        fprintf(stderr, "mitome verify: %s: %s\n", what, why);
        return EXIT_NOT_RUN;
}

static int run_stream(struct verify_run *run, FILE *input, const char *name)
{
        char *line = NULL;
        size_t capacity = 0;
        ssize_t size;
        mitome_status status = ok();
        static struct verify_case c; /* large, and one at a time */
        errno = 0;
        while (!failed(status) && (size = getline(&line, &capacity, input)) >= 0)
                if (!is_blank(slice_of(line, (size_t)size)))
                        status = run_line(run, slice_of(line, (size_t)size), &c);
        free(line);
        if (failed(status) || ferror(input))
                return not_run(name, strerror(failed(status) ? ENOMEM : errno));
        if (fflush(stdout) != 0 || ferror(stdout))
                return not_run("standard output", strerror(errno));
        return run->refused ? EXIT_SOME_NOT : EXIT_ALL_OK;
}

/* The whole of a file; the caller frees *ret_bytes. */
static bool read_file(const char *path, uint8_t **ret_bytes, size_t *ret_size)
{
        FILE *file = fopen(path, "rb");
        uint8_t *bytes = file ? malloc(FILE_MAX_SIZE + 1) : NULL;
        size_t size = bytes ? fread(bytes, 1, FILE_MAX_SIZE + 1, file) : 0;
        bool right = bytes && !ferror(file);
        if (right && size > FILE_MAX_SIZE) {
                errno = EFBIG;
                right = false;
        }
        int cause = errno;
        if (file)
                fclose(file);
        if (!right) {
                free(bytes);
                errno = cause;
                return false;
        }
        *ret_bytes = bytes;
        *ret_size = size;
        return true;
}

static int add_trust(struct verify_run *run, const char *path)
{
        uint8_t *bytes;
        size_t size;
        char message[512];
        mitome_error error = { 0 };
        if (!read_file(path, &bytes, &size))
                return not_run(path, strerror(errno));
        mitome_status status =
                trust_add_certificates(run->trust, slice_of(bytes, size), "trust file", &error);
        free(bytes);
        if (!failed(status))
                return EXIT_ALL_OK;
        mitome_explain(&error, message, sizeof message);
        return not_run(path, message);
}

static bool file_is_certificate(const char *path)
{
        uint8_t start[16];
        FILE *file = fopen(path, "rb");
        size_t size = file ? fread(start, 1, sizeof start, file) : 0;
        if (file)
                fclose(file);
        return trust_looks_like_certificate(slice_of(start, size));
}

/* What stands behind the options: more files of --trust, told by how they begin, and one file of cases. */
static int take_files(struct verify_run *run, bool trusting, int count, char **names)
{
        for (int i = 0; i < count; i++) {
                if (trusting && file_is_certificate(names[i])) {
                        if (add_trust(run, names[i]) != EXIT_ALL_OK)
                                return EXIT_NOT_RUN;
                } else if (run->input) {
                        return not_run(names[i], "there is a file of cases already");
                } else {
                        run->input = names[i];
                }
        }
        return EXIT_ALL_OK;
}

static int take_options(struct verify_run *run, int argc, char **argv, bool *ret_help)
{
        static const struct option options[] = {
                { "trust", required_argument, NULL, 't' },
                { "mds", required_argument, NULL, 'm' },
                { "level", required_argument, NULL, 'l' },
                { "help", no_argument, NULL, 'h' },
                { 0 },
        };
        bool trusting = false;
        optind = 0; /* as often as the program likes */
        for (int option; (option = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
                if (option == 'h') {
                        *ret_help = true;
                        return EXIT_ALL_OK;
                }
                if (option == 'm' || option == 'l')
                        return not_run(option == 'm' ? "--mds" : "--level", "not supported by this version");
                if (option != 't') {
                        fputs(usage, stderr);
                        return EXIT_NOT_RUN;
                }
                trusting = true;
                if (add_trust(run, optarg) != EXIT_ALL_OK)
                        return EXIT_NOT_RUN;
        }
        return take_files(run, trusting, argc - optind, argv + optind);
}

static int run_all(struct verify_run *run, int argc, char **argv)
{
        bool help = false;
        int status = take_options(run, argc, argv, &help);
        if (help)
                fputs(usage, stdout);
        if (help || status != EXIT_ALL_OK)
                return status;
        if (!run->input || strcmp(run->input, "-") == 0)
                return run_stream(run, stdin, "standard input");
        FILE *file = fopen(run->input, "r");
        if (!file)
                return not_run(run->input, strerror(errno));
        status = run_stream(run, file, run->input);
        fclose(file);
        return status;
}

int verify_main(int argc, char **argv)
{
        struct verify_run *run = calloc(1, sizeof *run);
        if (!run || failed(mitome_trust_new(&run->trust, NULL)) ||
                failed(mitome_context_new(&run->context, NULL))) {
                if (run)
                        mitome_trust_free(run->trust);
                free(run);
                return not_run("trust", strerror(ENOMEM));
        }
        int status = run_all(run, argc, argv);
        mitome_trust_free(run->trust);
        mitome_context_free(run->context);
        free(run);
        return status;
}
