# SPDX-License-Identifier: Apache-2.0
"""One table of what several runs of bench_verify --json and of the peers measured: medians over the runs."""
import argparse
import json
import os
import platform
import statistics

BEGIN, END = "<!-- figures: tests/bench/run --page -->", "<!-- end of figures -->"


def median(values):
    return statistics.median(values)


def machine():
    name = platform.machine()
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as info:
            for line in info:
                if line.startswith("model name"):
                    name = line.split(":", 1)[1].strip()
                    break
    except OSError:
        pass
    return f"{name}, {os.cpu_count()} cores"


def peers_by_case(lines):
    """{case: {peer and version: [operations a second] or an error}}"""
    cases = {}
    for line in lines:
        one = json.loads(line)
        entry = cases.setdefault(one["case"], {}).setdefault(f"{one['peer']} {one['version'].lstrip('v')}", [])
        entry.append(one.get("error", one.get("a_second")))
    return cases


def rows_of_times(runs, peers):
    """(group, who, microseconds, a second, times raw, OpenSSL's allocations, others')"""
    groups = {}
    for i, contender in enumerate(runs[0]["contenders"]):
        groups.setdefault(contender["group"], []).append([run["contenders"][i] for run in runs])
    for group, members in groups.items():
        raws = [m for m in members if m[0]["name"].startswith("raw:")]
        raw = median([one["nanoseconds"] for one in raws[0]]) if raws else None
        for same in members:
            if "missing" in same[0]:
                yield group, same[0]["name"], same[0]["missing"], "", "", "", ""
                continue
            time = median([one["nanoseconds"] for one in same])
            yield (group, same[0]["name"], f"{time / 1e3:.2f}", f"{1e9 / time:,.0f}", f"{time / raw:.2f}" if raw else "",
                   *(f"{same[0][key]:.0f}" if key in same[0] else "" for key in ("allocations_openssl", "allocations_others")))
        for peer, rates in peers.get(group, {}).items():
            errors = [rate for rate in rates if isinstance(rate, str)]
            if errors:
                yield group, peer, "refused: " + errors[0], "", "", "", ""
                continue
            time = 1e9 / median(rates)
            yield group, peer, f"{time / 1e3:.2f}", f"{1e9 / time:,.0f}", f"{time / raw:.2f}" if raw else "", "", ""


def rows_of_targets(runs):
    def said(reached):
        return "reached" if reached else "missed"

    for i, ratio in enumerate(runs[0]["ratios"]):
        value = median([run["ratios"][i]["ratio"] for run in runs])
        yield ratio["what"], f"{value:.2f}", f"at most {ratio['at_most']:.2f}", said(value <= ratio["at_most"])
    two = median([run["two_threads"] for run in runs])
    raw = median([run["two_threads_raw"] for run in runs])
    yield "ES256 warm key, two threads : one", f"{two:.2f}", "at least 1.90", said(two >= 1.9)
    yield "raw ES256, two threads : one (what the machine gave)", f"{raw:.2f}", "", ""
    most = [one["allocations_others"] for one in runs[0]["contenders"] if "allocations_others" in one]
    if most:
        yield "allocations beyond OpenSSL's, the most", f"{max(most):.2f}", "at most 1", said(max(most) <= 1)
    growth = max((run["growth"] for run in runs if "growth" in run), key=lambda one: one["ceremonies"], default=None)
    if growth:
        yield (f"blocks more on the heap after {growth['ceremonies']:,} ceremonies", str(growth["blocks"]), "none",
               said(growth["blocks"] <= 0))


def as_text(head, rows):
    rows = [list(head)] + [list(row) for row in rows]
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
    for row in rows:
        cells = [row[0].ljust(widths[0])] + [
            cell.ljust(width) if not cell[:1].isdigit() else cell.rjust(width) for cell, width in zip(row[1:], widths[1:])]
        print("  ".join(cells).rstrip())
    print()


def as_markdown(head, rows, left):
    yield "| " + " | ".join(head) + " |"
    yield "|" + "|".join("---" if i < left else "---:" for i in range(len(head))) + "|"
    for row in rows:
        yield "| " + " | ".join(row) + " |"
    yield ""


def put_on_page(path, lines):
    with open(path, encoding="utf-8") as page:
        before, rest = page.read().split(BEGIN, 1)
    after = rest.split(END, 1)[1]
    with open(path, "w", encoding="utf-8") as page:
        page.write(before + BEGIN + "\n\n" + "\n".join(lines) + END + after)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("peers")
    parser.add_argument("runs", nargs="+")
    parser.add_argument("--page")
    options = parser.parse_args()
    with open(options.peers, encoding="utf-8") as lines:
        peers = peers_by_case(lines)
    runs = []
    for path in options.runs:
        with open(path, encoding="utf-8") as run:
            runs.append(json.load(run))
    times = list(rows_of_times(runs, peers))
    targets = list(rows_of_targets(runs))
    where = (f"{machine()}; OpenSSL {runs[0]['openssl']}, libsodium {runs[0]['libsodium']}; "
             f"{sum(run['rounds'] for run in runs)} rounds in {len(runs)} runs.")
    head = ("ceremony", "who", "us", "a second", "times raw", "OpenSSL's allocations", "others")
    goals = ("ratio", "is", "target", "")
    print(where + "\n")
    as_text(head, times)
    as_text(goals, targets)
    if options.page:
        put_on_page(options.page, [where, "", *as_markdown(goals, targets, 1), *as_markdown(head, times, 2)])


main()
