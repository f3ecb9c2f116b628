/* SPDX-License-Identifier: Apache-2.0 */
#include "apdu.h"
#include "cbor.h"
#include "cli.h"
#include "complain.h"
#include "hex_text.h"
#include "json.h"
#include "print.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { INPUT_MAX = 1 << 20, EXIT_REFUSED = 1, EXIT_USAGE = 2 };

static const char usage[] =
        "usage: mitome inspect [--as KIND] [FILE]\n\n"
        "Prints a structure for a person to read. FILE (or standard input) holds it as bytes, hexadecimal digits or\n"
        "base64url. Without --as it is recognised by its form; the kinds are:\n"
        "  attestation-object, cose-key, ctap-request, ctap-response, cbor, apdu-command, apdu-response, auth-data\n\n"
        "Exit status: 0 printed, 1 the input is not a structure of the kind, 2 could not run.\n";

/* ---- the kinds ---- */

/* A CTAP message is a byte, and a map or nothing. */
static mitome_status check_ctap(slice bytes, uint8_t *ret_first, mitome_error *error)
{
        struct cbor_reader r = cbor_over(bytes, "CTAP 2.1 8", error);
        enum cbor_kind kind;
        MITOME_TRY(read_u8(&r.bytes, "CTAP message", ret_first));
        if (r.bytes.rest.size == 0)
                return ok();
        MITOME_TRY(cbor_peek(&r, "parameters", &kind));
        if (kind != CBOR_KIND_MAP)
                return reader_fail(&r.bytes, MITOME_E_CBOR_TYPE, "parameters");
        MITOME_TRY(cbor_skip(&r, "parameters"));
        return cbor_end(&r, "CTAP message");
}

static mitome_status inspect_cbor(FILE *out, int indent, slice bytes, mitome_error *error)
{
        fprintf(out, "%*s", indent, "");
        MITOME_TRY(print_cbor(out, bytes, NULL, true, error));
        fputc('\n', out);
        return ok();
}

static mitome_status inspect_request(FILE *out, int indent, slice bytes, mitome_error *error)
{
        uint8_t command;
        MITOME_TRY(check_ctap(bytes, &command, error));
        fprintf(out, "%*s", indent, "");
        print_ctap(out, true, command, bytes);
        return ok();
}

static mitome_status inspect_response(FILE *out, int indent, slice bytes, mitome_error *error)
{
        uint8_t status;
        MITOME_TRY(check_ctap(bytes, &status, error));
        fprintf(out, "%*s", indent, "");
        print_ctap(out, false, 0, bytes);
        return ok();
}

static mitome_status inspect_command(FILE *out, int indent, slice bytes, mitome_error *error)
{
        struct apdu_command command;
        MITOME_TRY(apdu_read_command(bytes, &command, error));
        fprintf(out, "%*s", indent, "");
        print_apdu(out, true, bytes);
        return ok();
}

static mitome_status inspect_answer(FILE *out, int indent, slice bytes, mitome_error *error)
{
        slice data;
        uint16_t sw;
        MITOME_TRY(apdu_read_response(bytes, &data, &sw, error));
        if (sw >> 12 != 0x6 && sw >> 12 != 0x9)
                return fail_at(error, MITOME_E_VALUE, bytes.size - 2, "SW1", "ISO 7816-4 5.1.3");
        fprintf(out, "%*s", indent, "");
        print_apdu(out, false, bytes);
        return ok();
}

/* ---- what tells a kind from the others: how it begins, or ends ---- */

static bool begins(slice bytes, const char *text)
{
        return bytes.size >= strlen(text) && slice_is(slice_of(bytes.data, strlen(text)), text);
}

static bool may_be_attestation_object(slice bytes)
{
        return begins(bytes, "\xA3\x63"
                             "fmt");
}

/* A map whose first key is 1, kty; CTAP's have a byte before it. */
static bool may_be_cose_key(slice bytes)
{
        return bytes.size > 1 && (bytes.data[0] & 0xF0) == 0xA0 && bytes.data[1] == 0x01;
}

static bool may_be_request(slice bytes)
{
        return bytes.size && print_ctap_knows(true, bytes.data[0]) &&
               (bytes.size == 1 || (bytes.data[1] & 0xE0) == 0xA0);
}

