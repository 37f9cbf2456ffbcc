import { ShapeError } from '../core/errors';
import { isLlvmpipe } from '../gpu/device';
import { type Dispatch, matrixTiles } from './dispatch';
import { expectShape, type Tensor } from './tensor';
import { type KernelFamily, type Variant, type VariantSet, variantOf } from './variants';

/** The variant for products of a single row, on any adapter. */
export const ONE_ROW_TILE = 'register-1x8';

/**
 * The register tile: TILE_ROWS × 8 values a thread. Software adapters run eight rows best, real GPUs have registers for four; SCALAR_K takes
 * one step of the sum at a time, which halves what must be live: LLVM (lavapipe) spills otherwise, SwiftShader prefers four.
 */
export const matmulNtFamily = tileFamily('matmul_nt');
/** Also the product inside `swiglu_backward`. */
export const matmulNnFamily = tileFamily('matmul_nn');
export const matmulTnFamily = tileFamily('matmul_tn');
export const matmulFamilies = [matmulNtFamily, matmulNnFamily, matmulTnFamily] as const;

function tileFamily(operation: string): KernelFamily {
  return {
    operation,
    variants: [
      tileVariant('register-8x8', { TILE_ROWS: 8, SCALAR_K: false }, 'software adapters: registers are memory, reuse is free'),
      tileVariant(
        'register-8x8-scalar-k',
        { TILE_ROWS: 8, SCALAR_K: true },
        'lavapipe: LLVM spills unless few values live at a time',
      ),
      tileVariant('register-4x8', { TILE_ROWS: 4, SCALAR_K: false }, 'GPUs: what the registers of a thread hold'),
      tileVariant(ONE_ROW_TILE, { TILE_ROWS: 1, SCALAR_K: false }, 'decoding: a taller tile computes rows that are not there'),
    ],
    preferred: (facts) => {
      if (!facts.isSoftware) return 'register-4x8';
      return isLlvmpipe(facts) ? 'register-8x8-scalar-k' : 'register-8x8';
    },
  };
}

function tileVariant(name: string, constants: Variant['constants'], suits: string): Variant {
  return { name, constants, suits, isSupported: () => true };
}

interface MatmulOperands {
  /** What the product is for, as it shows in labels: `o_proj`. */
  role: string;
  a: Tensor;
  b: Tensor;
  c: Tensor;
}

/** Linear layer: c (M, N) = a (M, K) · b (N, K)ᵀ, plus `residual` (M, N) if given. */
export function matmulNt(operands: MatmulOperands & { residual?: Tensor }, variants: VariantSet): Dispatch {
  const { role, a, b, c, residual } = operands;
  const [m, k] = a.shape;
  const n = b.shape[0];
  const variant = variantOf(matmulNtFamily, variants);
  checkWidths('matmul_nt', { n, k });
  expectShape(`matmul_nt.${role}`, 'b', b, [n, k]);
  expectShape(`matmul_nt.${role}`, 'c', c, [m, n]);
  if (residual) expectShape(`matmul_nt.${role}`, 'residual', residual, [m, n]);
  return {
    ...describe('matmul_nt', role, m, n, k),
    constants: { ...variant.constants, RESIDUAL: Boolean(residual) },
    tensors: residual ? { a, b, c, residual } : { a, b, c },
    params: { m, n, k },
    workgroups: matrixTiles(m, n, variant),
  };
}

/** Gradient through a linear layer: c (M, N) = a (M, K) · b (K, N). */
export function matmulNn({ role, a, b, c }: MatmulOperands, variants: VariantSet): Dispatch {
  const [m, k] = a.shape;
  const n = b.shape[1];
  const variant = variantOf(matmulNnFamily, variants);
  checkWidths('matmul_nn', { n, k });
  expectShape(`matmul_nn.${role}`, 'b', b, [k, n]);
  expectShape(`matmul_nn.${role}`, 'c', c, [m, n]);
  return {
    ...describe('matmul_nn', role, m, n, k),
    constants: variant.constants,
    tensors: { a, b, c },
    params: { m, n, k },
    workgroups: matrixTiles(m, n, variant),
  };
}

/** Weight gradient, accumulated: c (M, N) += a (K, M)ᵀ · b (K, N); K runs over tokens. */
export function matmulTn({ role, a, b, c }: MatmulOperands, variants: VariantSet): Dispatch {
  const [k, m] = a.shape;
  const n = b.shape[1];
  const variant = variantOf(matmulTnFamily, variants);
  checkWidths('matmul_tn', { m, n });
  expectShape(`matmul_tn.${role}`, 'b', b, [k, n]);
  expectShape(`matmul_tn.${role}`, 'c', c, [m, n]);
  // The kernel loads `a` four rows of c at a time.
  const constants = { TILE_ROWS: Math.max(4, Number(variant.constants.TILE_ROWS)) };
  return {
    ...describe('matmul_tn', role, m, n, k),
    constants,
    tensors: { a, b, c },
    params: { m, n, k },
    workgroups: matrixTiles(m, n, { ...variant, constants }),
  };
}

function describe(shader: string, role: string, m: number, n: number, k: number) {
  return {
    label: `${shader}.${role}[${m}x${n}x${k}]`,
    shader,
    flops: 2 * m * n * k,
    bytes: 4 * (m * k + k * n + m * n),
  };
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
