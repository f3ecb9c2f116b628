/* SPDX-License-Identifier: Apache-2.0 */
#include "print_place.h"

#include <stdarg.h>
#include <time.h>

enum { NAME_WIDTH = 14, DEEPER = 2, AAGUID_SIZE = 16 };

void print_name(const struct print_place *place, const char *name)
{
        fprintf(place->out, "%*s%-*s ", place->indent, "", NAME_WIDTH, name);
}

void print_line(const struct print_place *place, const char *name, const char *format, ...)
{
        va_list values;
        print_name(place, name);
        va_start(values, format);
        vfprintf(place->out, format, values);
        va_end(values);
        fputc('\n', place->out);
}

void print_hex_line(const struct print_place *place, const char *name, slice bytes)
{
        print_name(place, name);
        print_hex(place->out, bytes, SIZE_MAX);
        fputc('\n', place->out);
}

void print_bytes_line(const struct print_place *place, const char *name, slice bytes)
{
        print_name(place, name);
        if (bytes.size) {
                fprintf(place->out, "%zu bytes: ", bytes.size);
                print_hex(place->out, bytes, SIZE_MAX);
                fputc('\n', place->out);
        } else {
                fputs("empty\n", place->out);
        }
}

void print_text_line(const struct print_place *place, const char *name, slice text)
{
        print_name(place, name);
        print_text(place->out, text);
        fputc('\n', place->out);
}

/* RFC 9562 4: groups of 4, 2, 2, 2 and 6 bytes. */
void print_aaguid_line(const struct print_place *place, const char *name, slice aaguid)
{
        uint8_t bits = 0;
        if (aaguid.size != AAGUID_SIZE) {
                print_bytes_line(place, name, aaguid);
                return;
        }
        print_name(place, name);
        for (size_t i = 0; i < aaguid.size; i++) {
                fprintf(place->out, i == 4 || i == 6 || i == 8 || i == 10 ? "-%02x" : "%02x", aaguid.data[i]);
                bits |= aaguid.data[i];
        }
        fputs(bits ? "\n" : " (names no model)\n", place->out);
}

void print_time_line(const struct print_place *place, const char *name, int64_t time)
{
        struct tm date;
        char text[64];
        time_t seconds = (time_t)time;
        if (gmtime_r(&seconds, &date) && strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &date))
                print_line(place, name, "%s", text);
        else
                print_line(place, name, "%lld seconds since 1970", (long long)time);
}

reader print_reader(const struct print_place *place, slice bytes, const char *clause)
{
        reader r = reader_over(bytes, clause, place->error);
        r.offset = place->at;
        return r;
}

struct cbor_reader print_cbor_reader(const struct print_place *place, slice bytes, const char *clause)
{
        struct cbor_reader r = cbor_over(bytes, clause, place->error);
        r.bytes.offset = place->at;
        return r;
}

mitome_status print_relay(const struct print_place *place, mitome_status status, const mitome_error *inner)
{
        size_t at = inner->at == MITOME_NOWHERE ? inner->at : place->at + inner->at;
        if (failed(status))
                error_record(place->error, status.code, at, inner->field, inner->clause);
        return status;
}

void print_wrong(const struct print_place *place, const mitome_error *wrong)
{
        char text[512];
        mitome_explain(wrong, text, sizeof text);
        fprintf(place->out, "%*s! %s\n", place->indent, "", text);
        error_record(place->error, wrong->code, wrong->at, wrong->field, wrong->clause);
}

void print_part(const struct print_place *place, print_printer *printer, slice bytes, size_t at)
{
        mitome_error inner = { 0 };
        const struct print_place within = { place->out, place->indent + DEEPER, at, &inner };
        if (failed(printer(&within, bytes)))
                print_wrong(&(struct print_place){ place->out, within.indent, at, place->error }, &inner);
        else if (inner.code != MITOME_OK)
                error_record(place->error, inner.code, inner.at, inner.field, inner.clause);
}
