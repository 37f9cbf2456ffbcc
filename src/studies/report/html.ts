import type { StudyResult } from '../result';
import type { PaperTable, Study } from '../study';
import { escapeXml, GROUP_COLOURS, lineFigure } from './figure';
import { provenance } from './markdown';
import { contrastTable, factTable, measureTable, warnings } from './tables';

/** The report as one page that needs nothing beside it: no script, no request. */
export function renderHtml(study: Study, result: StudyResult, command: string): string {
  const facts = factTable(result);
  const body = [
    `<h1>${escapeXml(study.title)} <small>${escapeXml(result.scale)}</small></h1>`,
    `<p>After ${escapeXml(study.source)} of “Effective Long-Context Scaling of Foundation Models” (arXiv 2309.16039).</p>`,
    ...warnings(result).map((warning) => `<p class="warning" role="note">${escapeXml(warning)}</p>`),
    `<p><strong>Hypothesis, written before the runs.</strong> ${escapeXml(study.hypothesis)}</p>`,
    '<h2>Result</h2>',
    table(measureTable(result)),
    ...(facts ? [table(facts)] : []),
    table(contrastTable(result)),
    '<h2>Every run</h2>',
    legend(result),
    `<div class="figures">${figures(study, result)}</div>`,
    '<h2>The paper</h2>',
    ...study.paper.map(table),
    '<h2>Why it may differ at this size</h2>',
    `<ul>${study.caveats.map((caveat) => `<li>${escapeXml(caveat)}</li>`).join('')}</ul>`,
    `<footer>${escapeXml(provenance(result))} Made by <code>${escapeXml(command)}</code>. <a href="data.json">Raw data</a>, <a href="runs.csv">table of runs</a>, <a href="plan.json">recipes</a>.</footer>`,
  ];
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escapeXml(study.title)}, ${escapeXml(result.scale)}</title><style>${STYLE}</style></head>
<body><main>${body.join('\n')}</main></body></html>
`;
}

function table({ caption, header, rows }: PaperTable): string {
  const cells = (tag: string, row: readonly string[]) => row.map((cell) => `<${tag}>${escapeXml(cell)}</${tag}>`).join('');
  const head = `<thead><tr>${cells('th scope="col"', header).replaceAll('</th scope="col">', '</th>')}</tr></thead>`;
  const lines = rows.map(([first, ...rest]) => `<tr><th scope="row">${escapeXml(first)}</th>${cells('td', rest)}</tr>`);
  return `<div class="scroll" tabindex="0"><table><caption>${escapeXml(caption)}</caption>${head}<tbody>${lines.join('')}</tbody></table></div>`;
}

function legend({ arms }: StudyResult): string {
  return `<ul class="legend">${arms.map(({ label }, i) => `<li><svg viewBox="0 0 24 8" aria-hidden="true"><path class="g${i}" d="M0 4H24"/></svg>${escapeXml(label)}</li>`).join('')}</ul>`;
}

function figures(study: Study, { arms }: StudyResult): string {
  return study.figures
    .map((figure) => {
      const lines = arms.flatMap(({ label, runs }, group) =>
        runs.map((run) => ({ label: `${label}, seed ${run.seed}`, group, ...run.figures[figure.name] })),
      );
      return `<figure>${lineFigure(lines, figure)}</figure>`;
    })
    .join('');
}

const STYLE = `
:root { color-scheme: light dark; --ink: #1c2024; --paper: #fff; --line: #d5d9de; --note: #fff4d6; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e8ea; --paper: #16191d; --line: #3a4048; --note: #453a18; } path { filter: brightness(1.7); } }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 72rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
h1 small { font-weight: 400; opacity: 0.7; }
.warning { background: var(--note); padding: 0.5rem 0.75rem; border-radius: 6px; }
.scroll { overflow-x: auto; margin: 1rem 0; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 0.9rem; }
caption { text-align: left; padding-bottom: 0.4rem; font-style: italic; }
th, td { padding: 0.3rem 0.7rem; border-bottom: 1px solid var(--line); text-align: right; vertical-align: bottom; white-space: nowrap; }
thead th { white-space: normal; min-width: 5rem; }
th:first-child { text-align: left; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); gap: 1rem; }
figure { margin: 0; }
svg { width: 100%; }
svg text { fill: var(--ink); font-size: 12px; }
svg .title { font-weight: 600; font-size: 13px; }
svg .grid, svg .axis { stroke: var(--line); }
path { fill: none; stroke-width: 1.6; }
${GROUP_COLOURS.map((colour, i) => `.g${i} { stroke: ${colour}; }`).join('\n')}
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; padding: 0; }
.legend svg { width: 24px; height: 8px; margin-right: 0.4rem; }
footer { margin-top: 2.5rem; font-size: 0.85rem; opacity: 0.85; }
`;
