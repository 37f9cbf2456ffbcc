import type { FileStore } from '../../core/ports';
import type { StudyResult } from '../result';
import type { StudyPlan } from '../study';
import { renderHtml } from './html';
import { renderMarkdown } from './markdown';

/** Writes a report beside its data: report.html, report.md, data.json, runs.csv (a line per run) and plan.json (every recipe). */
export async function writeReport(files: FileStore, plan: StudyPlan, result: StudyResult): Promise<void> {
  const command = `lab reproduce ${plan.study.name} --scale ${plan.scale.name} --seeds ${plan.scale.seeds.join()} --out DIR`;
  const recipes = plan.runs.map(({ id, seed, arm, recipe }) => ({ id, arm: arm.name, seed, recipe }));
  await files.write('report.html', renderHtml(plan.study, result, command));
  await files.write('report.md', renderMarkdown(plan.study, result, command));
  await files.write('data.json', JSON.stringify(result));
  await files.write('runs.csv', runsCsv(result));
  await files.write('plan.json', JSON.stringify(recipes, undefined, 1));
}

/** One line per run, for a spreadsheet or a data frame. */
export function runsCsv({ study, scale, measures, arms }: StudyResult): string {
  const header = ['study', 'scale', 'arm', 'seed', 'status', ...measures.map(({ name }) => name)];
  const rows = arms.flatMap(({ name, runs }) =>
    runs.map((run) => [study, scale, name, run.seed, run.status, ...measures.map((measure) => run.measures[measure.name] ?? '')]),
  );
  return `${[header, ...rows].map((row) => row.join(',')).join('\n')}\n`;
}
