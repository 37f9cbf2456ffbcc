import { describe, expect, it } from 'vitest';
import { helpText, optionalWhole, parseCommandLine, wholeOption } from './commandLine';

describe('the command line', () => {
  it('splits file names, values, switches and --json', () => {
    const line = parseCommandLine('train', ['a.json', '--out', 'runs/a', '--resume', '--json']);
    expect(line).toEqual({ positionals: ['a.json'], options: { out: 'runs/a', resume: 'true' }, json: true });
  });

  it('names an option that the command does not have', () => {
    expect(() => parseCommandLine('plan', ['a.json', '--out', 'x'])).toThrow(/lab plan: .*'--out'.*see lab --help/);
  });

  it('says how many file names it expected', () => {
    expect(() => parseCommandLine('plan', [])).toThrow('lab plan: expected plan RECIPE.json, got 0 file names; see lab --help');
  });

  it('takes whole numbers above 0 only', () => {
    const line = parseCommandLine('eval', ['x', '--rows', '0', '--length', '64']);
    expect(optionalWhole(line, 'length')).toBe(64);
    expect(optionalWhole(line, 'tokenizer')).toBeUndefined();
    expect(wholeOption(parseCommandLine('eval', ['x']), 'rows', 8)).toBe(8);
    expect(() => wholeOption(line, 'rows', 8)).toThrow('--rows: expected a whole number above 0, got 0; change --rows');
  });

  it('explains every command', () => {
    for (const command of ['devices', 'plan', 'train', 'tune', 'check', 'eval', 'probe', 'bench'])
      expect(helpText()).toMatch(new RegExp(`^ {2}${command}\\b`, 'm'));
  });
});
