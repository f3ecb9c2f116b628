/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_MEMORY_H
#define BENCH_MEMORY_H

/* Counts allocations: OpenSSL's own, which come through its memory functions, and everybody else's, which
 * come to malloc. */

#include <stdbool.h>
#include <stdint.h>

struct bench_allocations {
        uint64_t openssl; /* allocations and growths */
        uint64_t others;
        int64_t live; /* blocks of either that are not freed */
};

/* bench_memory_start must come before OpenSSL's first allocation; false: there is nothing to count with
 * (another C library, a sanitizer, valgrind). */
bool bench_memory_start(void);

/* bench_memory_count is what this thread has done so far. */
struct bench_allocations bench_memory_count(void);

/* bench_memory_heap is how many bytes of the heap are in use, all threads'; bench_memory_resident how many
 * bytes of the process are in memory. 0 where the system does not tell. */
uint64_t bench_memory_heap(void);
uint64_t bench_memory_resident(void);

#endif
