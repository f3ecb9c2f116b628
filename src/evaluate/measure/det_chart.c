/* SPDX-License-Identifier: Apache-2.0 */
#include "det_chart.h"

#include "binomial.h"

#include <math.h>
#include <stdio.h>

enum {
        WIDTH = 960,
        HEIGHT = 440,
        TOP = 50,
        BOTTOM = 380,
        FIRST_LEFT = 70,
        FIRST_RIGHT = 450,
        SECOND_LEFT = 550,
        SECOND_RIGHT = 930,
        DECADES = 5,         /* of the axes: 0.001 % to 100 % */
        THRESHOLDS_MAX = 200 /* of the axis */
};

/* PUT(out, format, ..) writes a line. */
#define PUT(out, ...)                                             \
        do {                                                      \
                char line_[512];                                  \
                (void)snprintf(line_, sizeof line_, __VA_ARGS__); \
                write_slice(out, slice_text(line_));              \
                write_u8(out, '\n');                              \
        } while (0)

/* One of the two pictures. */
struct panel {
        double left, right;
};

static const struct panel tradeoff = { FIRST_LEFT, FIRST_RIGHT };
static const struct panel by_threshold = { SECOND_LEFT, SECOND_RIGHT };

/* Where a rate stands on an axis, 0 to 1. */
static double share_of(double rate)
{
        const double lowest = pow(10, -DECADES);
        return rate <= lowest ? 0 : (log10(rate) + DECADES) / DECADES;
}

static double across(const struct panel *panel, double share)
{
        return panel->left + share * (panel->right - panel->left);
}

static double down(double rate)
{
        return BOTTOM - share_of(rate) * (BOTTOM - TOP);
}

static double plain(struct biometric_rate rate)
{
        return rate.trials ? (double)rate.errors / (double)rate.trials : 0;
}

static double bound(struct biometric_rate rate)
{
        return binomial_upper(rate.errors, rate.trials, 0.95);
}

/* ---- axes ---- */

static const char *decade_text(int decade)
{
        static const char *const texts[] = { "0.001 %", "0.01 %", "0.1 %", "1 %", "10 %", "100 %" };
        return texts[decade];
}

static void draw_frame(writer *out, const struct panel *panel, const char *title)
{
        PUT(out, "<text x=\"%.0f\" y=\"30\" class=\"title\">%s</text>", panel->left, title);
        for (int decade = 0; decade <= DECADES; decade++) {
                double y = BOTTOM - (double)decade / DECADES * (BOTTOM - TOP);
                PUT(out, "<path class=\"grid\" d=\"M%.0f %.1fH%.0f\"/>", panel->left, y, panel->right);
                PUT(out, "<text class=\"axis\" x=\"%.0f\" y=\"%.1f\" text-anchor=\"end\">%s</text>",
                        panel->left - 6, y + 4, decade_text(decade));
        }
}

static void draw_axes(writer *out)
{
        draw_frame(out, &tradeoff, "FNMR (up) against FMR (across)");
        draw_frame(out, &by_threshold, "FMR and FNMR by threshold");
        for (int decade = 0; decade <= DECADES; decade++) {
                double x = across(&tradeoff, (double)decade / DECADES);
                PUT(out, "<path class=\"grid\" d=\"M%.1f %dV%d\"/>", x, TOP, BOTTOM);
                PUT(out, "<text class=\"axis\" x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%s</text>", x,
                        BOTTOM + 18, decade_text(decade));
        }
        for (int threshold = 0; threshold <= THRESHOLDS_MAX; threshold += 10) {
                double x = across(&by_threshold, (double)threshold / THRESHOLDS_MAX);
                PUT(out, "<path class=\"grid\" d=\"M%.1f %dV%d\"/>", x, TOP, BOTTOM);
                if (threshold % 40 == 0)
                        PUT(out, "<text class=\"axis\" x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%d</text>",
                                x, BOTTOM + 18, threshold);
        }
}

/* ---- curves ---- */

/* What is drawn of each threshold. */
struct errors {
        struct biometric_rate fmr, fnmr;
};

static struct errors errors_at(const struct biometric_tally *tally, int threshold)
{
        return (struct errors){
                biometric_tally_fmr(tally, (unsigned)threshold),
                biometric_tally_fnmr(tally, (unsigned)threshold),
        };
}

struct point {
        double x, y;
};

typedef struct point (*point_of)(const struct errors *errors, int threshold);

static struct point on_tradeoff(const struct errors *errors, int threshold)
{
        (void)threshold;
        return (struct point){ across(&tradeoff, share_of(plain(errors->fmr))), down(plain(errors->fnmr)) };
}

static struct point on_tradeoff_bound(const struct errors *errors, int threshold)
{
        (void)threshold;
        return (struct point){ across(&tradeoff, share_of(bound(errors->fmr))), down(bound(errors->fnmr)) };
}

