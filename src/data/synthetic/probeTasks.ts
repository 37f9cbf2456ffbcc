import type { ProbeTaskName } from '../../core/records';
import type { AnswerProbe, AnswerProbeOptions } from './answerProbe';
import { firstSentenceProbe } from './firstSentence';
import { passkeyProbe } from './passkey';
import { retrievalProbe } from './retrievalProbe';

interface ProbeTask {
  title: string;
  /** What the points of its curve are spread over. */
  axis: 'distance' | 'length';
  make(options: AnswerProbeOptions): AnswerProbe;
}

/** Questions with one right answer on held-out text. A new task is one more entry. */
export const PROBE_TASKS = {
  'keyed-facts': { title: 'Keyed facts', axis: 'distance', make: retrievalProbe },
  'first-sentence': { title: 'First sentence', axis: 'length', make: firstSentenceProbe },
  passkey: { title: 'Passkey', axis: 'length', make: passkeyProbe },
} as const satisfies Record<ProbeTaskName, ProbeTask>;
