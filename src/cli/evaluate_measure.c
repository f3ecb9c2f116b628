/* SPDX-License-Identifier: Apache-2.0 */
#include "evaluate_measure.h"

#include "biometric_measure.h"
#include "evaluate_forms.h"
#include "finger_threshold.h"

#include <stdio.h>
#include <unistd.h>

#define FOLDER "measurement"

static const char evidence[] =
        "{\n"
        "  \"mitome_evidence\": 1,\n"
        "  \"items\": [\n"
        "    {\"kind\": \"measurement\", \"what\": \"the matcher of this target, with grown fingers\", \"by\": \"mitome evaluate\",\n"
        "     \"document\": \"" FOLDER "/report.json\"}\n"
        "  ]\n"
        "}\n";

static mitome_status place(
        const char *folder, const char *name, char ret[EVALUATE_MEASURE_PATH], mitome_error *error)
{
        int length = snprintf(ret, EVALUATE_MEASURE_PATH, "%s/%s", folder, name);
        return length > 0 && length < EVALUATE_MEASURE_PATH ? ok()
                                                            : fail(error, MITOME_E_TOO_LONG, "--out", NULL);
}

mitome_status evaluate_measure(const struct evaluate_options *options, char ret_path[EVALUATE_MEASURE_PATH],
        bool *ret_finished, mitome_error *error)
{
        enum { IMPRESSIONS = 2, SEED = 1 };
        char out[EVALUATE_MEASURE_PATH], journal[EVALUATE_MEASURE_PATH];
        MITOME_TRY(place(options->out, FOLDER, out, error));
        MITOME_TRY(place(options->out, FOLDER "/journal", journal, error));
        MITOME_TRY(place(options->out, "measurement.json", ret_path, error));
        struct biometric_order order = { .out = out,
                .matcher = options->matcher,
                .fingers = options->measure,
                .impressions = IMPRESSIONS,
                .seed = SEED,
                .parts = 1,
                .threshold = FINGER_THRESHOLD,
                .resume = options->resume,
                .print = BIOMETRIC_NOTHING };
        if (!options->resume)
                (void)unlink(journal); /* of an evaluation before, as the journal of the probes */
        MITOME_TRY(biometric_measure(&order, ret_finished, error));
        return evaluate_file_write(options->out, "measurement.json", slice_text(evidence), error);
}
