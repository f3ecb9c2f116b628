/* SPDX-License-Identifier: Apache-2.0 */
#include "apdu.h"
#include "cbor.h"
#include "cli.h"
#include "complain.h"
#include "json.h"
#include "print.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

enum { INPUT_MAX = 1 << 20, EXIT_USAGE = 2 };

static const char usage[] =
        "usage: mitome inspect [--as KIND] [FILE]\n\n"
        "Prints a structure for a person to read. FILE (or standard input) holds it as bytes, hexadecimal digits or\n"
        "base64url. Without --as it is recognised by its form; the kinds are:\n"
        "  attestation-object, cose-key, cbor, auth-data, ctap-request, ctap-response, apdu-command, apdu-response\n";

/* ---- the kinds, in the order in which they are tried: the stricter a form, the earlier ---- */

static mitome_status inspect_cbor(FILE *out, int indent, slice bytes, mitome_error *error)
{
        (void)indent;
        MITOME_TRY(print_cbor(out, bytes, NULL, true, error));
        fputc('\n', out);
        return ok();
}

static mitome_status inspect_ctap(FILE *out, bool request, slice bytes, mitome_error *error)
{
        struct cbor_reader r = cbor_over(bytes, "CTAP 2.1 8", error);
        uint8_t first;
        MITOME_TRY(read_u8(&r.bytes, "CTAP message", &first));
        if (r.bytes.rest.size) {
                MITOME_TRY(cbor_skip(&r, "parameters"));
                MITOME_TRY(cbor_end(&r, "CTAP message"));
        }
        print_ctap(out, request, 0, bytes);
        return ok();
}

static mitome_status inspect_request(FILE *out, int indent, slice bytes, mitome_error *error)
{
        (void)indent;
        return inspect_ctap(out, true, bytes, error);
}

static mitome_status inspect_response(FILE *out, int indent, slice bytes, mitome_error *error)
{
        (void)indent;
        return inspect_ctap(out, false, bytes, error);
}

static mitome_status inspect_command(FILE *out, int indent, slice bytes, mitome_error *error)
{
        struct apdu_command command;
        (void)indent;
        MITOME_TRY(apdu_read_command(bytes, &command, error));
        print_apdu(out, true, bytes);
        return ok();
}

static mitome_status inspect_answer(FILE *out, int indent, slice bytes, mitome_error *error)
{
        slice data;
        uint16_t sw;
        (void)indent;
        MITOME_TRY(apdu_read_response(bytes, &data, &sw, error));
        if (sw >> 12 != 0x6 && sw >> 12 != 0x9)
                return fail_at(error, MITOME_E_VALUE, bytes.size - 2, "SW1", "ISO 7816-4 5.1.3");
        print_apdu(out, false, bytes);
        return ok();
}

static const struct kind {
        const char *name, *title;
        mitome_status (*print)(FILE *out, int indent, slice bytes, mitome_error *error);
} kinds[] = {
        { "attestation-object", "attestation object (WebAuthn L3 6.5.4)", print_attestation_object },
        { "cose-key", "COSE key (WebAuthn L3 6.5.1.1)", print_cose_key },
        { "cbor", "CTAP2 canonical CBOR", inspect_cbor },
        { "auth-data", "authenticator data (WebAuthn L3 6.1)", print_authdata },
        { "ctap-request", "CTAP request", inspect_request },
        { "ctap-response", "CTAP response", inspect_response },
        { "apdu-command", "command APDU (ISO 7816-4)", inspect_command },
        { "apdu-response", "response APDU (ISO 7816-4)", inspect_answer },
};

enum { KINDS = sizeof kinds / sizeof kinds[0] };

/* ---- input ---- */

static bool is_space(uint8_t c)
{
        return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static int hex_digit(uint8_t c)
{
        return c >= '0' && c <= '9'   ? c - '0'
               : c >= 'a' && c <= 'f' ? c - 'a' + 10
               : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                      : -1;
}

/* Decodes hexadecimal digits with white space between them; false when the input is anything else. */
static bool decode_hex(slice input, writer *out)
{
        int high = -1;
        for (size_t i = 0; i < input.size; i++) {
                int digit = hex_digit(input.data[i]);
                if (is_space(input.data[i]))
                        continue;
                if (digit < 0)
                        return false;
                if (high >= 0)
                        write_u8(out, (uint8_t)(high << 4 | digit));
                high = high >= 0 ? -1 : digit;
        }
        return high < 0 && out->used > 0;
}

static slice trimmed(slice input)
{
        while (input.size && is_space(input.data[input.size - 1]))
                input.size--;
        return input;
}

/* What the input means: text that decodes is decoded, anything else is the bytes themselves. */
static slice decode(slice input, uint8_t *buffer, size_t capacity)
{
        slice decoded;
        writer hex = writer_over(buffer, capacity);
        if (decode_hex(input, &hex))
                return writer_view(&hex);
        if (!failed(base64url_decode(trimmed(input), "input", buffer, capacity, &decoded, NULL)) &&
                decoded.size)
                return decoded;
        return input;
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

static mitome_status print_kind(const struct kind *kind, slice bytes, mitome_error *error)
{
        printf("%s, %zu bytes\n", kind->title, bytes.size);
        return kind->print(stdout, 2, bytes, error);
}

/* A dry run into nowhere tells whether the bytes are of the kind. */
static bool fits(const struct kind *kind, slice bytes)
{
        FILE *nowhere = fopen("/dev/null", "we");
        bool fit = nowhere && !failed(kind->print(nowhere, 0, bytes, NULL));
        if (nowhere)
                fclose(nowhere);
        return fit;
}

static mitome_status inspect(const char *name, slice bytes, mitome_error *error)
{
        for (int i = 0; i < KINDS; i++)
                if (name ? strcmp(kinds[i].name, name) == 0 : fits(&kinds[i], bytes))
                        return print_kind(&kinds[i], bytes, error);
        return fail(error, MITOME_E_ARGUMENT, name ? "--as" : "the input", NULL);
}

static int run(const char *name, const char *path)
{
        mitome_error error = { 0 };
        slice input;
        uint8_t *memory = malloc(2 * (INPUT_MAX + 1));
        if (!memory)
                return EXIT_USAGE;
        mitome_status status = read_input(path, memory, &input, &error);
        if (!failed(status))
                status = inspect(name, decode(input, memory + INPUT_MAX + 1, INPUT_MAX + 1), &error);
        if (failed(status))
                complain("mitome inspect", &error);
        free(memory);
        return !failed(status)                                                         ? 0
               : status.code == MITOME_E_FILE_READ || status.code == MITOME_E_ARGUMENT ? EXIT_USAGE
                                                                                       : 1;
}

int inspect_main(int argc, char **argv)
{
        static const struct option known[] = {
                { "as", required_argument, NULL, 'a' },
                { "help", no_argument, NULL, 'h' },
                { 0 },
        };
        const char *name = NULL;
        for (int option; (option = getopt_long(argc, argv, "", known, NULL)) != -1;) {
                if (option == 'a') {
                        name = optarg;
                } else {
                        fputs(usage, option == 'h' ? stdout : stderr);
                        return option == 'h' ? 0 : EXIT_USAGE;
                }
        }
        if (argc - optind > 1) {
                fputs(usage, stderr);
                return EXIT_USAGE;
        }
        return run(name, optind < argc ? argv[optind] : NULL);
}
