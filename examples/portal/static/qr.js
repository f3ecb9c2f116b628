// SPDX-License-Identifier: Apache-2.0
const SVG = "http://www.w3.org/2000/svg";

export const rest = (ms) => new Promise((done) => setTimeout(done, ms));

// A QR code is one path; the quiet around it stands in the view box already.
export function draw(svg, { size, path }) {
        const line = document.createElementNS(SVG, "path");
        line.setAttribute("d", path);
        line.setAttribute("fill", "currentColor");
        svg.setAttribute("viewBox", `0 0 ${size} ${size}`);
        svg.replaceChildren(svg.querySelector("title"), line);
}
