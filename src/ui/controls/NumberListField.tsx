import { useId, useState } from 'react';
import { parseNumber } from './NumberField';

interface NumberListFieldProps {
  label: string;
  values: readonly number[];
  /** Shown while the list is empty. */
  placeholder?: string;
  testId?: string;
  /** What is wrong with these values, in a few words; they are not taken then. */
  problemOf?(values: readonly number[]): string | undefined;
  onChange(values: number[]): void;
}

/**
 * Numbers typed as 1, 1.5, 2. What is typed acts as soon as it is valid; what is not valid is said under the field and changes nothing.
 */
export function NumberListField({ label, values, placeholder, testId, problemOf, onChange }: NumberListFieldProps) {
  const id = useId();
  const [typed, setTyped] = useState<string>();
  const check = (list: readonly number[]) => (list.some(Number.isNaN) ? 'numbers with commas between' : problemOf?.(list));
  const problem = check(typed === undefined ? values : parseNumbers(typed));
  return (
    <span className="number-field">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        type="text"
        autoComplete="off"
        spellCheck={false}
        data-testid={testId}
        placeholder={placeholder}
        value={typed ?? values.join(', ')}
        // Lists are longer than numbers: the rest of the line, or a line of its own.
        style={{ flex: '1 1 140px', minWidth: 0 }}
        aria-invalid={problem !== undefined}
        aria-describedby={problem ? `${id}-problem` : undefined}
        onChange={(event) => {
          setTyped(event.target.value);
          const list = parseNumbers(event.target.value);
          if (!check(list)) onChange(list);
        }}
        onBlur={() => setTyped(undefined)}
        onKeyDown={(event) => {
          if (event.key === 'Enter') event.currentTarget.blur();
          if (event.key === 'Escape') setTyped(undefined);
        }}
      />
      {problem && (
        <span id={`${id}-problem`} className="field-problem" role="alert">
          {problem}
        </span>
      )}
    </span>
  );
}

/** Reads numbers between commas or spaces; NaN for a piece that is none. A comma at the end is still being typed. */
export function parseNumbers(text: string): number[] {
  const pieces = text.trim().replace(/,$/, '').trim();
  return pieces === '' ? [] : pieces.split(/\s*,\s*|\s+/).map(parseNumber);
}
