import { ShapeError } from '../core/errors';
import { type Dispatch, matrixTiles, rowPieces, scalarTypes } from './dispatch';
import { matmulNnFamily, matmulNtFamily, matmulTnFamily } from './matmulVariants';
import { expectShape, type Tensor, tensorBytes } from './tensor';
import { type KernelFamily, type VariantSet, variantOf } from './variants';

interface MatmulOperands {
  /** What the product is for, as it shows in labels: `o_proj`. */
  role: string;
  /** Float32 or float16, as `b` and, in `matmulNt`, `c` and `residual`; sums are float32. */
  a: Tensor;
  b: Tensor;
  c: Tensor;
}

/** Linear layer: c (M, N) = a (M, K) · b (N, K)ᵀ, plus `residual` (M, N) if given. */
export function matmulNt(operands: MatmulOperands & { residual?: Tensor }, variants: VariantSet): Dispatch {
  const { role, a, b, c, residual } = operands;
  const [m, k] = a.shape;
  const n = b.shape[0];
  checkWidths('matmul_nt', { n, k });
  expectShape(`matmul_nt.${role}`, 'b', b, [n, k]);
  expectShape(`matmul_nt.${role}`, 'c', c, [m, n]);
  if (residual) expectShape(`matmul_nt.${role}`, 'residual', residual, [m, n]);
  const tensors: Record<string, Tensor> = residual ? { a, b, c, residual } : { a, b, c };
  const call = describe(matmulNtFamily, role, tensors, { m, n, k }, variants);
  return {
    ...call,
    constants: { ...call.constants, RESIDUAL: Boolean(residual), HALF: Boolean(c.half) },
    split: (pieces) =>
      rowPieces(residual ? [a, c, residual] : [a, c], pieces, (window) =>
        matmulNt({ role, a: window(a), b, c: window(c), residual: residual && window(residual) }, variants),
      ),
  };
}

/** Gradient through a linear layer: c (M, N) float32 = a (M, K) · b (K, N). */
export function matmulNn({ role, a, b, c }: MatmulOperands, variants: VariantSet): Dispatch {
  const [m, k] = a.shape;
  const n = b.shape[1];
  checkWidths('matmul_nn', { n, k });
  expectShape(`matmul_nn.${role}`, 'b', b, [k, n]);
  expectShape(`matmul_nn.${role}`, 'c', c, [m, n]);
  return {
    ...describe(matmulNnFamily, role, { a, b, c }, { m, n, k }, variants),
    split: (pieces) => rowPieces([a, c], pieces, (window) => matmulNn({ role, a: window(a), b, c: window(c) }, variants)),
  };
}

/** Weight gradient, accumulated: c (M, N) float32 += a (K, M)ᵀ · b (K, N); K runs over tokens, and may be cut. */
export function matmulTn({ role, a, b, c }: MatmulOperands, variants: VariantSet): Dispatch {
  const [k, m] = a.shape;
  const n = b.shape[1];
  checkWidths('matmul_tn', { m, n });
  expectShape(`matmul_tn.${role}`, 'b', b, [k, n]);
  expectShape(`matmul_tn.${role}`, 'c', c, [m, n]);
  return {
    ...describe(matmulTnFamily, role, { a, b, c }, { m, n, k }, variants),
    split: (pieces) => rowPieces([a, b], pieces, (window) => matmulTn({ role, a: window(a), b: window(b), c }, variants)),
  };
}

function describe(
  family: KernelFamily,
  role: string,
  tensors: Record<string, Tensor>,
  size: { m: number; n: number; k: number },
  variants: VariantSet,
) {
  const { m, n, k } = size;
  const { constants } = variantOf(family, variants);
  return {
    label: `${family.operation}.${role}[${m}x${n}x${k}]`,
    shader: family.operation,
    constants: { ...constants, ...operandTypes(tensors, family === matmulNtFamily ? [] : ['c']) },
    tensors,
    params: size,
    workgroups: matrixTiles(m, n, constants),
    flops: 2 * m * n * k,
    bytes: Object.values(tensors).reduce((sum, tensor) => sum + tensorBytes(tensor), 0),
  };
}

/** Types of the operands but for those that are float32 always. */
function operandTypes(tensors: Readonly<Record<string, Tensor>>, always: readonly string[]): Record<string, string> {
  return scalarTypes(Object.fromEntries(Object.entries(tensors).filter(([name]) => !always.includes(name))));
}

/** Kernels read four values at a time; the model layer pads odd widths with zeros. */
export function checkWidths(operation: string, widths: Record<string, number>): void {
  for (const [name, width] of Object.entries(widths))
    if (width % 4 || width < 4)
      throw new ShapeError(
        operation,
        `${name} to be a positive multiple of 4`,
        width,
        'pad the tensor with zeros to a multiple of 4',
      );
}
