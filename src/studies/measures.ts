import type { ProbeTaskName } from '../core/records';
import type { CheckpointEvaluation } from '../session/headless/measureCheckpoint';
import type { Measure, RunOutcome } from './study';

/** The last evaluation on rows of a length. */
function at({ evaluations }: RunOutcome, length: number): CheckpointEvaluation | undefined {
  return evaluations.find((evaluation) => evaluation.length === length);
}

/** Mean loss of held-out text, every source the same weight. */
export function validationLoss(kind: 'short' | 'long', length: number): Measure {
  return {
    name: `loss-${kind}`,
    label: `held-out loss at ${length} tokens (nats)`,
    better: 'lower',
    digits: 3,
    of: (outcome) => at(outcome, length)?.loss,
  };
}

export function sourceLoss(length: number, source: string): Measure {
  return {
    name: `loss-${length}-${source}`,
    label: `${source} at ${length}`,
    better: 'lower',
    digits: 3,
    of: (outcome) => at(outcome, length)?.sources.find((candidate) => candidate.source === source)?.loss,
  };
}

type Point = CheckpointEvaluation['retrieval'][number]['points'][number];

/** A mean over a task's points beyond a distance or length; answers weigh the same. */
function beyond(length: number, task: ProbeTaskName, from: number, value: (point: Point) => number) {
  return (outcome: RunOutcome) => {
    const points = at(outcome, length)?.retrieval.find((entry) => entry.task === task)?.points;
    const far = points?.filter(({ distance }) => distance > from) ?? [];
    const answers = far.reduce((sum, point) => sum + point.answers, 0);
    return answers ? far.reduce((sum, point) => sum + value(point) * point.answers, 0) / answers : undefined;
  };
}

/** Loss of answers that lie further back than the base could see. */
export function farAnswerLoss(length: number, task: ProbeTaskName, from: number): Measure {
  return {
    name: `${task}-loss`,
    label: `${task}: answer loss beyond ${from} (nats)`,
    better: 'lower',
    digits: 3,
    of: beyond(length, task, from, (point) => point.answerLoss),
  };
}

export function farExactMatch(length: number, task: ProbeTaskName, from: number): Measure {
  return {
    name: `${task}-exact`,
    label: `${task}: exact beyond ${from} (%)`,
    better: 'higher',
    digits: 1,
    of: beyond(length, task, from, (point) => 100 * point.exactMatch),
  };
}

/** The paper's first-sentence score beyond the base's length. */
export function farRougeL(length: number, from: number): Measure {
  return {
    name: 'first-sentence-rouge',
    label: `first-sentence: ROUGE-L beyond ${from}`,
    better: 'higher',
    digits: 1,
    of: beyond(length, 'first-sentence', from, (point) => point.rougeL ?? Number.NaN),
  };
}

/** A task's curve over distance or length. */
export function answerCurve(task: ProbeTaskName, value: (point: Point) => number) {
  return ({ evaluations }: RunOutcome) => {
    const points = evaluations.at(-1)?.retrieval.find((entry) => entry.task === task)?.points ?? [];
    return { x: points.map(({ distance }) => distance), y: points.map(value) };
  };
}

/** Held-out loss against training tokens. */
export function validationCurve(kind: 'short' | 'long') {
  return ({ recording }: RunOutcome) => {
    const found = recording.records.flatMap((record) => (record.type === 'validation' && record.kind === kind ? [record] : []));
    return { x: found.map(({ tokens }) => tokens), y: found.map(({ loss }) => loss) };
  };
}

/** Loss against the position in the longest rows: Fig. 9a. */
export function positionCurve({ evaluations }: RunOutcome) {
  const bins = (evaluations.at(-1)?.byPosition ?? []).filter(({ from }) => from >= 4);
  return { x: bins.map(({ from, to }) => Math.sqrt(from * (to - 1))), y: bins.map(({ loss }) => loss) };
}
