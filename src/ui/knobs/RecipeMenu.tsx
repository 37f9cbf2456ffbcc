import { lazy, Suspense, useState } from 'react';
import { useLab } from '../labContext';

const RecipeActions = lazy(() => import('./RecipeActions'));

/** Which preset the knobs start from, and the way to the recipe as JSON. */
export function RecipeMenu() {
  const presets = useLab((state) => state.presets);
  const preset = useLab((state) => state.preset);
  const choose = useLab((state) => state.choosePreset);
  const [wanted, setWanted] = useState(false);
  const button = (
    <button
      type="button"
      className="icon-button"
      aria-label="Recipe: copy, paste, download, upload"
      onClick={() => setWanted(true)}
    >
      ⋯
    </button>
  );
  return (
    <div className="recipe-menu">
      <label className="row">
        <span>Recipe</span>
        <select value={preset.name} onChange={(event) => choose(event.target.value)}>
          {(presets.length ? presets : [preset]).map(({ name }) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
      </label>
      {wanted ? (
        <Suspense fallback={button}>
          <RecipeActions />
        </Suspense>
      ) : (
        button
      )}
    </div>
  );
}
