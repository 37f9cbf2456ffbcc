import { LabError } from '../core/errors';
import { flashBackwardDkvCases, flashBackwardDqCases, flashForwardCases } from './attentionCases';
import type { CheckCase } from './checkCase';
import { type ModelTraits, matmulNnCases, matmulNtCases, matmulRowCases, matmulTnCases } from './linearCases';

/** For every operation with variants, the cases that a variant must get right. */
const CASES: Readonly<Record<string, (traits: ModelTraits) => CheckCase[]>> = {
  matmul_nt: matmulNtCases,
  matmul_nn: matmulNnCases,
  matmul_tn: matmulTnCases,
  matmul_row: matmulRowCases,
  flash_forward: flashForwardCases,
  flash_backward_dq: flashBackwardDqCases,
  flash_backward_dkv: flashBackwardDkvCases,
};

export function casesOf(operation: string, traits: ModelTraits): CheckCase[] {
  const cases = Object.hasOwn(CASES, operation) ? CASES[operation] : undefined;
  if (!cases) throw new LabError('tuning', `check cases for ${operation}`, 'none', 'add them in src/tuning/cases.ts');
  return cases(traits);
}
