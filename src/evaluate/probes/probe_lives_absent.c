/* SPDX-License-Identifier: Apache-2.0 */

/* This program was built without the parties of the life cycle: the probes that need them say so. */

#include "probe.h"
#include "probe_texts.h"

static void attempt(struct probe_run *run, struct target *target)
{
        (void)target;
        probe_end(run, PROBE_NOT_TESTABLE,
                "this program was built without the parties of the certificate's life");
}

const struct probe probe_p18 = { P18_TEXTS, .attempt = attempt };
const struct probe probe_p19 = { P19_TEXTS, .attempt = attempt };
const struct probe probe_p20 = { P20_TEXTS, .attempt = attempt };
const struct probe probe_p21 = { P21_TEXTS, .attempt = attempt };
