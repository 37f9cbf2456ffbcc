import type { StudyResult } from '../result';
import type { PaperTable, Study } from '../study';
import { contrastTable, factTable, measureTable, warnings } from './tables';

/** The report as Markdown; figures are in the HTML form. */
export function renderMarkdown(study: Study, result: StudyResult, command: string): string {
  const facts = factTable(result);
  const parts = [
    `# ${study.title} (${result.scale})`,
    `After ${study.source} of “Effective Long-Context Scaling of Foundation Models” (arXiv 2309.16039).`,
    ...warnings(result).map((warning) => `> **${warning}**`),
    `**Hypothesis, written before the runs.** ${study.hypothesis}`,
    table(measureTable(result)),
    ...(facts ? [table(facts)] : []),
    table(contrastTable(result)),
    '## The paper',
    ...study.paper.map(table),
    '## Why it may differ at this size',
    study.caveats.map((caveat) => `- ${caveat}`).join('\n'),
    `---\n${provenance(result)} Made by \`${command}\`.`,
  ];
  return `${parts.join('\n\n')}\n`;
}

export function provenance({ runsDone, trainedTokens, trainingSeconds, adapter, date }: StudyResult): string {
  const minutes = Math.round(trainingSeconds / 60);
  return `${runsDone} runs, ${trainedTokens.toLocaleString('en')} training tokens in ${minutes} minutes of training on ${adapter}, last run begun ${date.slice(0, 10)}.`;
}

function table({ caption, header, rows }: PaperTable): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [`*${caption}*`, '', line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n');
}
