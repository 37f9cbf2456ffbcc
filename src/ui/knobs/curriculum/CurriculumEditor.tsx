import { curriculumFlops, type FlopTotal } from '../../../core/curriculum';
import { draftModel } from '../../../store/recipe/draftModel';
import { Explain } from '../../controls/Explain';
import { Field, useRevert } from '../../controls/Field';
import { NumberField } from '../../controls/NumberField';
import { formatFlops, formatPercent } from '../../format';
import { useLab } from '../../labContext';
import { StageChart } from './StageChart';
import { addStage, boundaries, moveBoundary, removeStage, type Stages } from './stageDrag';

/** Which lengths are trained for which share of the tokens, and what that saves. */
export function CurriculumEditor() {
  const curriculum = useLab((state) => state.draft.curriculum);
  const edit = useLab((state) => state.edit);
  const revert = useRevert();
  const lengths = powersDividing(curriculum.tokens_per_step);
  const setStages = (stages: Stages) =>
    edit((draft) => {
      draft.curriculum.stages = stages;
    });
  return (
    <>
      <Field
        wide
        path="curriculum.stages"
        onReset={() => revert((draft, from) => void (draft.curriculum.stages = from.curriculum.stages))}
      >
        <StageChart stages={curriculum.stages} lengths={lengths} onChange={setStages} />
      </Field>
      <StageRows stages={curriculum.stages} lengths={lengths} onChange={setStages} />
      <div className="field-pair">
        <Field
          path="curriculum.tokens_per_step"
          explain={<Explain id="tokensPerStep" />}
          onReset={() => revert((draft, from) => void (draft.curriculum.tokens_per_step = from.curriculum.tokens_per_step))}
        >
          <NumberField
            label="Tokens per step"
            whole
            min={1}
            value={curriculum.tokens_per_step}
            onChange={(value) => edit((draft) => void (draft.curriculum.tokens_per_step = value))}
          />
        </Field>
        <Field
          path="curriculum.total_tokens"
          explain={<Explain id="totalTokens" />}
          onReset={() => revert((draft, from) => void (draft.curriculum.total_tokens = from.curriculum.total_tokens))}
        >
          <NumberField
            label="Total tokens"
            whole
            min={1}
            value={curriculum.total_tokens}
            onChange={(value) => edit((draft) => void (draft.curriculum.total_tokens = value))}
          />
        </Field>
      </div>
      <Savings />
    </>
  );
}

interface StageRowsProps {
  stages: Stages;
  lengths: readonly number[];
  onChange(stages: Stages): void;
}

function StageRows({ stages, lengths, onChange }: StageRowsProps) {
  const edges = boundaries(stages);
  const setLength = (index: number, sequence_length: number) =>
    onChange(stages.map((stage, i) => (i === index ? { ...stage, sequence_length } : stage)));
  return (
    <table className="stage-rows">
      <thead>
        <tr>
          <th scope="col">stage</th>
          <th scope="col">length</th>
          <th scope="col">until</th>
          <th scope="col">
            <span className="visually-hidden">remove</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {stages.map((stage, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: stages have no identity but their place.
          <tr key={i}>
            <td>{i + 1}</td>
            <td>
              <select
                aria-label={`Sequence length of stage ${i + 1}`}
                value={stage.sequence_length}
                onChange={(event) => setLength(i, Number(event.target.value))}
              >
                {[...new Set([...lengths, stage.sequence_length])]
                  .sort((a, b) => a - b)
                  .map((length) => (
                    <option key={length} value={length}>
                      {length}
                    </option>
                  ))}
              </select>
            </td>
            <td>
              {i === stages.length - 1 ? (
                <span className="muted">100 %</span>
              ) : (
                <NumberField
                  label={`Stage ${i + 1} ends at, per cent of tokens`}
                  labelHidden
                  unit="%"
                  min={0.02}
                  max={0.98}
                  scale={0.01}
                  value={Number(edges[i].toFixed(3))}
                  onChange={(edge) => onChange(moveBoundary(stages, i, edge))}
                />
              )}
            </td>
            <td className="remove">
              <button
                type="button"
                className="quiet"
                disabled={stages.length === 1}
                aria-label={`Remove stage ${i + 1}`}
                onClick={() => onChange(removeStage(stages, i))}
              >
                ✕
              </button>
            </td>
          </tr>
        ))}
      </tbody>
      <tfoot>
        <tr>
          <td colSpan={4}>
            <button type="button" className="quiet" onClick={() => onChange(addStage(stages))}>
              + stage of twice the length
            </button>
          </td>
        </tr>
      </tfoot>
    </table>
  );
}

/** Both ways of counting, side by side and labelled. */
function Savings() {
  const draft = useLab((state) => state.draft);
  const facts = useLab((state) => state.facts);
  const valid = useLab((state) => state.draftError === undefined);
  const model = draftModel(draft, facts);
  if (!model || !valid) return null;
  const flops = flopsOf(() => curriculumFlops(model, draft.curriculum));
  if (!flops) return null;
  return (
    <table className="flop-rows">
      <thead>
        <tr>
          <th scope="col">
            FLOPs <Explain id="flops" />
          </th>
          <th scope="col">total</th>
          <th scope="col">saved</th>
        </tr>
      </thead>
      <tbody>
        <FlopRow label="causal-exact" count={flops.model} />
        <FlopRow label="paper’s formula" count={flops.megatron} />
      </tbody>
    </table>
  );
}

function FlopRow({ label, count }: { label: string; count: FlopTotal }) {
  return (
    <tr>
      <th scope="row">{label}</th>
      <td>{formatFlops(count.total)}</td>
      <td title="Against the longest length from the first step on">{formatPercent(count.saving)}</td>
    </tr>
  );
}

/** A stage can be too short for one step; the transport shows that sentence, so here it only leaves a gap. */
function flopsOf<T>(count: () => T): T | undefined {
  try {
    return count();
  } catch {
    return undefined;
  }
}

/** Powers of two from 16 that divide the tokens of a step. */
function powersDividing(tokensPerStep: number): number[] {
  const lengths: number[] = [];
  for (let length = 16; length <= tokensPerStep && tokensPerStep % length === 0; length *= 2) lengths.push(length);
  return lengths.length ? lengths : [tokensPerStep];
}
