/* SPDX-License-Identifier: Apache-2.0 */
#include "portal_folder.h"
#include "portal_model.h"

#include "evaluation_statement.h"

#include <openssl/err.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

/* A snapshot with what it views. */
struct held {
        struct portal_snapshot face;
        struct held *next; /* of those that were replaced and are still read */
        size_t readers;    /* under the lock of its slot */
        slice signing[PORTAL_TRUST_FILES], evaluations[PORTAL_TRUST_FILES];
        uint8_t *signing_memory[PORTAL_TRUST_FILES], *evaluation_memory[PORTAL_TRUST_FILES];
        struct model_memory memory[PORTAL_TRUST_FILES];
        struct portal_model models[PORTAL_TRUST_FILES];
        struct mitome_trust *trust, *signing_trust, *evaluators;
};

/* What changes under a struct portal_trust that is only read. */
struct slot {
        pthread_mutex_t lock;
        struct held *current, *replaced;
};

struct portal_trust {
        struct slot *slot;
        char *folder; /* NULL: none */
        uint8_t seen[SHA256_SIZE];
};

/* ---- building ---- */

static void held_free(struct held *held)
{
        if (!held)
                return;
        for (size_t i = 0; i < PORTAL_TRUST_FILES; i++) {
                free(held->signing_memory[i]);
                free(held->evaluation_memory[i]);
                portal_model_free(&held->memory[i]);
        }
        mitome_trust_free(held->trust);
        mitome_trust_free(held->signing_trust);
        mitome_trust_free(held->evaluators);
        free(held);
}

typedef mitome_status add_one(struct mitome_trust *trust, mitome_slice der, mitome_error *error);

/* error->field tells which folder it was: what OpenSSL refuses is only "anchor" otherwise. */
static mitome_status add_all(struct mitome_trust *trust, add_one *add, const slice *files, size_t count,
        const char *kind, mitome_error *error)
{
        for (size_t i = 0; i < count; i++) {
                mitome_status status = add(trust, files[i], NULL);
                if (failed(status))
                        return fail(error, status.code, kind, NULL);
        }
        return ok();
}

static X509_NAME *subject_of(slice der)
{
        const unsigned char *at = der.data;
        X509 *certificate = d2i_X509(NULL, &at, (long)der.size);
        X509_NAME *name = certificate ? X509_NAME_dup(X509_get_subject_name(certificate)) : NULL;
        X509_free(certificate);
        return name;
}

static bool names_one(const X509_NAME *issuer, const slice *anchors, size_t count)
{
        bool found = false;
        for (size_t i = 0; i < count && !found; i++) {
                X509_NAME *name = subject_of(anchors[i]);
                found = name && X509_NAME_cmp(issuer, name) == 0;
                X509_NAME_free(name);
        }
        return found;
}

/* A list of signing certificates is large, and no use to logins. */
static mitome_status add_list(
        struct held *held, const struct portal_trust_parts *parts, slice der, mitome_error *error)
{
        const unsigned char *at = der.data;
        X509_CRL *list = der.size ? d2i_X509_CRL(NULL, &at, (long)der.size) : NULL;
        if (!list)
                return fail(error, MITOME_E_DER, "crl", "RFC 5280 5.1");
        const X509_NAME *issuer = X509_CRL_get_issuer(list);
        const bool signing = names_one(issuer, parts->signing, parts->signing_count);
        const bool evaluators = names_one(issuer, parts->evaluators, parts->evaluator_count);
        const bool other = !signing || names_one(issuer, parts->jpki, parts->jpki_count) ||
                           names_one(issuer, parts->attestation, parts->attestation_count);
        X509_CRL_free(list);
        if (signing)
                MITOME_TRY(add_all(held->signing_trust, mitome_trust_add_crl, &der, 1, "crl", error));
        if (evaluators)
                MITOME_TRY(add_all(held->evaluators, mitome_trust_add_crl, &der, 1, "crl", error));
        return other ? add_all(held->trust, mitome_trust_add_crl, &der, 1, "crl", error) : ok();
}

static mitome_status add_lists(struct held *held, const struct portal_trust_parts *parts, mitome_error *error)
{
        (void)ERR_set_mark(); /* OpenSSL's error queue is the caller's */
        mitome_status status = ok();
        for (size_t i = 0; i < parts->list_count && !failed(status); i++)
                status = add_list(held, parts, parts->lists[i], error);
        (void)ERR_pop_to_mark();
        return status;
}

static mitome_status keep(
        const slice *files, size_t count, const char *kind, uint8_t **memory, slice *ret, mitome_error *error)
{
        for (size_t i = 0; i < count; i++) {
                memory[i] = malloc(files[i].size + 1);
                if (!memory[i])
                        return fail(error, MITOME_E_NO_MEMORY, kind, NULL);
                ret[i] = slice_of(memory[i], files[i].size);
                MITOME_TRY(slice_copy(files[i], kind, memory[i], files[i].size, error));
        }
        return ok();
}

