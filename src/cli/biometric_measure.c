/* SPDX-License-Identifier: Apache-2.0 */
#include "biometric_measure.h"

#include "biometric_report.h"
#include "biometric_run.h"
#include "det_chart.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_SIZE = 4096 };

/* ---- the matcher ---- */

/* Beside this program, as installed or as built. */
static bool find_matcher(char path[PATH_SIZE])
{
        static const char *const places[] = { "mitome-matcher", "src/edge/matcher/mitome-matcher" };
        char own[PATH_SIZE / 2];
        ssize_t size = readlink("/proc/self/exe", own, sizeof own - 1);
        if (size <= 0)
                return false;
        own[size] = '\0';
        char *end = strrchr(own, '/');
        if (!end)
                return false;
        *end = '\0';
        for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
                int length = snprintf(path, PATH_SIZE, "%s/%s", own, places[i]);
                if (length > 0 && length < PATH_SIZE && access(path, X_OK) == 0)
                        return true;
        }
        return false;
}

/* ---- the results ---- */

static mitome_status write_file(const char *folder, const char *name, slice content, mitome_error *error)
{
        char path[PATH_SIZE];
        int length = snprintf(path, sizeof path, "%s/%s", folder, name);
        if (length < 0 || length >= PATH_SIZE)
                return fail(error, MITOME_E_TOO_LONG, "--out", NULL);
        FILE *file = fopen(path, "we");
        if (!file)
                return fail(error, MITOME_E_FILE_WRITE, "--out", NULL);
        bool written = fwrite(content.data, 1, content.size, file) == content.size;
        if (fclose(file) != 0 || !written)
                return fail(error, MITOME_E_FILE_WRITE, "--out", NULL);
        return ok();
}

static struct biometric_origin origin_of(
        const struct biometric_order *order, const struct biometric_source *source, char command[PATH_SIZE])
{
        if (order->images)
                (void)snprintf(command, PATH_SIZE, "mitome biometric measure --images DIR --impressions %u",
                        order->impressions);
        else
                (void)snprintf(command, PATH_SIZE,
                        "mitome biometric measure --fingers %u --impressions %u --seed %llu --threshold %u",
                        order->fingers, order->impressions, (unsigned long long)order->seed,
                        order->threshold);
        return (struct biometric_origin){
                .source = biometric_source_name(source),
                .command = command,
                .synthetic = !order->images,
        };
}

/* What is written, and where. */
struct product {
        const char *file;
        enum biometric_print print;
        void (*write)(
                const struct biometric_tally *tally, const struct biometric_origin *origin, writer *out);
};

static void write_chart(
        const struct biometric_tally *tally, const struct biometric_origin *origin, writer *out)
{
        (void)origin;
        det_chart_write(tally, out);
}

static const struct product products[] = {
        { "report.json", BIOMETRIC_JSON, biometric_report_json },
        { "report.txt", BIOMETRIC_TEXT, biometric_report_text },
        { "det.svg", BIOMETRIC_CHART, write_chart },
};

static mitome_status write_product(const struct biometric_order *order, const struct product *product,
        const struct biometric_tally *tally, const struct biometric_origin *origin, uint8_t *buffer,
        mitome_error *error)
{
        slice content;
        writer out = writer_over(buffer, BIOMETRIC_REPORT_MAX);
        product->write(tally, origin, &out);
        MITOME_TRY(writer_finish(&out, "report", &content, error));
        if (order->print == product->print)
                fwrite(content.data, 1, content.size, stdout);
        return order->out ? write_file(order->out, product->file, content, error) : ok();
}

static mitome_status write_products(const struct biometric_order *order, const struct biometric_tally *tally,
        const struct biometric_source *source, mitome_error *error)
{
        char command[PATH_SIZE];
        const struct biometric_origin origin = origin_of(order, source, command);
        uint8_t *buffer = malloc(BIOMETRIC_REPORT_MAX);
        if (!buffer)
                return fail(error, MITOME_E_NO_MEMORY, "report", NULL);
        mitome_status status = ok();
        for (size_t i = 0; i < sizeof products / sizeof *products && !failed(status); i++)
                status = write_product(order, &products[i], tally, &origin, buffer, error);
        free(buffer);
        return status;
}

/* ---- one run ---- */

static mitome_status open_source(
        struct biometric_order *order, struct biometric_source **ret, mitome_error *error)
{
        if (!order->images)
                return biometric_source_grown(order->fingers, order->seed, ret, error);
        MITOME_TRY(biometric_source_images(order->images, order->impressions, ret, error));
        order->fingers = biometric_source_fingers(*ret);
        return ok();
}

static mitome_status make_out(const struct biometric_order *order, mitome_error *error)
{
        if (!order->out || mkdir(order->out, 0777) == 0 || errno == EEXIST)
                return ok();
        return fail(error, MITOME_E_FILE_WRITE, "--out", NULL);
}

static mitome_status measure(const struct biometric_order *order, struct biometric_source *source,
        bool *ret_finished, mitome_error *error)
{
        char found[PATH_SIZE];
        const struct biometric_run_config config = {
                .plan = { order->fingers, order->impressions, BIOMETRIC_SET_MAX },
                .source = source,
                .program = order->matcher        ? order->matcher
                           : find_matcher(found) ? found
                                                 : NULL,
                .out = order->out,
                .threshold = order->threshold,
                .resume = order->resume,
                .part = order->part,
                .parts = order->parts,
        };
        struct biometric_tally *tally = NULL;
        if (!config.program)
                return fail(error, MITOME_E_NO_MATCHER, "--matcher", NULL);
        MITOME_TRY(make_out(order, error));
        MITOME_TRY(biometric_run(&config, &tally, ret_finished, error));
        mitome_status status = write_products(order, tally, source, error);
        biometric_tally_free(tally);
        return status;
}

mitome_status biometric_measure(struct biometric_order *order, bool *ret_finished, mitome_error *error)
{
        struct biometric_source *source = NULL;
        MITOME_TRY(open_source(order, &source, error));
        mitome_status status = measure(order, source, ret_finished, error);
        biometric_source_free(source);
        return status;
}
