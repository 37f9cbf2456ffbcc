import type { ProbeTaskName } from '../../core/records';
import type { AnswerProbe, AnswerProbeOptions } from './answerProbe';
import { firstSentenceProbe } from './firstSentence';
import { passkeyProbe } from './passkey';
import { retrievalProbe } from './retrievalProbe';

/** Questions with one right answer on held-out text. A new task is one more entry. */
export const PROBE_TASKS: Record<ProbeTaskName, (options: AnswerProbeOptions) => AnswerProbe> = {
  'keyed-facts': retrievalProbe,
  'first-sentence': firstSentenceProbe,
  passkey: passkeyProbe,
};
