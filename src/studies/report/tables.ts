import { HEADLINE_SEEDS, type StudyResult } from '../result';
import type { PaperTable } from '../study';

/** The report's tables as plain cells, so that Markdown and HTML cannot say different things. */
export interface ReportTable extends PaperTable {
  header: string[];
  rows: string[][];
}

/** Measures down, arms across: mean over the seeds with its 95 % interval. */
export function measureTable({ arms, measures, seeds }: StudyResult): ReportTable {
  return {
    caption: `Mean over ${seeds.length} ${seeds.length === 1 ? 'seed' : 'seeds with 95 % t-interval'}; every run is drawn below`,
    header: ['measure', ...arms.map(({ label }) => label)],
    rows: measures.map(({ name, label, digits }) => [
      label,
      ...arms.map(({ means }) => {
        const found = means[name];
        if (!found) return '–';
        const half = found.interval && (found.interval[1] - found.interval[0]) / 2;
        return found.mean.toFixed(digits) + (half === undefined ? '' : ` ± ${half.toFixed(digits)}`);
      }),
    ]),
  };
}

/** What follows from the recipes: FLOPs and the like; undefined where a study has none. */
export function factTable({ arms }: StudyResult): ReportTable | undefined {
  const names = [...new Set(arms.flatMap(({ facts }) => Object.keys(facts)))];
  if (names.length === 0) return undefined;
  return {
    caption: 'What each arm costs (the first seed’s run)',
    header: ['arm', ...names],
    rows: arms.map(({ label, facts }) => [label, ...names.map((name) => facts[name] ?? '–')]),
  };
}

export function contrastTable(result: StudyResult): ReportTable {
  const label = (name: string) => result.arms.find((arm) => arm.name === name)?.label ?? name;
  return {
    caption: 'Paired differences over the seeds, chosen before the runs; p adjusted over all of them (Holm)',
    header: ['measure', 'difference', 'mean', '95 % interval', 'adjusted p', 'verdict', 'expected from the paper', 'agrees'],
    rows: result.contrasts.map((contrast) => {
      const measure = result.measures.find(({ name }) => name === contrast.measure);
      const digits = (measure?.digits ?? 3) + 1;
      const { mean, interval, adjustedP, verdict, expected, agreement } = contrast;
      return [
        measure?.label ?? contrast.measure,
        `${label(contrast.arm)} − ${label(contrast.against)}`,
        Number.isFinite(mean) ? mean.toFixed(digits) : '–',
        interval ? `${interval[0].toFixed(digits)} to ${interval[1].toFixed(digits)}` : '–',
        adjustedP === undefined ? '–' : adjustedP.toPrecision(2),
        verdict,
        expected,
        agreement ?? '–',
      ];
    }),
  };
}

/** What must be said before any number is read. */
export function warnings({ scale, seeds, runsDone, runsPlanned, arms }: StudyResult): string[] {
  const said: string[] = [];
  if (scale === 'pico')
    said.push('Smoke test: one seed and a tenth of the tokens. It shows that the study runs, not what is true.');
  if (runsDone < runsPlanned) said.push(`Unfinished: ${runsDone} of ${runsPlanned} runs are over.`);
  const failed = arms.flatMap(({ label, runs }) =>
    runs.filter(({ status }) => status === 'failed').map(({ seed }) => `${label}, seed ${seed}`),
  );
  if (failed.length) said.push(`Diverged, measured at the last good step: ${failed.join('; ')}.`);
  if (seeds.length > 1 && seeds.length < HEADLINE_SEEDS)
    said.push(`Preliminary: ${seeds.length} seeds. A headline needs at least ${HEADLINE_SEEDS}.`);
  return said;
}
