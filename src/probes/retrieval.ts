import type { RetrievalRecord } from '../core/records';
import type { AnswerProbe, ProbeAnswer } from '../data/synthetic/answerProbe';
import type { TokenLosses } from './evaluation';

type Point = RetrievalRecord['points'][number];

/**
 * Answer loss, exact and class hits by requested distance or length, with the loss of the same answers where nothing tells them. A class
 * hit is the value of any fact of the row: a model that found the class but not the key has one in as many right as there are facts.
 */
export function retrievalPoints({ batch, answers }: AnswerProbe, told: TokenLosses, control: TokenLosses): Point[] {
  const { length, ids } = batch;
  const distances = [...new Set(answers.map(({ requestedDistance }) => requestedDistance))].sort((a, b) => a - b);
  return distances.map((distance) => {
    const asked = answers.filter(({ requestedDistance }) => requestedDistance === distance);
    let answerNats = 0;
    let controlNats = 0;
    let tokens = 0;
    let exact = 0;
    let inClass = 0;
    for (const answer of asked) {
      // A token is predicted one position before it stands.
      const [from, to] = predictedAt(answer, length);
      for (let i = from; i < to; i++) {
        answerNats += told.loss[i];
        controlNats += control.loss[i];
      }
      tokens += to - from;
      const said = told.predicted.subarray(from, to);
      const isValue = (value: ArrayLike<number>) => value.length === said.length && said.every((id, i) => id === value[i]);
      const isExact = isValue(ids.subarray(from + 1, to + 1));
      exact += Number(isExact);
      inClass += Number(isExact || answer.otherValues.some(isValue));
    }
    return {
      distance,
      answerLoss: answerNats / tokens,
      controlLoss: controlNats / tokens,
      exactMatch: exact / asked.length,
      classMatch: inClass / asked.length,
      answers: asked.length,
    };
  });
}

function predictedAt({ row, start, end }: ProbeAnswer, length: number): [from: number, to: number] {
  return [row * length + start - 1, row * length + end - 1];
}
