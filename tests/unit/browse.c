/* SPDX-License-Identifier: Apache-2.0 */
/* A browser with an authenticator, for tests of programs: browse FOLDER [ORIGIN] <OPTIONS
 * Reads creation or request options (JSON) and prints the response. The authenticator's key and what it knows
 * of its user live in FOLDER. */
#include "authdata.h"
#include "ceremony_rig.h"

#include <jansson.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void must(bool right, const char *what)
{
        if (right)
                return;
        fprintf(stderr, "browse: %s\n", what);
        exit(2);
}

static FILE *open_in(const char *folder, const char *name, const char *mode)
{
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", folder, name);
        return fopen(path, mode);
}

static EVP_PKEY *read_or_make_key(const char *folder)
{
        FILE *file = open_in(folder, "browse.pem", "r");
        EVP_PKEY *key = file ? PEM_read_PrivateKey(file, NULL, NULL, NULL) : EVP_EC_gen("P-256");
        must(key != NULL, "no key");
        if (!file) {
                file = open_in(folder, "browse.pem", "w");
                must(file && PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL) == 1, "browse.pem");
        }
        fclose(file);
        return key;
}

/* How many times the key has signed: the authenticator's counter. */
static uint32_t count_up(const char *folder)
{
        unsigned count = 0;
        FILE *file = open_in(folder, "browse.count", "r");
        if (file) {
                must(fscanf(file, "%u", &count) == 1, "browse.count");
                fclose(file);
        }
        file = open_in(folder, "browse.count", "w");
        must(file && fprintf(file, "%u\n", count + 1) > 0 && fclose(file) == 0, "browse.count");
        return count + 1;
}

static const char *text(const json_t *object, const char *name)
{
        const char *found = json_string_value(json_object_get(object, name));
        must(found != NULL, name);
        return found;
}

static char *keep_user(const char *folder, const char *id)
{
        static char user[128];
        FILE *file = open_in(folder, "browse.user", id ? "w" : "r");
        if (!file && !id)
                return NULL; /* a login before there was a registration */
        must(file != NULL, "browse.user");
        must(id ? fprintf(file, "\"%s\"", id) > 0 : fgets(user, sizeof user, file) != NULL, "browse.user");
        must(fclose(file) == 0, "browse.user");
        return user;
}

int main(int argc, char **argv)
{
        static struct rig rig;
        static struct rig_response response;
        must(argc == 2 || argc == 3, "usage: browse FOLDER [ORIGIN] <OPTIONS");
        json_t *options = json_loadf(stdin, JSON_REJECT_DUPLICATES, NULL);
        must(options != NULL, "no JSON");
        const json_t *rp = json_object_get(options, "rp");

        rig_open(&rig);
        rig.credential[RIG_ES256] = read_or_make_key(argv[1]);
        struct rig_plan plan = rp ? rig_registration_plan() : rig_authentication_plan();
        plan.challenge = text(options, "challenge");
        plan.rp_id = rp ? text(rp, "id") : text(options, "rpId");
        plan.sign_count = count_up(argv[1]);
        plan.format = "none";
        plan.attestation = RIG_NO_STATEMENT;
        if (argc == 3)
                plan.origin = argv[2];
        if (rp) {
                keep_user(argv[1], text(json_object_get(options, "user"), "id"));
                plan.inner_members = ",\"transports\":[\"internal\"]";
        } else {
                plan.user_handle = keep_user(argv[1], NULL);
        }
        rig_build(&rig, &plan, &response);
        printf("%.*s\n", (int)response.json_size, (const char *)response.json);
        json_decref(options);
        rig_close(&rig);
        return 0;
}
