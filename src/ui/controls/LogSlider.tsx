interface LogSliderProps {
  label: string;
  value: number;
  min: number;
  max: number;
  /** Linear where false. */
  log?: boolean;
  disabled?: boolean;
  testId?: string;
  valueText: string;
  onChange(value: number): void;
}

const POSITIONS = 1000;

/** A slider over powers of ten (or evenly). The numeric field beside it takes exact values. */
export function LogSlider({ label, value, min, max, log = true, disabled, testId, valueText, onChange }: LogSliderProps) {
  const to = log ? Math.log : (x: number) => x;
  const from = log ? Math.exp : (x: number) => x;
  const position = ((to(Math.min(Math.max(value, min), max)) - to(min)) / (to(max) - to(min))) * POSITIONS;
  return (
    <input
      type="range"
      className="slider"
      min={0}
      max={POSITIONS}
      step={1}
      value={position}
      disabled={disabled}
      data-testid={testId}
      aria-label={label}
      aria-valuetext={valueText}
      style={{ '--filled': `${position / 10}%` } as React.CSSProperties}
      onChange={(event) => {
        const exact = from(to(min) + (Number(event.target.value) / POSITIONS) * (to(max) - to(min)));
        onChange(Number(exact.toPrecision(2)));
      }}
    />
  );
}
