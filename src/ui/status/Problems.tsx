import { useLab } from '../labContext';

/** What went wrong, one line each, until dismissed. */
export function Problems() {
  const problems = useLab((state) => state.problems);
  const dismiss = useLab((state) => state.dismiss);
  return (
    <div className="problems" role="alert" aria-label="Problems">
      {problems.map(({ id, operation, message }) => (
        <div key={id} className="problem" data-testid="error-bar">
          <span>
            <b>{operation}:</b> {message}
          </span>
          <button type="button" className="quiet" aria-label={`Dismiss: ${operation}`} onClick={() => dismiss(id)}>
            ✕
          </button>
        </div>
      ))}
    </div>
  );
}
