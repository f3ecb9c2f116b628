/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TRUST_OPTIONS_H
#define TRUST_OPTIONS_H

/* The options by which `mitome verify` and `mitome judge` are told whom to believe, and the one file that
 * they read. */

#include "verify_trust.h"

#include <getopt.h>

struct trust_options {
        const char *program; /* "mitome verify" */
        const char *input;   /* the file to read; NULL: standard input */
        struct verify_trust *trust;
        struct mitome_trust *signers; /* of the metadata */
        bool has_signers;
        const char *blob, *host; /* NULL: none */
        bool allow_stale;
        int kind; /* of files that follow an option without one of their own; 0: none */
};

/* For a table of getopt_long; codes of a program's own lie between TRUST_OPTION_OWN and TRUST_OPTION_FIRST.
 */
enum {
        TRUST_OPTION_OWN = 256,
        TRUST_OPTION_FIRST = 512,
        TRUST_OPTION_TRUST = TRUST_OPTION_FIRST,
        TRUST_OPTION_JPKI,
        TRUST_OPTION_CRL,
        TRUST_OPTION_OCSP,
        TRUST_OPTION_SIGNER,
        TRUST_OPTION_FILES, /* the options before this one take files */
        TRUST_OPTION_MDS,
        TRUST_OPTION_HOST,
        TRUST_OPTION_STALE,
};

#define TRUST_OPTIONS                                                         \
        { "trust", required_argument, NULL, TRUST_OPTION_TRUST },             \
                { "jpki-trust", required_argument, NULL, TRUST_OPTION_JPKI }, \
                { "crl", required_argument, NULL, TRUST_OPTION_CRL },         \
                { "ocsp", required_argument, NULL, TRUST_OPTION_OCSP },       \
                { "mds", required_argument, NULL, TRUST_OPTION_MDS },         \
                { "mds-root", required_argument, NULL, TRUST_OPTION_SIGNER }, \
                { "mds-host", required_argument, NULL, TRUST_OPTION_HOST },   \
        {                                                                     \
                "allow-stale", no_argument, NULL, TRUST_OPTION_STALE          \
        }

/* Their lines of --help. */
#define TRUST_OPTIONS_HELP                                                                                        \
        "  --trust FILE..       CA certificates that attestation paths may end in (all files: PEM or DER)\n"      \
        "  --jpki-trust FILE..  CA certificates of JPKI, which vouch for persons\n"                               \
        "  --crl FILE..         revocation lists\n"                                                               \
        "  --ocsp FILE..        OCSP responses (DER)\n"                                                           \
        "  --mds BLOB           metadata of authenticator models (FIDO MDS3)\n"                                   \
        "  --mds-root FILE..    CA certificates that the BLOB's signer must lead to; without: those of --trust\n" \
        "  --mds-host HOST      the host that the signer's certificate must be for: ask for it where the root\n"  \
        "                       certifies others, too (mds.fidoalliance.org)\n"                                   \
        "  --allow-stale        take a BLOB whose next one is overdue\n"

MITOME_CHECKED mitome_status trust_options_open(
        struct trust_options *options, const char *program, mitome_error *error);
void trust_options_close(struct trust_options *options);

/* trust_options_take takes an option of TRUST_OPTIONS, or a name that stands by itself (code 1): behind an
 * option that takes files as many as one likes; what is no certificate or list is the file to read. False,
 * and *ret_handled, when it was one of these and is wrong: the reason has been told on standard error. */
bool trust_options_take(struct trust_options *options, int code, const char *argument, bool *ret_handled);

/* trust_options_finish reads the metadata, as of `now`. False when that is wrong; told as above. */
bool trust_options_finish(struct trust_options *options, int64_t now);

/* trust_options_complain tells what is wrong with `what`, on standard error. */
void trust_options_complain(const struct trust_options *options, const char *what, const mitome_error *error);

#endif