static double column(int threshold)
{
        return across(&by_threshold, (double)threshold / THRESHOLDS_MAX);
}

static struct point on_fmr(const struct errors *errors, int threshold)
{
        return (struct point){ column(threshold), down(plain(errors->fmr)) };
}

static struct point on_fmr_bound(const struct errors *errors, int threshold)
{
        return (struct point){ column(threshold), down(bound(errors->fmr)) };
}

static struct point on_fnmr(const struct errors *errors, int threshold)
{
        return (struct point){ column(threshold), down(plain(errors->fnmr)) };
}

static struct point on_fnmr_bound(const struct errors *errors, int threshold)
{
        return (struct point){ column(threshold), down(bound(errors->fnmr)) };
}

static void draw_curve(writer *out, const struct biometric_tally *tally, const char *class, point_of point_at)
{
        PUT(out, "<path class=\"%s\" d=\"", class);
        for (int threshold = 1; threshold <= THRESHOLDS_MAX; threshold++) {
                const struct errors errors = errors_at(tally, threshold);
                const struct point point = point_at(&errors, threshold);
                PUT(out, "%c%.1f %.1f", threshold == 1 ? 'M' : 'L', point.x, point.y);
        }
        PUT(out, "\"/>");
}

static void draw_curves(writer *out, const struct biometric_tally *tally)
{
        static const struct {
                const char *class;
                point_of point_at;
        } curves[] = {
                { "det", on_tradeoff },
                { "det bound", on_tradeoff_bound },
                { "fmr", on_fmr },
                { "fmr bound", on_fmr_bound },
                { "fnmr", on_fnmr },
                { "fnmr bound", on_fnmr_bound },
        };
        for (size_t i = 0; i < sizeof curves / sizeof *curves; i++)
                draw_curve(out, tally, curves[i].class, curves[i].point_at);
}

static void draw_marks(writer *out, const struct biometric_tally *tally)
{
        static const int marks[] = { 40, 50, 60, 70, 80 };
        for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
                const struct errors errors = errors_at(tally, marks[i]);
                const struct point point = on_tradeoff_bound(&errors, marks[i]);
                PUT(out, "<circle class=\"mark\" cx=\"%.1f\" cy=\"%.1f\" r=\"3\"/>", point.x, point.y);
                PUT(out, "<text class=\"axis\" x=\"%.1f\" y=\"%.1f\">%d</text>", point.x + 5,
                        point.y - 6 - 12 * (double)(i % 2), marks[i]);
        }
        double x = column((int)tally->threshold);
        PUT(out, "<path class=\"threshold\" d=\"M%.1f %dV%d\"/>", x, TOP, BOTTOM);
        PUT(out, "<text class=\"axis\" x=\"%.1f\" y=\"%d\">threshold %u</text>", x + 4, TOP + 12,
                tally->threshold);
}

static void draw_key(writer *out, const struct biometric_tally *tally)
{
        PUT(out,
                "<text class=\"axis\" x=\"%d\" y=\"%d\">%llu comparisons of different fingers, %llu of the same; "
                "dashed: exact 95 %% upper bounds; along the edge: no error</text>",
                FIRST_LEFT, HEIGHT - 20, (unsigned long long)tally->impostor.trials,
                (unsigned long long)tally->genuine.trials);
        PUT(out, "<path class=\"fmr\" d=\"M%d 424h24\"/><text class=\"axis\" x=\"%d\" y=\"428\">FMR</text>",
                SECOND_LEFT + 220, SECOND_LEFT + 250);
        PUT(out, "<path class=\"fnmr\" d=\"M%d 424h24\"/><text class=\"axis\" x=\"%d\" y=\"428\">FNMR</text>",
                SECOND_LEFT + 300, SECOND_LEFT + 330);
}

void det_chart_write(const struct biometric_tally *tally, writer *out)
{
        PUT(out,
                "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\">",
                WIDTH, HEIGHT, WIDTH, HEIGHT);
        PUT(out, "<title>Detection error tradeoff</title>");
        PUT(out,
                "<style>text{font:12px sans-serif;fill:#222}.title{font-size:14px}.grid{stroke:#ddd;fill:none}"
                ".det,.fmr,.fnmr{fill:none;stroke-width:2}.det{stroke:#444}.fmr{stroke:#b3261e}.fnmr{stroke:#1e5fb3}");
        PUT(out, ".bound{stroke-dasharray:5 4;stroke-width:1.3}.mark{fill:#444}"
                 ".threshold{stroke:#2e7d32;stroke-width:1.5;fill:none}</style>");
        PUT(out, "<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>");
        draw_axes(out);
        draw_curves(out, tally);
        draw_marks(out, tally);
        draw_key(out, tally);
        PUT(out, "</svg>");
}
