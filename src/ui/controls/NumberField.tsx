import { useId, useState } from 'react';
import { shortValue } from '../../store/recipe/recipeFields';

interface NumberFieldProps {
  label: string;
  /** Hides the label from sight where a column header says it already. */
  labelHidden?: boolean;
  value: number;
  min?: number;
  max?: number;
  whole?: boolean;
  /** Factor from the shown number to the value: 0.01 for per cent. */
  scale?: number;
  unit?: string;
  disabled?: boolean;
  testId?: string;
  onChange(value: number): void;
}

/**
 * A number that may be typed as 500000, 5e5, 500,000 or 500k. What is typed acts as soon as it is valid; what is not valid is said
 * under the field and changes nothing.
 */
export function NumberField(props: NumberFieldProps) {
  const { label, labelHidden, value, unit, disabled, testId, onChange, scale = 1 } = props;
  const id = useId();
  const [typed, setTyped] = useState<string>();
  const problem = typed === undefined ? undefined : problemOf(typed, props);
  return (
    <span className="number-field">
      <label htmlFor={id} className={labelHidden ? 'visually-hidden' : undefined}>
        {label}
      </label>
      <span className="number-box">
        <input
          id={id}
          type="text"
          inputMode="decimal"
          autoComplete="off"
          spellCheck={false}
          data-testid={testId}
          disabled={disabled}
          value={typed ?? display(value / scale)}
          aria-invalid={problem !== undefined}
          aria-describedby={problem ? `${id}-problem` : undefined}
          onChange={(event) => {
            setTyped(event.target.value);
            if (!problemOf(event.target.value, props)) onChange(parseNumber(event.target.value) * scale);
          }}
          onBlur={() => setTyped(undefined)}
          onKeyDown={(event) => {
            if (event.key === 'Enter') event.currentTarget.blur();
            if (event.key === 'Escape') setTyped(undefined);
          }}
        />
        {unit && <span className="unit">{unit}</span>}
      </span>
      {problem && (
        <span id={`${id}-problem`} className="field-problem" role="alert">
          {problem}
        </span>
      )}
    </span>
  );
}

/** Reads 5e5, 500_000, 500,000 and the suffixes k, M, G; NaN where it is no number. */
export function parseNumber(text: string): number {
  const match = /^([-+]?[\d.]+(?:e[-+]?\d+)?)([kMG]?)$/i.exec(text.replace(/[,_\s]/g, ''));
  if (!match) return Number.NaN;
  return Number(match[1]) * { '': 1, k: 1e3, m: 1e6, g: 1e9 }[match[2].toLowerCase() as '' | 'k' | 'm' | 'g'];
}

function problemOf(text: string, { min, max, whole, scale = 1 }: NumberFieldProps): string | undefined {
  const shown = parseNumber(text);
  const value = shown * scale;
  if (!Number.isFinite(shown)) return 'not a number';
  if (whole && !Number.isInteger(value)) return 'must be a whole number';
  if (min !== undefined && value < min) return `at least ${shortValue(min / scale)}`;
  if (max !== undefined && value > max) return `at most ${shortValue(max / scale)}`;
  return undefined;
}

/** Large whole numbers with separators, small ones as they are, very small ones with an exponent. */
function display(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) >= 1e4) return value.toLocaleString('en-US');
  if (value !== 0 && Math.abs(value) < 1e-3) return value.toExponential().replace('e+', 'e');
  return String(Number(value.toPrecision(6)));
}
