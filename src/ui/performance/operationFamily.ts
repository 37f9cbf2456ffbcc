/** Kernels by what they compute: the colours of the step's bar and of the roofline. */

export const FAMILIES = ['matmul', 'attention', 'norm', 'loss', 'embedding', 'optimizer', 'other'] as const;
export type OperationFamily = (typeof FAMILIES)[number];

/** Custom property that holds the family's colour. */
export const FAMILY_COLORS: Record<OperationFamily, string> = {
  matmul: '--source-0',
  attention: '--source-1',
  norm: '--source-2',
  loss: '--source-4',
  embedding: '--source-6',
  optimizer: '--source-3',
  other: '--source-5',
};

const OPERATIONS: [operation: RegExp, family: OperationFamily][] = [
  [/^(matmul|qkv_rotary|swiglu)/, 'matmul'],
  [/^(flash|attention)/, 'attention'],
  [/^(rms_norm|column_sum)/, 'norm'],
  [/^(cross_entropy|loss)/, 'loss'],
  [/^embedding/, 'embedding'],
  [/^(square_sum|step_finish|adamw)/, 'optimizer'],
];

/** @param kernel operation and role, `matmul_nt.o_proj`. */
export function familyOf(kernel: string): OperationFamily {
  return OPERATIONS.find(([operation]) => operation.test(kernel))?.[1] ?? 'other';
}
