/* SPDX-License-Identifier: Apache-2.0 */
#include "inspect_input.h"

#include "base64_text.h"
#include "hex_text.h"
#include "print_json.h"

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

struct inspection {
        FILE *out;
        const struct inspect_kind *kind; /* NULL: to be recognised */
        bool bold;
        mitome_error *error;
};

/* ---- printing ---- */

static void print_whole(const struct inspection *i, const struct inspect_kind *kind, slice bytes, slice text)
{
        fprintf(i->out, i->bold ? "\033[1m%s\033[0m, %zu bytes\n" : "%s, %zu bytes\n", kind->title,
                bytes.size);
        fwrite(text.data, 1, text.size, i->out);
        if (kind->note)
                fprintf(i->out, "%s\n", kind->note);
}

/* Prints all of it or nothing: what is refused in the middle leaves no half of it on the screen. */
static mitome_status print_kind(
        const struct inspection *i, const struct inspect_kind *kind, slice bytes, mitome_error *error)
{
        char *text = NULL;
        size_t size = 0;
        const struct print_place place = { open_memstream(&text, &size), 2, 0, error };
        if (!place.out)
                return fail(error, MITOME_E_NO_MEMORY, "the text", NULL);
        mitome_status status = kind->print(&place, bytes);
        if (fclose(place.out) != 0 && !failed(status))
                status = fail(error, MITOME_E_NO_MEMORY, "the text", NULL);
        if (!failed(status))
                print_whole(i, kind, bytes, slice_of(text, size));
        free(text);
        return status;
}

static void keep(mitome_error *error, const mitome_error *found)
{
        if (found->code != MITOME_OK)
                error_record(error, found->code, found->at, found->field, found->clause);
}

/* Prints it as the first kind that it may be and is. The error of the likeliest kind is the one that is told.
 */
static mitome_status print_recognised(const struct inspection *i, slice bytes)
{
        mitome_error first = { 0 };
        const struct inspect_kind *kind;
        for (size_t at = 0; (kind = inspect_kind_at(at)); at++) {
                mitome_error found = { 0 };
                if (!kind->may_be(bytes))
                        continue;
                if (!failed(print_kind(i, kind, bytes, &found))) {
                        keep(i->error, &found);
                        return ok();
                }
                keep(&first, &found);
                if (kind->certain)
                        break;
        }
        if (first.code != MITOME_OK)
                return fail_at(i->error, first.code, first.at, first.field, first.clause);
        return fail(i->error, MITOME_E_UNRECOGNISED, "the input", NULL);
}

static mitome_status print_bytes(const struct inspection *i, slice bytes)
{
        return i->kind ? print_kind(i, i->kind, bytes, i->error) : print_recognised(i, bytes);
}

/* ---- PEM, RFC 7468 ---- */

/* JSON may hold PEM; whatever else may stand before it. */
static bool is_pem(slice input)
{
        slice start = print_json_object(input);
        return start.size && start.data[0] != '{' &&
               memmem(input.data, input.size, "-----BEGIN ", 11) != NULL;
}

static bool is_private(const char *label)
{
        return strstr(label, "PRIVATE") != NULL;
}

/* Tells the end of the text from a block that cannot be read. */
static bool is_end(void)
{
        return ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
}

/* Each block on its own, up to the first that is refused. */
static mitome_status print_pem(const struct inspection *i, slice input)
{
        BIO *text = BIO_new_mem_buf(input.data, (int)input.size);
        char *label = NULL, *header = NULL;
        unsigned char *der = NULL;
        long size = 0;
        size_t count = 0;
        mitome_status status = ok();
        while (text && !failed(status) && PEM_read_bio(text, &label, &header, &der, &size) == 1) {
                count++;
                /* A private key is nobody's to print. */
                status = is_private(label) ? fail(i->error, MITOME_E_UNRECOGNISED,
                                                     "the PEM block, a private key,", NULL)
                                           : print_bytes(i, slice_of(der, (size_t)size));
                OPENSSL_free(label);
                OPENSSL_free(header);
                OPENSSL_clear_free(der, (size_t)size);
        }
        BIO_free(text);
        if (count == 0 || (!failed(status) && !is_end()))
                return fail(i->error, MITOME_E_VALUE, "the PEM text", "RFC 7468");
        return status;
}

/* ---- forms ---- */

static bool is_text(slice input)
{
        for (size_t i = 0; i < input.size; i++)
                if (input.data[i] >= 0x7F || (input.data[i] < ' ' && !hex_text_is_space(input.data[i])))
                        return false;
        return input.size > 0;
}

static slice trimmed(slice input)
{
        slice text = input;
        if (text.size && hex_text_is_space(text.data[0]))
                text = print_json_object(text); /* passes white space over */
        while (text.size && hex_text_is_space(text.data[text.size - 1]))
                text.size--;
        return text;
}

/* What stands for itself: JSON, and a JWS with its two dots. */
static bool is_spoken(slice text)
{
        slice object = print_json_object(text);
        return (object.size && object.data[0] == '{') || (is_text(text) && memchr(text.data, '.', text.size));
}

/* What the input means: text is hexadecimal, base64 or base64url, anything else is the bytes themselves. Only
 * structures of very few bytes could be mistaken for text. */
static mitome_status decode(slice input, uint8_t *buffer, slice *ret, mitome_error *error)
{
        mitome_status hex = hex_text_decode(input, "hexadecimal text", buffer, input.size, ret, NULL);
        if (!failed(hex))
                return ok();
        if (hex.code == MITOME_E_INPUT_ENDS) /* all digits, but one is missing */
                return hex_text_decode(input, "the last hexadecimal digit", buffer, input.size, ret, error);
        slice text = trimmed(input);
        if (is_spoken(text))
                *ret = text;
        else if (is_text(input))
                return base64_text_decode(input, "the text", buffer, input.size, ret, error);
        else
                *ret = input;
        return input.size ? ok() : fail(error, MITOME_E_MISSING, "the input", NULL);
}

static mitome_status print_form(const struct inspection *i, slice input)
{
        slice bytes;
        if (is_pem(input))
                return print_pem(i, input);
        uint8_t *buffer = malloc(input.size + 1);
        if (!buffer)
                return fail(i->error, MITOME_E_NO_MEMORY, "the input", NULL);
        mitome_status status = decode(input, buffer, &bytes, i->error);
        if (!failed(status))
                status = print_bytes(i, bytes);
        free(buffer);
        return status;
}

mitome_status inspect_input(
        FILE *out, const struct inspect_kind *kind, slice input, bool bold, mitome_error *error)
{
        mitome_error ignored = { 0 };
        const struct inspection inspection = { out, kind, bold, error ? error : &ignored };
        (void)ERR_set_mark(); /* what OpenSSL says of others' mistakes stays here */
        mitome_status status = print_form(&inspection, input);
        (void)ERR_pop_to_mark();
        return status;
}
