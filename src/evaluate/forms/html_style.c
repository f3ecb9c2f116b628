/* SPDX-License-Identifier: Apache-2.0 */
#include "html_style.h"

/* Every pair of colours that text is set in has a contrast of at least 4.5 : 1 in both schemes; axe counts
 * them in tests/browser/report.mjs. No '<' and no '&': the sheet stands in HTML as it would in XML. */
static const char *const style[] = {
        ":root{color-scheme:light dark;--ground:#f6f7f9;--paper:#fff;--ink:#1b2430;--quiet:#505b69;--line:#d5dae1;--accent:#1f5296;--tint:#e9f0fa;",
        "--good:#1a6239;--good-tint:#e8f5ed;--bad:#a3242c;--bad-tint:#fcedee;--part:#7a4b00;--part-tint:#fdf2dd;--told:#5c3d8f;--told-tint:#f2edfb;--open:#414c59;--open-tint:#eceff3}\n",
        "@media (prefers-color-scheme:dark){:root{--ground:#12161c;--paper:#1a2029;--ink:#e7ecf2;--quiet:#a9b4c1;--line:#3a4553;--accent:#9cc2fa;--tint:#1f2b3d;",
        "--good:#8ed8ae;--good-tint:#17301f;--bad:#ffaeb1;--bad-tint:#3a2024;--part:#f0c674;--part-tint:#332810;--told:#cdb6f6;--told-tint:#2a2140;--open:#c3ccd6;--open-tint:#2a323d}}\n",
        "*,*::before,*::after{box-sizing:border-box}\n",
        "html{font-size:100%;-webkit-text-size-adjust:100%;text-size-adjust:100%;scroll-padding-top:1rem}\n",
        "body{margin:0;background:var(--ground);color:var(--ink);font:1rem/1.6 system-ui,\"Noto Sans\",\"Noto Sans CJK JP\",\"Hiragino Sans\",\"Yu Gothic\",Meiryo,sans-serif;overflow-wrap:break-word}\n",
        "#ja{display:none}\n",
        "#ja:target{display:block}\n",
        "#ja:has(:target){display:block}\n",
        "body:has(#ja:target) #en,body:has(#ja :target) #en{display:none}\n",
        "header,nav,main,footer{max-width:70rem;margin:0 auto;padding:0 1rem}\n",
        "header{padding-top:1rem}\n",
        "section{margin:2.5rem 0 0}\n",
        "h1{font-size:1.75rem;line-height:1.25;margin:.5rem 0 1rem}\n",
        "h2{font-size:1.375rem;line-height:1.3;margin:0 0 .75rem;padding-top:.75rem;border-top:2px solid var(--accent)}\n",
        "h3{font-size:1.125rem;line-height:1.35;margin:1.5rem 0 .5rem}\n",
        "h4{font-size:1rem;margin:1.25rem 0 .25rem}\n",
        "p{margin:.5rem 0}\n",
        "a{color:var(--accent)}\n",
        "a:focus-visible,summary:focus-visible,.scroll:focus-visible{outline:3px solid var(--accent);outline-offset:2px}\n",
        ".languages{text-align:right;margin:0}\n",
        ".skip{position:absolute;left:-100rem}.skip:focus{left:1rem;top:.5rem;background:var(--paper);padding:.25rem .5rem}\n",
        ".banner{border:2px solid var(--part);border-left-width:.6rem;background:var(--part-tint);color:var(--ink);padding:.75rem 1rem;margin:1rem 0;font-weight:600}\n",
        ".card{background:var(--paper);border:1px solid var(--line);border-radius:.5rem;padding:.25rem 1rem 1rem;margin:1rem 0}\n",
        ".quiet{color:var(--quiet);font-size:.9rem}.caption{position:absolute;width:1px;height:1px;margin:0;overflow:hidden;clip-path:inset(50%);white-space:nowrap}\n",
        ".level{font-size:1.25rem;font-weight:700;margin:.25rem 0}\n",
        "dl.about{display:grid;grid-template-columns:minmax(8rem,max-content) 1fr;gap:.25rem 1rem;margin:1rem 0}dl.about dt{color:var(--quiet)}dl.about dd{margin:0;min-width:0;overflow-wrap:anywhere}\n",
        "dl.meanings{display:grid;grid-template-columns:max-content 1fr;gap:.35rem 1rem;align-items:baseline;margin:.5rem 0 1rem}dl.meanings dd{margin:0}\n",
        ".ladder{list-style:none;display:flex;flex-wrap:wrap;gap:.5rem;padding:0;margin:.5rem 0}.ladder li{border:1px solid var(--line);border-radius:.375rem;padding:.15rem .6rem;background:var(--open-tint);color:var(--open)}.ladder .reached{background:var(--good-tint);color:var(--good);border-color:currentColor}\n",
        ".badge{display:inline-block;white-space:nowrap;font-size:.875rem;font-weight:600;line-height:1.4;border:1px solid currentColor;border-radius:.375rem;padding:0 .45rem}\n",
        ".good{color:var(--good);background:var(--good-tint)}.bad{color:var(--bad);background:var(--bad-tint)}.part{color:var(--part);background:var(--part-tint)}.told{color:var(--told);background:var(--told-tint)}.open{color:var(--open);background:var(--open-tint)}\n",
        ".unverified{display:inline-block;font-size:.85rem;color:var(--part);border:1px dashed currentColor;padding:0 .35rem;background:var(--part-tint)}\n",
        ".scroll{position:relative;overflow-x:auto;margin:.75rem 0}\n",
        "table{border-collapse:collapse;width:100%;min-width:40rem;background:var(--paper);font-size:.9375rem}\n",
        "thead th{min-width:4.5em}\n",
        "th,td{border:1px solid var(--line);padding:.4rem .6rem;text-align:left;vertical-align:top}thead th{background:var(--tint)}tbody th{font-weight:600}td p,th p{margin:0 0 .25rem}\n",
        ".policy table{table-layout:fixed;min-width:58rem;overflow-wrap:anywhere}.policy .badge{white-space:normal}.policy thead th:nth-child(1){width:15%}.policy thead th:nth-child(2){width:12%}.policy thead th:nth-child(3){width:22%}.policy thead th:nth-child(4){width:14%}.policy thead th:nth-child(5){width:22%}\n",
        ".number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}\n",
        "code{font-family:ui-monospace,\"Noto Sans Mono\",Menlo,Consolas,monospace;font-size:.875em;overflow-wrap:anywhere}\n",
        "details{margin:.5rem 0}summary{cursor:pointer;color:var(--accent);font-weight:600}\n",
        ".steps{padding-left:2.5rem;margin:.5rem 0}.steps li{margin:.25rem 0}.steps code{display:block}.step{color:var(--quiet);font-size:.85rem}\n",
        "svg{display:block;width:100%;min-width:40rem;height:auto;background:var(--paper);border:1px solid var(--line)}\n",
        "svg text{font-size:13px;fill:var(--ink)}svg .axis{fill:var(--quiet);font-size:12px}svg .strong{font-weight:700}svg .grid{stroke:var(--line);fill:none}\n",
        "svg .line{stroke:var(--accent);stroke-width:3;fill:none}svg .aside{stroke:var(--quiet);stroke-width:2;stroke-dasharray:6 4;fill:none}svg .sum{stroke:var(--bad);stroke-width:4;fill:none}\n",
        "svg .one{fill:var(--paper);stroke:var(--accent);stroke-width:2}svg .all{fill:var(--accent)}svg .sum-all{fill:var(--bad)}svg .box{fill:var(--tint);stroke:var(--accent);stroke-width:1.5}svg .curve{stroke:var(--accent);stroke-width:2;fill:none}\n",
        "@media (max-width:30rem){dl.about,dl.meanings{grid-template-columns:1fr;gap:0}dl.about dd,dl.meanings dd{margin-bottom:.6rem}h1{font-size:1.4rem}}\n",
        "@page{size:A4;margin:16mm 14mm}\n",
        "@media print{:root{color-scheme:light;--ground:#fff;--paper:#fff;--ink:#000;--quiet:#333;--line:#999;--accent:#1f5296;--tint:#eef2f7;--good:#1a6239;--good-tint:#fff;--bad:#a3242c;--bad-tint:#fff;--part:#7a4b00;--part-tint:#fff;--told:#5c3d8f;--told-tint:#fff;--open:#333;--open-tint:#fff}",
        "html{font-size:10pt}header,nav,main,footer{max-width:none;padding:0}.languages,.skip{display:none}a{color:inherit;text-decoration:none}.scroll{overflow:visible}table,svg,.policy table{min-width:0}",
        "th,td,.card,.banner,figure,svg,dl div{break-inside:avoid}h2,h3,h4{break-after:avoid}thead{display:table-header-group}td,th{overflow-wrap:anywhere}.badge{white-space:normal}details{display:block}.more::details-content{content-visibility:visible;display:block;height:auto}}\n",
};

void html_style(struct report_text *out)
{
        for (size_t i = 0; i < sizeof style / sizeof *style; i++)
                report_text_add(out, style[i]);
}
