import { checkIntervention, type Intervention, type InterventionEffect } from '../core/intervention';
import { cutAnswers, cutWindows, silenced } from '../probes/interventions';
import type { ActiveRun } from './activeRun';
import type { HeldOutText } from './probes';

/**
 * What hangs on a part of the active run's model: its held-out losses and answers with and without it. The run's weights are put back to
 * the bit, so training goes on as if nothing had been asked.
 */
export async function intervene(run: ActiveRun, intervention: Intervention): Promise<InterventionEffect> {
  const { config, evaluation } = run.blueprint;
  checkIntervention(intervention, config, evaluation.long.length);
  const { probes } = run;
  const { whole, altered } =
    intervention.kind === 'cut'
      ? cutText(probes.text, intervention.context, config.bosTokenId)
      : { whole: probes.text, altered: probes.text };
  const before = await probes.score(whole);
  const measure = () => probes.score(altered);
  const after =
    intervention.kind === 'cut'
      ? await measure()
      : await run.withWeights((weights) => silenced(config, weights, intervention), measure);
  return {
    intervention,
    step: run.progress.step,
    losses: before.losses.map(({ kind, length, loss }, i) => ({ kind, length, whole: loss, without: after.losses[i].loss })),
    answers: before.answers.map(({ task, score }, i) => ({ task, whole: score, without: after.answers[i].score })),
  };
}

function cutText(
  { windows, questions }: HeldOutText,
  context: number,
  bosId: number,
): { whole: HeldOutText; altered: HeldOutText } {
  const cut = (kind: 'short' | 'long') =>
    windows[kind].map(({ source, batch }) => ({ source, ...cutWindows(batch, context, bosId) }));
  const [short, long] = [cut('short'), cut('long')];
  const pick = (side: 'whole' | 'cut') => ({
    short: short.map(({ source, ...batches }) => ({ source, batch: batches[side] })),
    long: long.map(({ source, ...batches }) => ({ source, batch: batches[side] })),
  });
  return {
    whole: { windows: pick('whole'), questions },
    altered: {
      windows: pick('cut'),
      questions: questions.map(({ task, probe }) => ({ task, probe: cutAnswers(probe, context, bosId) })),
    },
  };
}
