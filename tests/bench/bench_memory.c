/* SPDX-License-Identifier: Apache-2.0 */
#include "bench_memory.h"

#include <malloc.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define BENCH_SANITIZED
#endif
#endif

#if defined(__GLIBC__) && !defined(BENCH_SANITIZED) && !defined(__SANITIZE_ADDRESS__)

static _Thread_local struct bench_allocations counted;

/* glibc's own allocator behind the names that are taken here. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *block, size_t size);
extern void __libc_free(void *block);

void *malloc(size_t size)
{
        void *block = __libc_malloc(size);
        counted.others++;
        counted.live += block != NULL;
        return block;
}

void *calloc(size_t count, size_t size)
{
        void *block = __libc_calloc(count, size);
        counted.others++;
        counted.live += block != NULL;
        return block;
}

void *realloc(void *block, size_t size)
{
        void *other = __libc_realloc(block, size);
        counted.others++;
        counted.live += (!block && other) - (block && size == 0);
        return other;
}

void free(void *block)
{
        counted.live -= block != NULL;
        __libc_free(block);
}

static void *openssl_malloc(size_t size, const char *file, int line)
{
        (void)file;
        (void)line;
        if (size == 0)
                return NULL;
        void *block = __libc_malloc(size);
        counted.openssl++;
        counted.live += block != NULL;
        return block;
}

static void openssl_free(void *block, const char *file, int line)
{
        (void)file;
        (void)line;
        free(block);
}

static void *openssl_realloc(void *block, size_t size, const char *file, int line)
{
        if (!block)
                return openssl_malloc(size, file, line);
        if (size == 0) {
                free(block);
                return NULL;
        }
        counted.openssl++;
        return __libc_realloc(block, size);
}

bool bench_memory_start(void)
{
        uint64_t before = counted.others;
        void *(*volatile take)(size_t) = malloc; /* the compiler believes that it knows malloc */
        free(take(1));                           /* another's malloc (valgrind's) would not count it */
        return counted.others == before + 1 &&
               CRYPTO_set_mem_functions(openssl_malloc, openssl_realloc, openssl_free) == 1;
}

struct bench_allocations bench_memory_count(void)
{
        return counted;
}

#else

bool bench_memory_start(void)
{
        return false;
}

struct bench_allocations bench_memory_count(void)
{
        return (struct bench_allocations){ 0 };
}

#endif

uint64_t bench_memory_heap(void)
{
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 33)
        struct mallinfo2 info = mallinfo2();
        return info.uordblks + info.hblkhd;
#else
        return 0;
#endif
}

uint64_t bench_memory_resident(void)
{
        unsigned long pages = 0;
        FILE *file = fopen("/proc/self/statm", "r");
        if (!file)
                return 0;
        if (fscanf(file, "%*u %lu", &pages) != 1)
                pages = 0;
        fclose(file);
        return (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
}