/* CAs of signing certificates, which documents are verified with, and evaluation statements. */
static mitome_status keep_files(
        struct held *held, const struct portal_trust_parts *parts, mitome_error *error)
{
        MITOME_TRY(keep(parts->signing, parts->signing_count, "jpki-signing", held->signing_memory,
                held->signing, error));
        held->face.signing_count = parts->signing_count;
        for (size_t i = 0; i < parts->evaluation_count; i++)
                if (!evaluation_statement_recognise(parts->evaluations[i]))
                        return fail(error, MITOME_E_VALUE, "evaluations", NULL);
        MITOME_TRY(keep(parts->evaluations, parts->evaluation_count, "evaluations", held->evaluation_memory,
                held->evaluations, error));
        held->face.evaluation_count = parts->evaluation_count;
        return ok();
}

static mitome_status add_model(struct held *held, slice json, mitome_error *error)
{
        const size_t at = held->face.model_count;
        mitome_error why = { 0 };
        mitome_status status = portal_model_read(json, &held->memory[at], &why);
        if (failed(status))
                return fail(error, status.code, why.field ? why.field : "metadata", why.clause);
        held->models[at] = held->memory[at].model;
        if (portal_model_find(&held->face, held->models[at].aaguid))
                return fail(error, MITOME_E_METADATA_TWICE, "metadata", NULL);
        held->face.model_count = at + 1;
        return ok();
}

static mitome_status fill(struct held *held, const struct portal_trust_parts *parts, mitome_error *error)
{
        MITOME_TRY(mitome_trust_new(&held->trust, error));
        MITOME_TRY(mitome_trust_new(&held->signing_trust, error));
        held->face.trust = held->trust;
        held->face.signing = held->signing_trust;
        held->face.signing_anchors = held->signing;
        held->face.models = held->models;
        MITOME_TRY(mitome_trust_new(&held->evaluators, error));
        held->face.evaluators = held->evaluators;
        held->face.evaluations = held->evaluations;
        MITOME_TRY(add_all(held->trust, mitome_trust_add_anchor, parts->attestation, parts->attestation_count,
                "attestation", error));
        MITOME_TRY(add_all(
                held->trust, mitome_trust_add_jpki_anchor, parts->jpki, parts->jpki_count, "jpki", error));
        MITOME_TRY(add_all(held->signing_trust, mitome_trust_add_jpki_anchor, parts->signing,
                parts->signing_count, "jpki-signing", error));
        MITOME_TRY(add_all(held->evaluators, mitome_trust_add_anchor, parts->evaluators,
                parts->evaluator_count, "evaluators", error));
        MITOME_TRY(keep_files(held, parts, error));
        MITOME_TRY(add_lists(held, parts, error));
        for (size_t i = 0; i < parts->statement_count; i++)
                MITOME_TRY(add_model(held, parts->statements[i], error));
        return ok();
}

static mitome_status build(const struct portal_trust_parts *parts, struct held **ret, mitome_error *error)
{
        if (parts->attestation_count > PORTAL_TRUST_FILES || parts->jpki_count > PORTAL_TRUST_FILES ||
                parts->signing_count > PORTAL_TRUST_FILES || parts->list_count > PORTAL_TRUST_FILES ||
                parts->statement_count > PORTAL_TRUST_FILES || parts->evaluator_count > PORTAL_TRUST_FILES ||
                parts->evaluation_count > PORTAL_TRUST_FILES)
                return fail(error, MITOME_E_TOO_MANY, "trust", NULL);
        struct held *held = calloc(1, sizeof *held);
        if (!held)
                return fail(error, MITOME_E_NO_MEMORY, "trust", NULL);
        mitome_status status = fill(held, parts, error);
        if (failed(status)) {
                held_free(held);
                return status;
        }
        *ret = held;
        return ok();
}

const struct portal_model *portal_model_find(const struct portal_snapshot *snapshot, slice aaguid)
{
        for (size_t i = 0; i < snapshot->model_count; i++)
                if (slice_equal(snapshot->models[i].aaguid, aaguid))
                        return &snapshot->models[i];
        return NULL;
}

/* ---- the one that is used now ---- */

static void put(struct slot *slot, struct held *held)
{
        (void)pthread_mutex_lock(&slot->lock);
        struct held *old = slot->current;
        slot->current = held;
        if (old->readers) {
                old->next = slot->replaced;
                slot->replaced = old;
                old = NULL;
        }
        (void)pthread_mutex_unlock(&slot->lock);
        held_free(old);
}

