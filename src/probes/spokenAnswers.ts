import type { AnswerProbe } from '../data/synthetic/answerProbe';
import type { Generator } from '../model/generator';
import { rougeL } from './rougeL';

/**
 * ROUGE-L, 0 to 100, of answers that the model writes itself: greedy, as many tokens as the right answer has. One mean per requested length
 * or distance, in rising order.
 */
export async function spokenAnswers(
  generator: Generator,
  { batch, answers }: AnswerProbe,
  decode: (ids: number[]) => string,
): Promise<Map<number, number>> {
  const scores = new Map<number, number[]>();
  for (const { row, start, end, requestedDistance } of answers) {
    const ids = [...batch.ids.subarray(row * batch.length, row * batch.length + end)];
    generator.reset();
    let logits = await generator.prefill(ids.slice(0, start));
    const said: number[] = [];
    while (said.length < end - start) {
      said.push(mostLikely(logits));
      if (said.length < end - start) logits = await generator.decode(said[said.length - 1]);
    }
    const score = rougeL(decode(said), decode(ids.slice(start)));
    scores.set(requestedDistance, [...(scores.get(requestedDistance) ?? []), score]);
  }
  const means = [...scores].map(
    ([distance, all]) => [distance, all.reduce((sum, score) => sum + score, 0) / all.length] as const,
  );
  return new Map(means.sort(([a], [b]) => a - b));
}

function mostLikely(logits: Float32Array): number {
  return logits.reduce((best, logit, id) => (logit > logits[best] ? id : best), 0);
}
