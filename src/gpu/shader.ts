import { KernelCompileError } from './errors';

/**
 * Loads WGSL the same way in the page, a worker, Vitest and the Node build, and runs the small preprocessor:
 *
 *   //#include name             another file of shaders/, in place
 *   //#include name(a, b)       the same, with `$1` and `$2` in it standing for a and b
 *   //#if EXPRESSION … //#else … //#end      kept or dropped by the constants, e.g. `EPILOGUE == 1 && TILE > 4`
 *   //#for r in 0..ROWS … //#end             the lines once per value, with `$r` standing for it (names are one letter)
 *
 * Directives are comments, so a shader stays plain WGSL to an editor but for `$r`. Constants are prepended as a `const` block:
 * WGSL takes `override` lengths only for workgroup arrays, and register tiles need real constants.
 */
const sources = import.meta.glob<string>('../../shaders/*.wgsl', { query: '?raw', import: 'default', eager: true });

/** Shader constants: whole numbers become `u32`, fractions `f32`, booleans `bool`; a string names a type and becomes an alias of it. */
export type ShaderConstants = Readonly<Record<string, number | boolean | string>>;

/** Text substitutions made after loading, by shader name: how a test breaks one line on purpose. */
export const shaderFaults = new Map<string, (source: string) => string>();

export function shaderNames(): string[] {
  return Object.keys(sources).map((path) => path.slice(path.lastIndexOf('/') + 1, -'.wgsl'.length));
}

/** Lines that WGSL wants before all declarations, wherever a shader or an include states them. */
const DIRECTIVE = /^\s*(enable|requires|diagnostic)\b/;

/** The WGSL text of `shaders/<name>.wgsl` under these constants. */
export function loadShader(name: string, constants: ShaderConstants = {}): string {
  const header = Object.entries(constants).map(([key, value]) =>
    typeof value === 'string' ? `alias ${key} = ${value};` : `const ${key} = ${literal(value)};`,
  );
  if (Object.values(constants).includes('f16')) header.unshift('enable f16;');
  const body = preprocess(name, shaderSource(name).split('\n'), constants);
  const enables = body.filter((line) => DIRECTIVE.test(line));
  const rest = body.filter((line) => !DIRECTIVE.test(line));
  return [...enables, ...header, ...rest].join('\n');
}

/** The text of a shader as it lies in shaders/, before the preprocessor. */
export function shaderSource(name: string): string {
  const text = sources[`../../shaders/${name}.wgsl`];
  if (text === undefined)
    throw new KernelCompileError(
      'load shader',
      `one of ${shaderNames().join(', ')}`,
      name,
      'add shaders/NAME.wgsl or fix the name',
    );
  return shaderFaults.get(name)?.(text) ?? text;
}

function literal(value: number | boolean): string {
  if (typeof value === 'boolean') return String(value);
  return Number.isInteger(value) ? `${value}u` : String(value);
}

function preprocess(name: string, lines: string[], constants: ShaderConstants): string[] {
  const out: string[] = [];
  for (let i = 0; i < lines.length; i++) {
    const directive = /^\s*\/\/#(\w+)\s*(.*)$/.exec(lines[i]);
    if (!directive) {
      out.push(lines[i]);
      continue;
    }
    const [, word, rest] = directive;
    if (word === 'include') {
      out.push(...include(name, rest.trim(), constants));
    } else if (word === 'if' || word === 'for') {
      const { end, otherwise } = findEnd(name, lines, i);
      const body = lines.slice(i + 1, otherwise ?? end);
      if (word === 'for') out.push(...unroll(name, rest, body, constants));
      else if (evaluate(name, rest, constants)) out.push(...preprocess(name, body, constants));
      else if (otherwise !== undefined) out.push(...preprocess(name, lines.slice(otherwise + 1, end), constants));
      i = end;
    } else {
      throw malformed(name, lines[i], 'one of #include, #if, #else, #for, #end');
    }
  }
  return out;
}

/** The lines of another shader; in `NAME(a, b)` its `$1` and `$2` stand for `a` and `b`. */
function include(name: string, call: string, constants: ShaderConstants): string[] {
  const parts = /^(\w+)(?:\((.*)\))?$/.exec(call);
  if (!parts) throw malformed(name, call, '#include NAME or #include NAME(a, b)');
  const [, file, list] = parts;
  const given = list?.split(',').map((part) => part.trim()) ?? [];
  const text = shaderSource(file).replace(/\$(\d)/g, (_, position) => given[Number(position) - 1] ?? '');
  return preprocess(file, text.split('\n'), constants);
}

function findEnd(name: string, lines: string[], start: number): { end: number; otherwise?: number } {
  let depth = 0;
  let otherwise: number | undefined;
  for (let i = start; i < lines.length; i++) {
    const word = /^\s*\/\/#(\w+)/.exec(lines[i])?.[1];
    if (word === 'if' || word === 'for') depth++;
    else if (word === 'else' && depth === 1) otherwise = i;
    else if (word === 'end' && --depth === 0) return { end: i, otherwise };
  }
  throw malformed(name, lines[start], 'a matching #end');
}

function unroll(name: string, range: string, body: string[], constants: ShaderConstants): string[] {
  const parts = /^([a-z])\s+in\s+(\w+)\.\.(\w+)$/.exec(range.trim());
  if (!parts) throw malformed(name, range, '#for x in FROM..TO, x one letter');
  const [, variable, from, to] = parts;
  const out: string[] = [];
  for (let value = evaluate(name, from, constants); value < evaluate(name, to, constants); value++)
    out.push(
      ...preprocess(
        name,
        body.map((line) => line.replaceAll(`$${variable}`, String(value))),
        constants,
      ),
    );
  return out;
}

/** Numbers, names and the operators `! * / + - < <= > >= == != && ||`, left to right with the usual precedence. */
function evaluate(name: string, expression: string, constants: ShaderConstants): number {
  const tokens = expression.match(/\w+|[<>=!]=|&&|\|\||[-+*/<>!()]/g) ?? [];
  const levels = [['||'], ['&&'], ['==', '!='], ['<', '<=', '>', '>='], ['+', '-'], ['*', '/']];
  let at = 0;
  const atom = (): number => {
    const token = tokens[at++];
    if (token === '!') return atom() ? 0 : 1;
    if (token === '(') {
      const value = level(0);
      if (tokens[at++] !== ')') throw malformed(name, expression, 'a closing parenthesis');
      return value;
    }
    const value = /^\d/.test(token ?? '') ? Number(token) : constants[token];
    if (value === undefined) throw malformed(name, expression, `a constant for ${token}`);
    return Number(value);
  };
  const level = (depth: number): number => {
    if (depth === levels.length) return atom();
    let left = level(depth + 1);
    while (levels[depth].includes(tokens[at])) left = apply(tokens[at++], left, level(depth + 1));
    return left;
  };
  const value = level(0);
  if (at !== tokens.length) throw malformed(name, expression, 'an expression');
  return value;
}

function apply(operator: string, left: number, right: number): number {
  switch (operator) {
    case '||':
      return left || right;
    case '&&':
      return left && right;
    case '==':
      return Number(left === right);
    case '!=':
      return Number(left !== right);
    case '<':
      return Number(left < right);
    case '<=':
      return Number(left <= right);
    case '>':
      return Number(left > right);
    case '>=':
      return Number(left >= right);
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    default:
      return Math.floor(left / right);
  }
}

function malformed(name: string, line: string, expected: string): KernelCompileError {
  return new KernelCompileError(`preprocess ${name}.wgsl`, expected, line.trim(), 'see src/gpu/shader.ts for the directives');
}
