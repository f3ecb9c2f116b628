/* SPDX-License-Identifier: Apache-2.0 */
/* The server's side of a first login, in one file: docs/first-login.md goes through it.
 *
 *      first-site FOLDER STEP SESSION
 *
 * STEP is register-options or login-options, which print what the page hands to the browser, or register or
 * login, which read from standard input what the browser answered. SESSION names the browser's session (a
 * cookie). FOLDER, which exists, is the database: one user, one credential. Exit status: 0 done, 1 refused, 2
 * could not run. */
#include <mitome/challenge.h>
#include <mitome/options.h>
#include <mitome/record.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#define TRY(call)                               \
        do {                                    \
                mitome_status status_ = (call); \
                if (status_.code != MITOME_OK)  \
                        return status_;         \
        } while (0)

enum { CHALLENGE_SECONDS = 300 };

static const mitome_slice site = { (const uint8_t *)"example.org", 11 };
static const mitome_slice site_origin = { (const uint8_t *)"https://example.org", 19 };

/* A request: who asks, what they sent, and the memory to answer it from. */
struct request {
        int folder;
        mitome_slice session, body, answer;
        struct mitome_challenge_key key;
        uint8_t user_handle[32];
        uint8_t challenge[MITOME_CHALLENGE_SIZE];
        uint8_t sent[65536], buffer[MITOME_RP_BUFFER_MAX], stored[MITOME_RECORD_MAX],
                space[MITOME_RECORD_MAX], out[MITOME_RECORD_MAX];
        struct mitome_verdict verdict;
        mitome_error error;
};

/* ---- the database: a folder ---- */

static ssize_t read_file(const struct request *r, const char *name, uint8_t *bytes, size_t capacity)
{
        int file = openat(r->folder, name, O_RDONLY | O_CLOEXEC);
        ssize_t size = file < 0 ? -1 : read(file, bytes, capacity);
        if (file >= 0)
                close(file);
        return size;
}

static int write_file(const struct request *r, const char *name, int flags, const uint8_t *bytes, size_t size)
{
        int file = openat(r->folder, name, O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0600);
        if (file < 0)
                return -1;
        ssize_t written = write(file, bytes, size);
        return close(file) == 0 && written == (ssize_t)size ? 0 : -1;
}

static int fill_random(void *context, uint8_t *bytes, size_t size)
{
        (void)context;
        return getrandom(bytes, size, 0) == (ssize_t)size ? 0 : -1;
}

static const struct mitome_random randomness = { NULL, fill_random };

/* What is made once: a random secret of `size` bytes under a name. */
static int read_or_make(const struct request *r, const char *name, uint8_t *bytes, size_t size)
{
        if (read_file(r, name, bytes, size) == (ssize_t)size)
                return 0;
        return fill_random(NULL, bytes, size) ? -1 : write_file(r, name, O_EXCL, bytes, size);
}

/* ---- challenges ---- */

/* Notes that a challenge was answered. That the file did not exist before is one step of the kernel's. */
static int spend(void *context, const uint8_t id[MITOME_CHALLENGE_ID_SIZE], int64_t expires)
{
        char name[8 + 2 * MITOME_CHALLENGE_ID_SIZE] = "spent-";
        (void)expires; /* a real site deletes what has expired */
        for (size_t i = 0; i < MITOME_CHALLENGE_ID_SIZE; i++)
                snprintf(name + 6 + 2 * i, 3, "%02x", id[i]);
        if (write_file(context, name, O_EXCL, id, MITOME_CHALLENGE_ID_SIZE) == 0)
                return 0;
        return errno == EEXIST ? 1 : -1;
}

static struct mitome_challenge_scope scope_of(const struct request *r, enum mitome_challenge_purpose purpose)
{
        return (struct mitome_challenge_scope){ .rp_id = site, .purpose = purpose, .context = r->session };
}

static mitome_status seal_challenge(struct request *r, enum mitome_challenge_purpose purpose)
{
        const struct mitome_challenge_scope scope = scope_of(r, purpose);
        return mitome_challenge_seal(
                &r->key, 1, &scope, time(NULL) + CHALLENGE_SECONDS, &randomness, r->challenge, &r->error);
}

static mitome_status open_challenge(struct request *r, enum mitome_challenge_purpose purpose)
{
        const struct mitome_challenge_scope scope = scope_of(r, purpose);
        const struct mitome_once once = { r, spend };
        const mitome_slice challenge = { r->challenge, sizeof r->challenge };
        struct mitome_challenge opened;
        TRY(mitome_challenge_from_response(r->body, r->buffer, sizeof r->buffer, r->challenge, &r->error));
        return mitome_challenge_open(&r->key, 1, &scope, challenge, time(NULL), &once, &opened, &r->error);
}

static struct mitome_expectation expectation_of(const struct request *r)
{
        return (struct mitome_expectation){
                .rp_id = site,
                .origins = &site_origin,
                .origin_count = 1,
                .challenge = { r->challenge, sizeof r->challenge },
        };
}

static const struct mitome_policy site_policy = { .require_user_verification = true };

/* ---- registration ---- */

