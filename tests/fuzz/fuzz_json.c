/* SPDX-License-Identifier: Apache-2.0 */
/* JSON from anywhere: what is taken is written again as JSON of the same meaning. */
#include "transcribe.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* Six bytes at most are written for one that is read: a control character. */
enum { INPUT_MAX = 1 << 13, OUTPUT_MAX = 6 * INPUT_MAX };

/* Skipping finds the same fault in the same place; but for strings that are longer than what transcribes. */
static void check_skip(slice input, mitome_status taken, const struct json_reader *end)
{
        mitome_error error = { 0 };
        struct json_reader r = json_over(input, "RFC 8259", &error);
        mitome_status status = json_skip(&r, "value");
        if (error.code != status.code || (failed(status) && error.at > input.size))
                abort();
        if (taken.code != MITOME_E_TOO_LONG && status.code != taken.code)
                abort();
        if (!failed(status) && !failed(taken) && r.bytes.offset != end->bytes.offset)
                abort();
}

static void check_base64url(slice input)
{
        static uint8_t decoded[INPUT_MAX], encoded[OUTPUT_MAX];
        slice value;
        writer w = WRITER(encoded);
        struct json_writer json = json_into(&w);
        if (failed(base64url_decode(input, "text", decoded, sizeof decoded, &value, NULL)))
                return;
        json_write_base64url(&json, NULL, value); /* there is one text for any bytes */
        if (w.overflowed || w.used != input.size + 2 ||
                !slice_equal(slice_of(encoded + 1, w.used - 2), input))
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
        static uint8_t first[OUTPUT_MAX], second[OUTPUT_MAX];
        if (size > INPUT_MAX)
                return 0;
        slice input = slice_of(bytes, size);
        check_base64url(input);
        struct json_reader r = json_over(input, NULL, NULL);
        writer w = WRITER(first);
        struct json_writer json = json_into(&w);
        mitome_status status = json_transcribe(&r, &json);
        check_skip(input, status, &r);
        if (failed(status))
                return 0;
        slice once, twice;
        if (r.depth != 0 || failed(writer_finish(&w, "value", &once, NULL)))
                abort();
        r = json_over(once, NULL, NULL);
        w = WRITER(second);
        json = json_into(&w);
        if (failed(json_transcribe(&r, &json)) || failed(json_end(&r, "value")) ||
                failed(writer_finish(&w, "value", &twice, NULL)) || !slice_equal(once, twice))
                abort();
        return 0;
}
