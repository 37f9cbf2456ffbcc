import { batchFromIds } from '../../core/batch';
import { InputError } from '../../core/errors';
import { attentionDistanceProfile } from '../../kernels/attentionStatistics';
import type { Program } from '../../kernels/program';
import { createTensor, type Tensor } from '../../kernels/tensor';
import { ProgramContext } from '../../model/context';
import { attentionProgram } from '../../model/programs';
import { RotaryTableSet } from '../../model/rotary';
import { ModelTensors } from '../../model/tensors';
import { AttentionProbe } from '../../probes/attention';
import { openEngine } from '../openEngine';
import type { CheckContext, CheckedQuantity } from './check';
import { withDefaultRope } from './checkGradients';
import { worstRelative } from './compare';
import type { GoldenAttention } from './golden';

/** Relative. Masses below `smallMass` are held to the absolute error that this allows there, 1e-10. */
const TOLERANCE = { relative: 1e-4, smallMass: 1e-6 };

/** Distance, entropy and first-token mass of every head, and the first head's mass at every distance, over all queries of all rows. */
export async function checkAttention(context: CheckContext, golden: GoldenAttention): Promise<CheckedQuantity[]> {
  const batch = batchFromIds(golden.ids);
  const { rows, length } = batch;
  const queries = rows * length;
  const config = withDefaultRope(context.config);
  const model = new ModelTensors(config, queries);
  const rotary = new RotaryTableSet(config, [length]);
  const programContext = () => new ProgramContext(model, rotary, context.variants, { rows, length });
  const probe = new AttentionProbe(programContext(), queries);
  const allQueries = createTensor('all_queries', [queries], 'inputs', { persistent: true });
  const profile = profileProgram(programContext(), allQueries);
  const engine = await openEngine({ ...context, model, rotary, programs: [probe.program, profile.program] });
  try {
    const queryRows = Uint32Array.from({ length: queries }, (_, token) => token);
    const summary = await probe.run(engine, batch, queryRows);
    engine.write(allQueries, queryRows);
    engine.run(profile.program);
    const profiles = await engine.read(profile.profiles, profile.program);
    context.count(probe.program.dispatches.length + profile.program.dispatches.length);
    const heads = config.numAttentionHeads;
    return golden.layers.flatMap((expected) => {
      const { layer } = expected;
      if (!profiles[layer])
        throw new InputError(
          'golden attention',
          `layers below ${profiles.length}, as this checkpoint has`,
          layer,
          'use the checkpoint they were made with',
        );
      const ofLayer = (values: readonly number[]) => values.slice(layer * heads, (layer + 1) * heads);
      const massByDistance = Array.from(profiles[layer].subarray(0, length), (mass) => mass / queries);
      const quantity = (name: string, actual: readonly number[], golden: readonly number[], floor?: number): CheckedQuantity => ({
        quantity: `${name}, layer ${layer}`,
        error: worstRelative(actual, golden, name, floor),
        tolerance: TOLERANCE.relative,
      });
      return [
        quantity('attention distance', ofLayer(summary.meanDistance), expected.mean_distance),
        quantity('attention entropy', ofLayer(summary.entropy), expected.entropy),
        quantity('first token mass', ofLayer(summary.firstTokenMass), expected.first_token_mass),
        quantity('mass by distance', massByDistance, expected.mass_by_distance_head0, TOLERANCE.smallMass),
      ];
    });
  } finally {
    engine.destroy();
  }
}

/** The layers with the mass at every distance after each attention, one (N, T) profile per layer. */
function profileProgram(context: ProgramContext, queryRows: Tensor): { program: Program; profiles: Tensor[] } {
  const profiles: Tensor[] = [];
  const { docBounds } = context.inputs;
  const { attention: shape, scale } = context;
  const program = attentionProgram(context, ({ layer, qkv, softmax }) => {
    const profile = context.tensor(`distance_profile.${layer}`, [shape.queryHeads, shape.length]);
    context.add(attentionDistanceProfile({ qkv, softmax, docBounds, queryRows, profile, shape, scale }));
    profiles.push(profile);
    return [profile];
  });
  return { program, profiles };
}
