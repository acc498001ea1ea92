// SPDX-License-Identifier: Apache-2.0
// Values along a line, as a chart and as a table.
import { html, useEffect, useRef } from '../vendor/ui.js';
import * as store from '../store.js';
import { language, number, t } from '../words.js';
import { metresPerUnit } from '../map/grid.js';
import { theme } from '../theme.js';

const TONES = ['--series-1', '--series-2', '--series-3'];
const DASHES = [[], [8, 4], [2, 3]];

function distances(p) {
  const [x0, y0, x1, y1] = p.ends;
  const metres = metresPerUnit(p.grid) * p.grid.px;
  const long = Math.hypot(x1 - x0, y1 - y0) * (metres || 1);
  return { unit: metres ? 'm' : t('pixels'), at: Array.from({ length: p.points }, (_, i) => long * i / (p.points - 1)) };
}

/** The chart library comes with the first profile: most visits have none. */
async function chart(box, p) {
  const { default: UPlot } = await import('../vendor/uplot.js');
  const css = getComputedStyle(box), ink = css.getPropertyValue('--text'), faint = css.getPropertyValue('--line');
  const { at, unit } = distances(p);
  const axis = { stroke: ink, grid: { stroke: faint, width: 1 }, ticks: { stroke: faint, width: 1 }, font: '12px system-ui' };
  const format = (_, values) => values.map((v) => (v === null ? '' : number(v, 4)));
  return new UPlot({
    width: Math.max(200, box.clientWidth), height: Math.max(120, box.clientHeight), legend: { show: false },
    cursor: { points: { show: false } }, scales: { x: { time: false } },
    axes: [{ ...axis, size: 28, space: 100, values: (_, values) => values.map((v) => `${number(v, 4)} ${unit}`) }, { ...axis, values: format, size: 60 }],
    series: [{}, ...p.names.map((label, i) => ({
      label, stroke: css.getPropertyValue(TONES[i % 3]), dash: DASHES[i % 3], width: 1.5, spanGaps: false,
    }))],
  }, [at, ...p.values], box);
}

function summary(p) {
  return p.names.map((name, i) => {
    const known = p.values[i].filter((v) => v !== null);
    if (!known.length) return t('{0}: no data along the line', name);
    return t('{0}: from {1} to {2}, between {3} and {4}', name, number(known[0], 4), number(known[known.length - 1], 4),
      number(Math.min(...known), 4), number(Math.max(...known), 4));
  }).join('; ');
}

export function profile() {
  const p = store.profile.value, box = useRef();
  useEffect(() => {
    if (!p || p.error || !box.current) return undefined;
    let plot = null, isOver = false;
    const watch = new ResizeObserver(([{ contentRect: r }]) =>
      plot?.setSize({ width: Math.max(200, r.width), height: Math.max(120, r.height) }));
    chart(box.current, p).then((made) => {
      plot = made;
      if (isOver) plot.destroy();
      else watch.observe(box.current);
    });
    return () => { isOver = true; watch.disconnect(); plot?.destroy(); };
  }, [p, theme.value, language.value]);
  return html`<section class="profile" aria-labelledby="profile-title">
    <h2 id="profile-title">${t('Profile')}</h2>
    ${!p && html`<p class="hint">${t('Draw a line with ╱, or press p on the map')}</p>`}
    ${p?.error && html`<p class="failure">${p.error.text}<br />${p.error.remedy}</p>`}
    ${p && !p.error && html`
      <p class="place">${p.node} ${p.level > 0 && html`· ${t('Approximate at this zoom')}`}</p>
      <div class="chart" ref=${box} role="img" aria-label=${summary(p)}></div>
      <details><summary>${t('As a table')}</summary><div class="scroll" tabindex="0" role="group" aria-label=${t('Profile')}>
        <table><thead><tr><th scope="col">${distances(p).unit}</th>${p.names.map((n) => html`<th scope="col">${n}</th>`)}</tr></thead>
        <tbody>${distances(p).at.map((d, i) => html`<tr><td>${number(d)}</td>${p.values.map((v) => html`<td>${number(v[i])}</td>`)}</tr>`)}</tbody></table></div></details>`}
  </section>`;
}
