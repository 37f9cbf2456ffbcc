import type { RetrievalRecord } from '../core/records';
import type { RetrievalProbe } from '../data/synthetic/retrievalProbe';
import type { TokenLosses } from './evaluation';

/** Answer loss and exact match by requested distance, with the loss of the same answers where the fact is not told. */
export function retrievalPoints(probe: RetrievalProbe, told: TokenLosses, control: TokenLosses): RetrievalRecord['points'] {
  const { length } = probe.batch;
  const distances = [...new Set(probe.answers.map(({ requestedDistance }) => requestedDistance))].sort((a, b) => a - b);
  return distances.map((distance) => {
    const answers = probe.answers.filter(({ requestedDistance }) => requestedDistance === distance);
    let answerNats = 0;
    let controlNats = 0;
    let tokens = 0;
    let exact = 0;
    for (const { row, start, end } of answers) {
      let hits = 0;
      // A token is predicted one position before it stands.
      for (let i = row * length + start - 1; i < row * length + end - 1; i++) {
        answerNats += told.loss[i];
        controlNats += control.loss[i];
        hits += told.hit[i];
        tokens++;
      }
      exact += Number(hits === end - start);
    }
    return {
      distance,
      answerLoss: answerNats / tokens,
      controlLoss: controlNats / tokens,
      exactMatch: exact / answers.length,
      answers: answers.length,
    };
  });
}
