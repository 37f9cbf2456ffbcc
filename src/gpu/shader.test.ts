import { afterEach, describe, expect, it } from 'vitest';
import { KernelCompileError } from './errors';
import { loadShader, type ShaderConstants, shaderFaults, shaderNames } from './shader';

/** Loads `text` as if it were one of the shaders. */
function preprocess(text: string, constants: ShaderConstants = {}): string[] {
  shaderFaults.set('column_sum', () => text);
  return loadShader('column_sum', constants).split('\n').slice(Object.keys(constants).length);
}

afterEach(() => shaderFaults.clear());

describe('loadShader', () => {
  it('finds every file by name and prepends constants with their types', () => {
    expect(shaderNames()).toContain('column_sum');
    const text = loadShader('column_sum', { TILE: 8, EPS: 0.5, ACCUMULATE: true });
    expect(text.split('\n').slice(0, 3)).toEqual(['const TILE = 8u;', 'const EPS = 0.5;', 'const ACCUMULATE = true;']);
    expect(text).toContain('fn main(');
  });

  it('moves enable and requires lines above the constants, as WGSL wants them', () => {
    shaderFaults.set('column_sum', () => 'requires x;\nlet a = 1;\nenable f16;');
    expect(loadShader('column_sum', { N: 2 }).split('\n')).toEqual(['requires x;', 'enable f16;', 'const N = 2u;', 'let a = 1;']);
  });

  it('names the shaders there are when one is missing', () => {
    expect(() => loadShader('no_such_shader')).toThrow(/expected one of .*column_sum.*, got no_such_shader/);
  });
});

describe('#include', () => {
  it('puts the other file in place, itself preprocessed', () => {
    shaderFaults.set('linear_index', () => '//#if N == 1\none\n//#else\nmany\n//#end');
    expect(preprocess('before\n//#include linear_index\nafter', { N: 1 })).toEqual(['before', 'one', 'after']);
    expect(preprocess('//#include linear_index', { N: 2 })).toEqual(['many']);
  });

  it('fails on an unknown file', () => {
    expect(() => preprocess('//#include nothing')).toThrow(KernelCompileError);
  });
});

describe('#if', () => {
  it('keeps one branch', () => {
    const text = '//#if A\nyes\n//#else\nno\n//#end';
    expect(preprocess(text, { A: true })).toEqual(['yes']);
    expect(preprocess(text, { A: false })).toEqual(['no']);
    expect(preprocess('//#if A\nyes\n//#end', { A: 0 })).toEqual([]);
  });

  it('nests, and does not look into the branch it drops', () => {
    const text = [
      '//#if A',
      'a',
      '  //#if B',
      'ab',
      '  //#else',
      'a only',
      '  //#end',
      '//#else',
      '//#if UNKNOWN',
      '//#end',
      '//#end',
    ];
    expect(preprocess(text.join('\n'), { A: true, B: true })).toEqual(['a', 'ab']);
    expect(preprocess(text.join('\n'), { A: true, B: false })).toEqual(['a', 'a only']);
  });

  it.each([
    ['2 + 3 * 4 == 14', true],
    ['(2 + 3) * 4 == 20', true],
    ['7 / 2 == 3', true],
    ['9 - 3 - 2 == 4', true],
    ['!ON || N > 3', true],
    ['!(ON && N >= 4)', false],
    ['N != 4 || N <= 3 || N < 4', false],
    ['1 || 0 && 0', true],
  ])('evaluates %s', (expression, kept) => {
    expect(preprocess(`//#if ${expression}\nx\n//#end`, { N: 4, ON: true })).toEqual(kept ? ['x'] : []);
  });
});

describe('#for', () => {
  it('repeats its lines once per value, bounds by constants', () => {
    expect(preprocess('//#for r in 0..ROWS\nlet a$r = x[$ru];\n//#end', { ROWS: 2 })).toEqual([
      'let a0 = x[0u];',
      'let a1 = x[1u];',
    ]);
    expect(preprocess('//#for r in N..N\nx$r\n//#end', { N: 4 })).toEqual([]);
  });

  it('nests, with the outer value known inside bounds and conditions', () => {
    const text = ['//#for r in 0..3', '//#if $r != 1', '//#for c in 0..$r', 'm$r$c', '//#end', '//#end', '//#end'];
    expect(preprocess(text.join('\n'))).toEqual(['m20', 'm21']);
  });

  it('repeats included files', () => {
    shaderFaults.set('linear_index', () => 'line');
    expect(preprocess('//#for r in 0..2\n//#include linear_index\n//#end')).toEqual(['line', 'line']);
  });
});

describe('malformed directives', () => {
  it.each([
    ['//#if A\nx', /a matching #end, got \/\/#if A/],
    ['//#for r in 0..2\nx', /a matching #end/],
    ['//#end', /one of #include, #if, #else, #for, #end/],
    ['//#else', /one of #include/],
    ['//#elif A', /one of #include/],
    ['//#if B\n//#end', /a constant for B, got B/],
    ['//#if A +\n//#end', /a constant for undefined/],
    ['//#if (A\n//#end', /a closing parenthesis/],
    ['//#if A A\n//#end', /an expression, got A A/],
    ['//#for row in 0..2\n//#end', /#for x in FROM\.\.TO, x one letter, got row in 0\.\.2/],
    ['//#for r from 0 to 2\n//#end', /#for x in FROM\.\.TO/],
  ])('%j is refused', (text, message) => {
    expect(() => preprocess(text, { A: 1 })).toThrow(KernelCompileError);
    expect(() => preprocess(text, { A: 1 })).toThrow(message);
    expect(() => preprocess(text, { A: 1 })).toThrow(/preprocess column_sum\.wgsl/);
  });
});
