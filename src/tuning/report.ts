import { z } from '../core/zod';

/** What was found out about one variant on this adapter. */
const candidateSchema = z.object({
  variant: z.string(),
  /** `failed`: it does not compile or run here. */
  check: z.enum(['right', 'wrong', 'failed', 'not reached']),
  /** What is wrong, as a sentence. */
  problem: z.string().optional(),
  /** Of its worst element; above 1 is wrong. */
  toleranceShare: z.number().optional(),
  /** Median over the rounds, for the sampled calls of the plan. */
  ms: z.number().optional(),
  gflopsPerSecond: z.number().optional(),
});

const operationSchema = z.object({
  operation: z.string(),
  /** What it would be untimed. */
  preferred: z.string(),
  chosen: z.string(),
  why: z.string(),
  candidates: z.array(candidateSchema),
});

const ratesSchema = z.object({
  flopsPerSecond: z.record(z.string(), z.number().positive()),
  otherFlopsPerSecond: z.number().positive(),
  bytesPerSecond: z.number().positive(),
});

/** What tuning leaves: the variants to use, what they sustain, and how they were chosen. Plain data, fit to be stored. */
export const tuningResultSchema = z.object({
  variants: z.record(z.string(), z.string()),
  /** With which work is paced; absent where tuning ended before they were measured. */
  rates: ratesSchema.optional(),
  operations: z.array(operationSchema),
  /** False where the budget or the user ended it: what was not reached has its default. */
  complete: z.boolean(),
});

export type CandidateReport = z.infer<typeof candidateSchema>;
export type OperationReport = z.infer<typeof operationSchema>;
export type TuningResult = z.infer<typeof tuningResultSchema>;

/** One sentence for each variant that gave wrong results or none on this adapter. */
export function refusals({ operations }: TuningResult): string[] {
  return operations.flatMap(({ operation, candidates }) =>
    candidates
      .filter(({ check }) => check === 'wrong' || check === 'failed')
      .map(({ variant, check, problem }) => `${operation} ${variant} is not used here: ${verdict(check)}${problem}`),
  );
}

function verdict(check: CandidateReport['check']): string {
  return check === 'wrong' ? 'wrong results, ' : 'it does not run, ';
}
