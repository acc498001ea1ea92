// SPDX-License-Identifier: Apache-2.0
// The steps of the graph, each with the widgets of its settings.
import { html } from '../vendor/ui.js';
import * as store from '../store.js';
import { resetAll } from '../change.js';
import { t } from '../words.js';

export function steps({ children, Part }) {
  const general = store.failures.value[''];
  return html`<section class="steps" aria-labelledby="steps-title">
    <div class="bar"><h2 id="steps-title">${t('Steps')}</h2>
      <button disabled=${!store.isChanged.value} onClick=${resetAll}>${t('Reset all')}</button></div>
    ${general && html`<p class="failure">${general.text}<br />${general.remedy}</p>`}
    ${children.map((id) => html`<${Part} id=${id} key=${id} />`)}
  </section>`;
}

export function step({ id, op, brief, children, Part }) {
  const parts = store.page.value.parts;
  // What the graph speaks of stands open, the rest behind a word.
  const isGiven = (c) => parts[c].given;
  const given = children.filter(isGiven), rest = children.filter((c) => !isGiven(c));
  const first = given.length ? given : rest.filter((c) => parts[c].kind === 'slider').slice(0, 3);
  const others = children.filter((c) => !first.includes(c));
  const show = () => store.showNode(store.left, id);
  return html`<details class="step" open=${children.length > 0}>
    <summary><span class="id">${id}</span> ${op !== id && html`<span class="op">${op}</span>`}</summary>
    ${brief && html`<p class="brief">${t(brief)}</p>`}
    <button class="show" aria-pressed=${store.left.node.value === id} onClick=${show}>${t('Show on the map')}</button>
    ${first.map((c) => html`<${Part} id=${c} key=${c} />`)}
    ${others.length > 0 && html`<details class="more"><summary>${t('More settings')} (${others.length})</summary>
      ${others.map((c) => html`<${Part} id=${c} key=${c} />`)}</details>`}
  </details>`;
}