static mitome_status offer_registration(struct request *r)
{
        TRY(seal_challenge(r, MITOME_CHALLENGE_REGISTRATION));
        const struct mitome_creation_options options = {
                .rp_id = site,
                .user_id = { r->user_handle, sizeof r->user_handle },
                .user_name = { (const uint8_t *)"hanako", 6 },
                .user_display_name = { (const uint8_t *)"Hanako", 6 },
                .challenge = { r->challenge, sizeof r->challenge },
                .timeout_ms = CHALLENGE_SECONDS * 1000,
                .resident_key = MITOME_RESIDENT_KEY_REQUIRED,
                .user_verification = MITOME_USER_VERIFICATION_REQUIRED,
                .extensions = { .cred_props = true },
        };
        return mitome_write_creation_options(&options, r->out, sizeof r->out, &r->answer, &r->error);
}

static mitome_status take_registration(struct request *r)
{
        TRY(open_challenge(r, MITOME_CHALLENGE_REGISTRATION));
        const struct mitome_expectation expected = expectation_of(r);
        const int64_t now = time(NULL);
        TRY(mitome_verify_registration(NULL, &site_policy, &expected, r->body, NULL, now, r->buffer,
                sizeof r->buffer, &r->verdict, &r->error));

        const struct mitome_record_facts facts = {
                .user_handle = { r->user_handle, sizeof r->user_handle },
                .response_json = r->body,
                .keep_attestation = true,
        };
        struct mitome_record record;
        TRY(mitome_record_from_registration(&r->verdict, &expected, &facts, now, &record, &r->error));
        return mitome_record_write_json(&record, r->out, sizeof r->out, &r->answer, &r->error);
}

/* ---- login ---- */

static mitome_status offer_login(struct request *r)
{
        TRY(seal_challenge(r, MITOME_CHALLENGE_AUTHENTICATION));
        const struct mitome_request_options options = {
                .rp_id = site,
                .challenge = { r->challenge, sizeof r->challenge },
                .timeout_ms = CHALLENGE_SECONDS * 1000,
                .user_verification = MITOME_USER_VERIFICATION_REQUIRED,
        };
        return mitome_write_request_options(&options, r->out, sizeof r->out, &r->answer, &r->error);
}

static mitome_status take_login(struct request *r)
{
        struct mitome_record record;
        ssize_t size = read_file(r, "record.json", r->stored, sizeof r->stored);
        const mitome_slice stored = { r->stored, size < 0 ? 0 : (size_t)size };
        TRY(mitome_record_read_json(stored, r->space, sizeof r->space, &record, &r->error));

        TRY(open_challenge(r, MITOME_CHALLENGE_AUTHENTICATION));
        struct mitome_expectation expected = expectation_of(r);
        expected.user_unidentified = true; /* no user name was asked for: the user handle tells who it is */
        const struct mitome_credential credential = mitome_record_credential(&record);
        const int64_t now = time(NULL);
        TRY(mitome_verify_authentication(NULL, &site_policy, &expected, r->body, &credential, NULL, now,
                r->buffer, sizeof r->buffer, &r->verdict, &r->error));
        if (r->verdict.clone_suspected)
                fputs("first-site: the signature counter did not grow: is there a copy?\n", stderr);

        TRY(mitome_record_after_login(&record, &r->verdict, MITOME_UV_KEEP, now, &r->error));
        return mitome_record_write_json(&record, r->out, sizeof r->out, &r->answer, &r->error);
}

/* ---- the program ---- */

static const struct step {
        const char *name;
        mitome_status (*run)(struct request *r);
        int reads, keeps_record;
} steps[] = {
        { "register-options", offer_registration, 0, 0 },
        { "register", take_registration, 1, 1 },
        { "login-options", offer_login, 0, 0 },
        { "login", take_login, 1, 1 },
};

static int run_step(const struct step *step, struct request *r)
{
        char message[512];
        if (step->reads)
                r->body = (mitome_slice){ r->sent, fread(r->sent, 1, sizeof r->sent, stdin) };
        mitome_status status = step->run(r);
        if (status.code != MITOME_OK) {
                mitome_explain(&r->error, message, sizeof message);
                fprintf(stderr, "first-site: %s\n", message);
                return 1;
        }
        if (step->keeps_record &&
                write_file(r, "record.json", O_TRUNC, r->answer.data, r->answer.size) != 0) {
                perror("first-site: record.json");
                return 2;
        }
        printf("%.*s\n", (int)r->answer.size, (const char *)r->answer.data);
        return 0;
}

int main(int argc, char **argv)
{
        static struct request r;
        if (argc == 4) {
                r.session = (mitome_slice){ (const uint8_t *)argv[3], strlen(argv[3]) };
                r.folder = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
                if (r.folder < 0 || read_or_make(&r, "key", r.key.bytes, sizeof r.key.bytes) != 0 ||
                        read_or_make(&r, "user", r.user_handle, sizeof r.user_handle) != 0) {
                        perror(argv[1]);
                        return 2;
                }
                for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
                        if (strcmp(argv[2], steps[i].name) == 0)
                                return run_step(&steps[i], &r);
        }
        fputs("usage: first-site FOLDER register-options|register|login-options|login SESSION\n", stderr);
        return 2;
}