static bool may_be_response(slice bytes)
{
        return bytes.size && print_ctap_knows(false, bytes.data[0]) &&
               (bytes.size == 1 || (bytes.data[1] & 0xE0) == 0xA0);
}

static bool may_be_command(slice bytes)
{
        return bytes.size >= 4 && print_apdu_knows(true, bytes);
}

static bool may_be_answer(slice bytes)
{
        return bytes.size >= 2 && print_apdu_knows(false, bytes);
}

static bool may_be_cbor(slice bytes)
{
        uint8_t type = bytes.size ? bytes.data[0] >> 5 : 0;
        return bytes.size && (type == 4 || type == 5);
}

/* It begins with a hash, which may be anything; but who hands in a certificate should not be told of flags.
 */
static bool may_be_authdata(slice bytes)
{
        reader r = reader_over(bytes, NULL, NULL);
        uint16_t sequence, length;
        bool certificate = !failed(read_u16(&r, "tag", &sequence)) && sequence == 0x3082 &&
                           !failed(read_u16(&r, "length", &length)) && length == r.rest.size;
        return bytes.size >= 37 && !certificate;
}

/* In the order in which they are tried. */
static const struct kind {
        const char *name, *title;
        bool (*may_be)(slice bytes);
        mitome_status (*print)(FILE *out, int indent, slice bytes, mitome_error *error);
        bool certain; /* what begins so is nothing else */
} kinds[] = {
        { "attestation-object", "attestation object (WebAuthn L3 6.5.4)", may_be_attestation_object,
                print_attestation_object, true },
        { "cose-key", "COSE key (WebAuthn L3 6.5.1.1)", may_be_cose_key, print_cose_key },
        { "ctap-request", "CTAP request", may_be_request, inspect_request },
        { "ctap-response", "CTAP response", may_be_response, inspect_response },
        { "apdu-command", "command APDU (ISO 7816-4)", may_be_command, inspect_command },
        { "cbor", "CTAP2 canonical CBOR", may_be_cbor, inspect_cbor },
        { "auth-data", "authenticator data (WebAuthn L3 6.1)", may_be_authdata, print_authdata },
        { "apdu-response", "response APDU (ISO 7816-4)", may_be_answer, inspect_answer },
};

enum { KINDS = sizeof kinds / sizeof kinds[0] };

/* ---- input ---- */

static slice trimmed(slice input)
{
        while (input.size && hex_text_is_space(input.data[input.size - 1]))
                input.size--;
        while (input.size && hex_text_is_space(input.data[0]))
                input = slice_of(input.data + 1, input.size - 1);
        return input;
}

static bool is_text(slice input)
{
        for (size_t i = 0; i < input.size; i++)
                if (input.data[i] >= 0x7F || (input.data[i] < ' ' && !hex_text_is_space(input.data[i])))
                        return false;
        return input.size > 0;
}

/* What the input means: text is hexadecimal or base64url, anything else is the bytes themselves. Only
 * structures of very few bytes could be mistaken for text. */
static mitome_status decode(slice input, uint8_t *buffer, slice *ret, mitome_error *error)
{
        mitome_status hex = hex_text_decode(input, "hexadecimal text", buffer, INPUT_MAX, ret, NULL);
        if (!failed(hex))
                return ok();
        if (hex.code == MITOME_E_INPUT_ENDS) /* all digits, but one is missing */
                return hex_text_decode(input, "the last hexadecimal digit", buffer, INPUT_MAX, ret, error);
        if (input.size && input.data[0] == '{')
                return fail(error, MITOME_E_UNRECOGNISED, "the JSON text", NULL);
        if (is_text(input))
                return base64url_decode(trimmed(input), "the text", buffer, INPUT_MAX, ret, error);
        *ret = input;
        return input.size ? ok() : fail(error, MITOME_E_MISSING, "the input", NULL);
}

