import type { CheckContext, CheckedQuantity } from './check';
import type { GoldenAttention } from './golden';
export async function checkAttention(_context: CheckContext, _golden: GoldenAttention): Promise<CheckedQuantity[]> {
  return [];
}
