import { holm, meanInterval, type PairedDifference, pairedDifference, type Verdict, verdictOf } from './statistics';
import type { Contrast, RunOutcome, StudyPlan } from './study';

/** Seeds that a headline needs; with fewer, a verdict is called preliminary. */
export const HEADLINE_SEEDS = 5;

export interface ResultRun {
  seed: number;
  status: string;
  measures: Record<string, number | null>;
  figures: Record<string, { x: number[]; y: number[] }>;
}

export interface ResultArm {
  name: string;
  label: string;
  facts: Record<string, string>;
  runs: ResultRun[];
  /** Mean and interval over the seeds, by measure. */
  means: Record<string, { mean: number; interval?: [number, number] } | null>;
}

/** Failing to find a difference neither shows nor contradicts anything. */
export type Agreement = 'yes' | 'no' | 'not shown' | 'not contradicted';

export interface ResultContrast extends Contrast, PairedDifference {
  /** After Holm's adjustment over all contrasts of the study. */
  adjustedP?: number;
  verdict: Verdict;
  /** How the verdict stands to what the paper leads one to expect; undefined with too few seeds. */
  agreement: Agreement | undefined;
}

/** A study's outcome as plain data: what its report and the page are drawn from. */
export interface StudyResult {
  version: 1;
  study: string;
  title: string;
  scale: string;
  adapter: string;
  /** ISO date of the last run. */
  date: string;
  seeds: number[];
  runsDone: number;
  runsPlanned: number;
  trainedTokens: number;
  trainingSeconds: number;
  measures: { name: string; label: string; better: 'lower' | 'higher'; digits: number }[];
  arms: ResultArm[];
  contrasts: ResultContrast[];
}

/** Measures, intervals and verdicts of the runs that are over. Only seeds whose both arms are over enter a contrast. */
export function summarise(plan: StudyPlan, outcomes: ReadonlyMap<string, RunOutcome>): StudyResult {
  const { study, scale } = plan;
  const measures = study.measures(scale);
  const done = plan.runs.flatMap((run) => {
    const outcome = outcomes.get(run.id);
    return outcome ? [{ run, outcome }] : [];
  });
  const arms = plan.arms.map(({ name, label }): ResultArm => {
    const own = done.filter(({ run }) => run.arm.name === name);
    const runs = own.map(({ run, outcome }) => ({
      seed: run.seed,
      status: outcome.recording.run.status,
      measures: Object.fromEntries(measures.map((measure) => [measure.name, finiteOrNull(measure.of(outcome))])),
      figures: Object.fromEntries(study.figures.map((figure) => [figure.name, figure.of(outcome)])),
    }));
    const means = measures.map((measure) => {
      const values = runs.map((run) => run.measures[measure.name]).filter((value) => value !== null);
      return [measure.name, values.length ? meanInterval(values) : null];
    });
    const facts = own.length ? (study.facts?.(own[0].outcome) ?? {}) : {};
    return { name, label, facts, runs, means: Object.fromEntries(means) };
  });
  const recordings = done.map(({ outcome }) => outcome.recording);
  const last = (recording: RunOutcome['recording']) => recording.records.findLast(({ type }) => type === 'step');
  return {
    version: 1,
    study: study.name,
    title: study.title,
    scale: scale.name,
    adapter: [...new Set(recordings.map(({ run }) => run.adapter))].join('; '),
    date:
      recordings
        .map(({ run }) => run.createdAt)
        .sort()
        .at(-1) ?? '',
    seeds: [...scale.seeds],
    runsDone: done.length,
    runsPlanned: plan.runs.length,
    trainedTokens: recordings.reduce((sum, recording) => sum + (last(recording)?.tokens ?? 0), 0),
    trainingSeconds: recordings.reduce((sum, recording) => sum + (last(recording)?.seconds ?? 0), 0),
    measures: measures.map(({ name, label, better, digits }) => ({ name, label, better, digits })),
    arms,
    contrasts: judge(study.contrasts, arms),
  };
}

const finiteOrNull = (value: number | undefined) => (Number.isFinite(value) ? value! : null);

function judge(contrasts: readonly Contrast[], arms: readonly ResultArm[]): ResultContrast[] {
  const compared = contrasts.map((contrast) => {
    const runsOf = (name: string) => arms.find((arm) => arm.name === name)?.runs ?? [];
    const pairs = runsOf(contrast.arm).flatMap((run) => {
      const a = run.measures[contrast.measure];
      const b = runsOf(contrast.against).find(({ seed }) => seed === run.seed)?.measures[contrast.measure];
      return typeof a === 'number' && typeof b === 'number' ? [[a, b]] : [];
    });
    return {
      ...contrast,
      ...pairedDifference(
        pairs.map(([a]) => a),
        pairs.map(([, b]) => b),
      ),
    };
  });
  const adjusted = holm(compared.map(({ p }) => p));
  return compared.map((contrast, i) => {
    const verdict = verdictOf(contrast, adjusted[i]);
    return { ...contrast, adjustedP: adjusted[i], verdict, agreement: agreementOf(verdict, contrast.expected) };
  });
}

function agreementOf(verdict: Verdict, expected: Contrast['expected']): Agreement | undefined {
  if (verdict === 'too few seeds') return undefined;
  if (verdict === 'not distinguishable') return expected === 'no difference' ? 'not contradicted' : 'not shown';
  return verdict === expected ? 'yes' : 'no';
}
