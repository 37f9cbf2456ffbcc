import { RunList } from '../runs/RunList';
import { ErrorBoundary } from '../status/ErrorBoundary';
import { PendingChanges } from '../transport/PendingChanges';
import { CurriculumEditor } from './curriculum/CurriculumEditor';
import { DataMix } from './DataMix';
import { ModelKnobs } from './ModelKnobs';
import { OptimizerKnobs } from './OptimizerKnobs';
import { PlanCard } from './PlanCard';
import { PositionEncodingKnobs } from './PositionEncodingKnobs';
import { RecipeMenu } from './RecipeMenu';
import { Section } from './Section';

/** Everything a recipe holds, most used first, and the runs it led to. */
export function KnobColumn() {
  return (
    <aside className="knobs" aria-label="Recipe and runs">
      <Section title="Runs" open>
        <RunList />
      </Section>
      <RecipeMenu />
      <Section title="Position encoding" open>
        <PositionEncodingKnobs />
      </Section>
      <Section title="Curriculum" explain="curriculum" open>
        <CurriculumEditor />
      </Section>
      <Section title="What it takes" explain="memory" open>
        <ErrorBoundary name="The plan">
          <PlanCard />
        </ErrorBoundary>
      </Section>
      <Section title="Data mix" explain="mix" open>
        <DataMix />
      </Section>
      <Section title="Model" explain="model">
        <ModelKnobs />
      </Section>
      <Section title="Optimizer and probes">
        <OptimizerKnobs />
      </Section>
      <PendingChanges />
    </aside>
  );
}
