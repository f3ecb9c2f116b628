/* SPDX-License-Identifier: Apache-2.0 */
#include "load_lanes.h"

#include "portal_rows.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>

enum { EVENTS = 64, PROBE_EVERY = 16, TIMES_MAX = 1 << 22, BODY_MAX = SOFT_JSON_MAX };

enum step { IDLE, ASKS, ANSWERS };

struct lane {
        struct web_talk talk;
        struct web_visitor visitor; /* as the page was opened */
        enum step step;
        double due;
};

struct load {
        const struct load_plan *plan;
        struct lane *lanes;
        size_t idle_count;
        size_t *idle;
        int poll;
        float *times; /* milliseconds */
        size_t time_count;
        double next_due, begin, end;
        uint64_t dice, asked;
        struct load_result result;
        bool measuring;
};

static double now_s(void)
{
        struct timespec time;
        (void)clock_gettime(CLOCK_MONOTONIC, &time);
        return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* xorshift64*: who logs in next, and when. */
static uint64_t throw_dice(struct load *load)
{
        load->dice ^= load->dice >> 12;
        load->dice ^= load->dice << 25;
        load->dice ^= load->dice >> 27;
        return load->dice * UINT64_C(2685821657736338717);
}

static double pause_length(struct load *load)
{
        const double unit = ((double)(throw_dice(load) >> 11) + 1) / 9007199254740993.0;
        return -log(unit) / load->plan->rate;
}

/* ---- one lane ---- */

static bool push_out(struct lane *lane)
{
        struct web_talk *talk = &lane->talk;
        while (talk->out_sent < talk->out_size) {
                const ssize_t sent = send(
                        talk->fd, talk->out + talk->out_sent, talk->out_size - talk->out_sent, MSG_NOSIGNAL);
                if (sent < 0 && errno == EINTR)
                        continue;
                if (sent <= 0)
                        return false; /* requests are small: a socket that takes none is a broken lane */
                talk->out_sent += (size_t)sent;
        }
        return true;
}

static bool open_lane(struct load *load, size_t number)
{
        struct lane *lane = &load->lanes[number];
        struct epoll_event event = { .events = EPOLLIN, .data = { .u64 = number } };
        web_talk_begin(&lane->talk, load->plan->site->origin, load->plan->port);
        if (!web_talk_connect(&lane->talk, true) || web_talk_visit(&lane->talk) != 200)
                return false;
        lane->visitor = lane->talk.visitor;
        lane->step = IDLE;
        lane->talk.have = 0;
        return epoll_ctl(load->poll, EPOLL_CTL_ADD, lane->talk.fd, &event) == 0;
}

static void begin_login(struct load *load, size_t number, double due)
{
        struct lane *lane = &load->lanes[number];
        lane->due = due;
        lane->step = ASKS;
        lane->talk.visitor = lane->visitor; /* another browser each time */
        web_talk_compose(&lane->talk, "/api/login/options", slice_text("{}"));
        if (!push_out(lane))
                load->result.broken++;
}

static void end_login(struct load *load, size_t number, const struct web_reply *reply)
{
        struct lane *lane = &load->lanes[number];
        const double now = now_s();
        lane->step = IDLE;
        load->idle[load->idle_count++] = number;
        if (!load->measuring)
                return;
        if (reply->status != 200)
                load->result.refused++;
        else
                load->result.logins++;
        if (load->time_count < TIMES_MAX)
                load->times[load->time_count++] = (float)((now - lane->due) * 1000);
}

static bool answer_options(struct load *load, struct lane *lane, const struct web_reply *reply)
{
        uint8_t body[BODY_MAX];
        writer w = WRITER(body);
        if (load->plan->people)
                portal_rows_be(load->plan->passkey, throw_dice(load) % load->plan->people);
        if (reply->status != 200 ||
                !soft_passkey_assert(load->plan->passkey, load->plan->site, reply->body, 0, &w))
                return false;
        web_talk_consume(&lane->talk, reply);
        lane->step = ANSWERS;
        web_talk_compose(&lane->talk, "/api/login", writer_view(&w));
        const bool sent = push_out(lane);
        if (load->measuring && load->plan->probe && ++load->asked % PROBE_EVERY == 0)
                load->plan->probe(load->plan->context);
        return sent;
}

static void take_reply(struct load *load, size_t number)
{
        struct lane *lane = &load->lanes[number];
        struct web_reply reply = { 0 };
        const int whole = web_talk_parse(&lane->talk, &reply);
        if (whole == 0)
                return;
        if (whole > 0 && lane->step == ASKS && answer_options(load, lane, &reply))
                return;
        end_login(load, number, &reply);
        lane->talk.have = 0;
}

static void hear(struct load *load, size_t number)
{
        struct web_talk *talk = &load->lanes[number].talk;
        const ssize_t got = recv(talk->fd, talk->in + talk->have, sizeof talk->in - talk->have, MSG_DONTWAIT);
        if (got > 0) {
                talk->have += (size_t)got;
                take_reply(load, number);
                return;
        }
        if (got < 0 && (errno == EAGAIN || errno == EINTR))
                return;
        load->result.broken++;
        const bool working = load->lanes[number].step != IDLE;
        web_talk_hang_up(talk);
        if (open_lane(load, number) && working)
                load->idle[load->idle_count++] = number;
}

/* ---- all of them ---- */

static void begin_due(struct load *load, double now)
{
        while (load->idle_count && now < load->end) {
                if (load->plan->rate > 0 && load->next_due > now)
                        return;
                const double due = load->plan->rate > 0 ? load->next_due : now;
                begin_login(load, load->idle[--load->idle_count], due);
                if (load->plan->rate > 0)
                        load->next_due += pause_length(load);
        }
}

/* Milliseconds would be too coarse, and no waiting at all would take a processor from the portal. */
static struct timespec wait_time(const struct load *load, double now)
{
        double until = load->measuring ? load->end : load->begin;
        if (load->plan->rate > 0 && load->idle_count && load->next_due < until)
                until = load->next_due;
        const double left = until > now ? until - now : 0;
        return (struct timespec){ .tv_sec = (time_t)left,
                .tv_nsec = (long)((left - (double)(time_t)left) * 1e9) };
}

static void mark(struct load *load, bool measuring)
{
        load->measuring = measuring;
        if (load->plan->mark)
                load->plan->mark(load->plan->context);
}

static void turn(struct load *load)
{
        struct epoll_event events[EVENTS];
        double now = now_s();
        if (!load->measuring && now >= load->begin && load->begin > 0) {
                mark(load, true);
                load->begin = 0;
                load->result.seconds = now;
        }
        begin_due(load, now);
        const struct timespec left = wait_time(load, now);
        const int count = epoll_pwait2(load->poll, events, EVENTS, &left, NULL);
        for (int i = 0; i < count; i++)
                hear(load, (size_t)events[i].data.u64);
}

static int by_time(const void *a, const void *b)
{
        const float first = *(const float *)a, second = *(const float *)b;
        return (first > second) - (first < second);
}

static void summarise(struct load *load)
{
        const size_t count = load->time_count;
        qsort(load->times, count, sizeof load->times[0], by_time);
        if (count) {
                load->result.p50 = load->times[count / 2];
                load->result.p99 = load->times[count - 1 - count / 100];
                load->result.most = load->times[count - 1];
        }
}

static bool run(struct load *load)
{
        for (size_t i = 0; i < load->plan->lanes; i++) {
                if (!open_lane(load, i))
                        return false;
                load->idle[load->idle_count++] = i;
        }
        load->begin = now_s() + load->plan->warming;
        load->end = load->begin + load->plan->seconds;
        load->next_due = now_s();
        while (now_s() < load->end)
                turn(load);
        load->result.seconds = now_s() - load->result.seconds;
        mark(load, false);
        summarise(load);
        return true;
}

bool load_run(const struct load_plan *plan, struct load_result *ret)
{
        struct load load = { .plan = plan, .poll = epoll_create1(EPOLL_CLOEXEC), .dice = 88172645463325252U };
        load.lanes = calloc(plan->lanes, sizeof *load.lanes);
        load.idle = calloc(plan->lanes, sizeof *load.idle);
        load.times = calloc(TIMES_MAX, sizeof *load.times);
        const bool good = load.poll >= 0 && load.lanes && load.idle && load.times && run(&load);
        for (size_t i = 0; load.lanes && i < plan->lanes; i++)
                if (load.lanes[i].talk.origin)
                        web_talk_hang_up(&load.lanes[i].talk);
        free(load.lanes);
        free(load.idle);
        free(load.times);
        *ret = load.result;
        return good;
}
