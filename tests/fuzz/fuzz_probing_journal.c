/* SPDX-License-Identifier: Apache-2.0 */
#include "probing.h"
#include "probing_journal.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* The journal of an evaluation, as whoever can write to the folder leaves it: read, and gone on with. An odd
 * first byte puts a header before it that is ours. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char folder[64], path[96];

static void remove_folder(void)
{
        unlink(path);
        rmdir(folder);
}

static void make_folder(void)
{
        if (folder[0])
                return;
        snprintf(folder, sizeof folder, "%s/fuzz-journal-XXXXXX",
                access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
        if (!mkdtemp(folder))
                abort();
        snprintf(path, sizeof path, "%s/%s", folder, PROBING_JOURNAL);
        atexit(remove_folder);
}

static json_t *header(void)
{
        return json_pack(
                "{s:i, s:s, s:s}", "mitome_journal", 1, "version", "1", "at", "2026-11-22T10:00:00Z");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct probing_journal journal;
        static const char first[] = "{\"mitome_journal\":1,\"version\":\"1\",\"at\":\"\"}\n";
        const bool ours = size > 0 && data[0] & 1;
        make_folder();
        json_t *wanted = header();
        int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        if (fd < 0 || (ours && write(fd, first, sizeof first - 1) < 0))
                abort();
        data += size > 0;
        size -= size > 0;
        if (write(fd, data, size) != (ssize_t)size || close(fd) != 0)
                abort();
        if (!failed(probing_journal_read(folder, wanted, &journal, NULL)))
                probing_journal_close(&journal);
        if (failed(probing_journal_open(folder, header(), true, &journal, NULL))) {
                json_decref(wanted);
                return 0;
        }
        /* What was taken is whole: another line follows, and all is found again. */
        json_t *probe = json_pack("{s:s, s:s}", "id", "P98", "result", "holds");
        if (failed(probing_journal_add(&journal, probe, NULL)))
                abort();
        json_decref(probe);
        probing_journal_close(&journal);
        if (failed(probing_journal_read(folder, wanted, &journal, NULL)) ||
                !json_object_get(journal.probes, "P98"))
                abort();
        probing_journal_close(&journal);
        json_decref(wanted);
        return 0;
}