static mitome_status read_input(const char *path, uint8_t *buffer, slice *ret, mitome_error *error)
{
        FILE *file = path ? fopen(path, "re") : stdin;
        if (!file)
                return fail(error, MITOME_E_FILE_READ, path, NULL);
        size_t size = fread(buffer, 1, INPUT_MAX + 1, file);
        bool broken = ferror(file);
        if (path)
                fclose(file);
        if (broken)
                return fail(error, MITOME_E_FILE_READ, path ? path : "standard input", NULL);
        if (size > INPUT_MAX)
                return fail(error, MITOME_E_TOO_LONG, "the input", NULL);
        *ret = slice_of(buffer, size);
        return ok();
}

/* ---- printing ---- */

static bool with_colours(void)
{
        const char *terminal = getenv("TERM");
        return isatty(STDOUT_FILENO) && !getenv("NO_COLOR") && terminal && strcmp(terminal, "dumb") != 0;
}

/* Prints all of it or nothing: what is refused in the middle leaves no half of it on the screen. */
static mitome_status print_kind(const struct kind *kind, slice bytes, mitome_error *error)
{
        char *text = NULL;
        size_t size = 0;
        FILE *out = open_memstream(&text, &size);
        if (!out)
                return fail(error, MITOME_E_NO_MEMORY, "the text", NULL);
        mitome_status status = kind->print(out, 2, bytes, error);
        if (fclose(out) != 0 && !failed(status))
                status = fail(error, MITOME_E_NO_MEMORY, "the text", NULL);
        if (!failed(status)) {
                printf(with_colours() ? "\033[1m%s\033[0m, %zu bytes\n" : "%s, %zu bytes\n", kind->title,
                        bytes.size);
                fwrite(text, 1, size, stdout);
        }
        free(text);
        return status;
}

/* Prints it as the first kind that it may be and is. The error of the likeliest kind is the one that is told.
 */
static mitome_status inspect_any(slice bytes, mitome_error *error)
{
        mitome_error first = { 0 };
        for (int i = 0; i < KINDS; i++) {
                if (!kinds[i].may_be(bytes))
                        continue;
                if (!failed(print_kind(&kinds[i], bytes, &first)))
                        return ok();
                if (kinds[i].certain)
                        break;
        }
        if (first.code != MITOME_OK)
                return fail_at(error, first.code, first.at, first.field, first.clause);
        return fail(error, MITOME_E_UNRECOGNISED, "the input", NULL);
}

static const struct kind *kind_named(const char *name)
{
        for (int i = 0; i < KINDS; i++)
                if (strcmp(kinds[i].name, name) == 0)
                        return &kinds[i];
        return NULL;
}

static mitome_status inspect(const struct kind *kind, slice input, uint8_t *buffer, mitome_error *error)
{
        slice bytes;
        MITOME_TRY(decode(input, buffer, &bytes, error));
        return kind ? print_kind(kind, bytes, error) : inspect_any(bytes, error);
}

static int run(const struct kind *kind, const char *path)
{
        mitome_error error = { 0 };
        slice input;
        uint8_t *memory = malloc(2 * (INPUT_MAX + 1));
        mitome_status status = memory ? read_input(path, memory, &input, &error)
                                      : fail(&error, MITOME_E_NO_MEMORY, "the input", NULL);
        int answer = EXIT_USAGE;
        if (!failed(status)) {
                status = inspect(kind, input, memory + INPUT_MAX + 1, &error);
                answer = failed(status) ? EXIT_REFUSED : 0;
        }
        if (failed(status))
                complain("mitome inspect", &error);
        free(memory);
        return answer;
}

int inspect_main(int argc, char **argv)
{
        static const struct option known[] = {
                { "as", required_argument, NULL, 'a' },
                { "help", no_argument, NULL, 'h' },
                { 0 },
        };
        const struct kind *kind = NULL;
        for (int option; (option = getopt_long(argc, argv, "", known, NULL)) != -1;) {
                if (option == 'h') {
                        fputs(usage, stdout);
                        return 0;
                }
                kind = option == 'a' ? kind_named(optarg) : NULL;
                if (!kind) {
                        fputs(usage, stderr);
                        return EXIT_USAGE;
                }
        }
        if (argc - optind > 1) {
                fputs(usage, stderr);
                return EXIT_USAGE;
        }
        return run(kind, optind < argc ? argv[optind] : NULL);
}
