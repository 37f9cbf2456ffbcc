/**
 * The base of every error a user can meet. A message always says four things: which operation, what it expected,
 * what it got, and what to do next: "flash attention: expected an even head_dim of at most 128, got 130; change
 * num_attention_heads or hidden_size". Rooms subclass it so that callers can tell causes apart by type.
 */
export class LabError extends Error {
  override name = 'LabError';

  constructor(
    readonly operation: string,
    readonly expected: string,
    readonly got: unknown,
    readonly advice: string,
  ) {
    super(`${operation}: expected ${expected}, got ${show(got)}; ${advice}`);
  }
}

/** A tensor or model shape that an operation cannot take. */
export class ShapeError extends LabError {
  override name = 'ShapeError';
}

/** A recipe, config, file or URL whose content is not valid. */
export class InputError extends LabError {
  override name = 'InputError';
}

function show(value: unknown): string {
  if (typeof value === 'string') return value.length > 160 ? `${value.slice(0, 160)}…` : value;
  if (typeof value === 'number' || typeof value === 'boolean' || value == null) return String(value);
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 160 ? `${text.slice(0, 160)}…` : text;
}