const struct portal_snapshot *portal_trust_take(const struct portal_trust *trust)
{
        struct slot *slot = trust->slot;
        (void)pthread_mutex_lock(&slot->lock);
        struct held *held = slot->current;
        held->readers++;
        (void)pthread_mutex_unlock(&slot->lock);
        return &held->face;
}

/* One reader less; what nobody reads and nobody will is taken out, to be freed. */
static struct held *leave(struct slot *slot, const struct portal_snapshot *snapshot)
{
        if (&slot->current->face == snapshot) {
                slot->current->readers--;
                return NULL;
        }
        for (struct held **at = &slot->replaced; *at; at = &(*at)->next) {
                struct held *held = *at;
                if (&held->face != snapshot || --held->readers)
                        continue;
                *at = held->next;
                return held;
        }
        return NULL;
}

void portal_trust_give_back(const struct portal_trust *trust, const struct portal_snapshot *snapshot)
{
        struct slot *slot = trust->slot;
        (void)pthread_mutex_lock(&slot->lock);
        struct held *last = leave(slot, snapshot);
        (void)pthread_mutex_unlock(&slot->lock);
        held_free(last);
}

/* ---- opening ---- */

mitome_status portal_trust_of(
        const struct portal_trust_parts *parts, struct portal_trust **ret, mitome_error *error)
{
        struct held *held = NULL;
        MITOME_TRY(build(parts, &held, error));
        struct portal_trust *trust = calloc(1, sizeof *trust);
        struct slot *slot = calloc(1, sizeof *slot);
        if (!trust || !slot || pthread_mutex_init(&slot->lock, NULL) != 0) {
                free(trust);
                free(slot);
                held_free(held);
                return fail(error, MITOME_E_NO_MEMORY, "trust", NULL);
        }
        slot->current = held;
        trust->slot = slot;
        *ret = trust;
        return ok();
}

mitome_status portal_trust_replace(
        struct portal_trust *trust, const struct portal_trust_parts *parts, mitome_error *error)
{
        struct held *held = NULL;
        MITOME_TRY(build(parts, &held, error));
        put(trust->slot, held);
        return ok();
}

void portal_trust_close(struct portal_trust *trust)
{
        if (!trust)
                return;
        held_free(trust->slot->current);
        (void)pthread_mutex_destroy(&trust->slot->lock);
        free(trust->slot);
        free(trust->folder);
        free(trust);
}

static char *copy_path(const char *path)
{
        char *copy = malloc(PORTAL_TRUST_PATH_MAX);
        if (copy)
                (void)snprintf(copy, PORTAL_TRUST_PATH_MAX, "%s", path);
        return copy;
}

static mitome_status open_files(const char *folder, struct portal_trust **ret, mitome_error *error)
{
        struct portal_folder *files = malloc(sizeof *files);
        if (!files)
                return fail(error, MITOME_E_NO_MEMORY, "trust folder", NULL);
        mitome_status status = portal_folder_read(folder, files, error);
        if (!failed(status)) {
                const struct portal_trust_parts parts = portal_folder_parts(files);
                status = *ret ? portal_trust_replace(*ret, &parts, error)
                              : portal_trust_of(&parts, ret, error);
                portal_folder_free(files);
        }
        free(files);
        return status;
}

/* Looked at before it is read: what changes in between is seen the next time. */
mitome_status portal_trust_open(const char *folder, struct portal_trust **ret, mitome_error *error)
{
        uint8_t seen[SHA256_SIZE];
        struct portal_trust *trust = NULL;
        if (slice_text(folder).size >= PORTAL_TRUST_PATH_MAX)
                return fail(error, MITOME_E_TOO_LONG, "trust folder", NULL);
        MITOME_TRY(portal_folder_look(folder, seen, error));
        MITOME_TRY(open_files(folder, &trust, error));
        trust->folder = copy_path(folder);
        if (!trust->folder) {
                portal_trust_close(trust);
                return fail(error, MITOME_E_NO_MEMORY, "trust folder", NULL);
        }
        mitome_status status =
                slice_copy(SLICE(seen), "trust folder", trust->seen, sizeof trust->seen, error);
        *ret = trust;
        return status;
}

mitome_status portal_trust_again(struct portal_trust *trust, bool *ret_changed, mitome_error *error)
{
        uint8_t seen[SHA256_SIZE];
        bool changed = false;
        if (trust->folder) {
                MITOME_TRY(portal_folder_look(trust->folder, seen, error));
                changed = !slice_equal(SLICE(seen), SLICE(trust->seen));
        }
        if (changed) {
                MITOME_TRY(open_files(trust->folder, &trust, error));
                MITOME_TRY(slice_copy(SLICE(seen), "trust folder", trust->seen, sizeof trust->seen, error));
        }
        if (ret_changed)
                *ret_changed = changed;
        return ok();
}
