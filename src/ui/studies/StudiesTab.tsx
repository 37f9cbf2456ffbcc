import { useEffect, useState } from 'react';
import type { ShippedStudy } from '../../store/studiesSlice';
import { useLab } from '../labContext';

/** The paper's studies in miniature: what was asked, what was found, the whole report, and every run's recipe for the knobs. */
export default function StudiesTab() {
  const studies = useLab((state) => state.studies);
  const chosen = useLab((state) => state.study);
  const open = useLab((state) => state.openStudies);
  const choose = useLab((state) => state.chooseStudy);
  useEffect(() => void open(), [open]);
  if (!studies) return <p className="empty">Loading…</p>;
  if (!studies.length) return <p className="empty">No study ships with this page. Run one with: lab reproduce STUDY --out DIR</p>;
  return (
    <div className="studies">
      <nav className="panel study-list" aria-label="Studies">
        <header className="panel-head">
          <h2>The paper in miniature</h2>
        </header>
        <ul>
          {studies.map((study) => (
            <li key={`${study.study} ${study.scale}`}>
              <button type="button" aria-pressed={study === chosen} disabled={!study.folder} onClick={() => void choose(study)}>
                <strong>{study.title}</strong> <span className="muted">{study.folder ? study.scale : 'not run yet'}</span>
                <span className="study-source muted">{study.source}</span>
                <span className="study-text">{study.finding ?? study.question}</span>
              </button>
            </li>
          ))}
        </ul>
      </nav>
      {chosen?.folder && <Report key={chosen.folder} study={chosen} folder={chosen.folder} />}
    </div>
  );
}

function Report({ study, folder }: { study: ShippedStudy; folder: string }) {
  const address = `studies/${folder}/report.html`;
  return (
    <section className="panel study-report" aria-label={`Report: ${study.title}`}>
      <header className="panel-head">
        <h2>
          {study.title}, {study.scale}
        </h2>
        <RecipePicker />
        <a href={address} target="_blank" rel="noreferrer">
          open alone
        </a>
      </header>
      <iframe title={`Report: ${study.title}, ${study.scale}`} src={address} data-testid="study-report" />
    </section>
  );
}

/** Any run of the study as the knobs' recipe. */
function RecipePicker() {
  const recipes = useLab((state) => state.studyRecipes);
  const load = useLab((state) => state.loadStudyRecipe);
  const [id, setId] = useState('');
  if (!recipes.length) return null;
  const chosen = id || recipes[0].id;
  return (
    <span className="row">
      <select aria-label="Run of the study" value={chosen} onChange={(event) => setId(event.target.value)}>
        {recipes.map((recipe) => (
          <option key={recipe.id} value={recipe.id}>
            {recipe.arm}, seed {recipe.seed}
          </option>
        ))}
      </select>
      <button type="button" onClick={() => load(chosen)}>
        Load its recipe
      </button>
    </span>
  );
}
