/* SPDX-License-Identifier: Apache-2.0 */
#include "trust_options.h"

#include "trust_files.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

mitome_status trust_options_open(struct trust_options *options, const char *program, mitome_error *error)
{
        *options = (struct trust_options){ .program = program };
        MITOME_TRY(verify_trust_new(&options->trust, error));
        mitome_status status = mitome_trust_new(&options->signers, error);
        if (failed(status))
                trust_options_close(options);
        return status;
}

void trust_options_close(struct trust_options *options)
{
        verify_trust_free(options->trust);
        mitome_trust_free(options->signers);
        options->trust = NULL;
        options->signers = NULL;
}

void trust_options_complain(const struct trust_options *options, const char *what, const mitome_error *error)
{
        char message[512];
        int cause = errno;
        mitome_explain(error, message, sizeof message);
        bool of_system = cause && (error->code == MITOME_E_FILE_READ || error->code == MITOME_E_FILE_WRITE);
        fprintf(stderr, "%s: %s: %s\n", options->program, what, of_system ? strerror(cause) : message);
}

static bool wrong(const struct trust_options *options, const char *what, const char *why)
{
        fprintf(stderr, "%s: %s: %s\n", options->program, what, why);
        return false;
}

static bool add_file(struct trust_options *options, int code, const char *path)
{
        static const enum verify_trust_kind kinds[] = {
                [TRUST_OPTION_TRUST - TRUST_OPTION_FIRST] = VERIFY_ANCHOR,
                [TRUST_OPTION_JPKI - TRUST_OPTION_FIRST] = VERIFY_JPKI_ANCHOR,
                [TRUST_OPTION_CRL - TRUST_OPTION_FIRST] = VERIFY_CRL,
                [TRUST_OPTION_OCSP - TRUST_OPTION_FIRST] = VERIFY_OCSP,
        };
        mitome_error error = { 0 };
        mitome_status status;
        errno = 0;
        if (code == TRUST_OPTION_SIGNER) {
                options->has_signers = true;
                status = trust_add_file(
                        options->signers, path, "CERTIFICATE", mitome_trust_add_anchor, &error);
        } else {
                status =
                        verify_trust_add_file(options->trust, kinds[code - TRUST_OPTION_FIRST], path, &error);
        }
        if (failed(status))
                trust_options_complain(options, path, &error);
        return !failed(status);
}

static bool take_name(struct trust_options *options, const char *name)
{
        if (options->kind && trust_is_trust_file(name))
                return add_file(options, options->kind, name);
        if (options->input)
                return wrong(options, name, "there is a file to read already");
        options->input = name;
        return true;
}

bool trust_options_take(struct trust_options *options, int code, const char *argument, bool *ret_handled)
{
        *ret_handled = true;
        if (code == 1)
                return take_name(options, argument);
        options->kind = code >= TRUST_OPTION_FIRST && code < TRUST_OPTION_FILES ? code : 0;
        if (options->kind)
                return add_file(options, code, argument);
        switch (code) {
        case TRUST_OPTION_MDS:
                options->blob = argument;
                return true;
        case TRUST_OPTION_HOST:
                options->host = argument;
                return true;
        case TRUST_OPTION_STALE:
                options->allow_stale = true;
                return true;
        default:
                *ret_handled = false;
                return true;
        }
}

bool trust_options_finish(struct trust_options *options, int64_t now)
{
        mitome_error error = { 0 };
        struct mitome_metadata *metadata;
        const struct mitome_trust *signers =
                options->has_signers ? options->signers : verify_trust_snapshot(options->trust);
        if (!options->blob)
                return true;
        errno = 0;
        mitome_status status =
                trust_read_metadata(options->blob, signers, now, options->allow_stale, &metadata, &error);
        if (failed(status)) {
                trust_options_complain(options, options->blob, &error);
                return false;
        }
        if (options->host && !mitome_metadata_signed_for(metadata, options->host)) {
                mitome_metadata_free(metadata);
                return wrong(options, options->blob, "its signer's certificate is not for --mds-host");
        }
        verify_trust_set_metadata(options->trust, metadata);
        return true;
}
