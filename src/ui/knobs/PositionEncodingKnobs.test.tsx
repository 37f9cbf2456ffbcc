import { act } from 'react';
import { createRoot, type Root } from 'react-dom/client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { parseRecipe } from '../../core/recipe';
import { type FakePage, fakePage } from '../../store/testing/fakeLab';
import { parseNumbers } from '../controls/NumberListField';
import { LabProvider } from '../labContext';
import { PositionEncodingKnobs } from './PositionEncodingKnobs';

let page: FakePage;
let root: Root;
let container: HTMLElement;
const rope = () => page.store.getState().draft.rope_parameters;

beforeEach(async () => {
  vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true);
  page = fakePage();
  container = document.body.appendChild(document.createElement('div'));
  root = createRoot(container);
  await page.store.getState().boot();
  await act(async () =>
    root.render(
      <LabProvider value={page.store}>
        <PositionEncodingKnobs />
      </LabProvider>,
    ),
  );
});

afterEach(async () => {
  await act(async () => root.unmount());
  container.remove();
  vi.unstubAllGlobals();
});

async function choose(kind: string) {
  await act(async () => {
    const select = container.querySelector('select')!;
    select.value = kind;
    select.dispatchEvent(new Event('change', { bubbles: true }));
  });
}

/** The input with this label, and what is said to be wrong with it. */
function input(label: string) {
  const found = [...container.querySelectorAll('label')].find((each) => each.textContent === label);
  const element = found && container.querySelector<HTMLInputElement>(`[id="${found.htmlFor}"]`);
  if (!element) throw new Error(`no input is labelled ${label}`);
  return { element, problem: element.closest('.field')?.querySelector('.field-problem')?.textContent };
}

async function type(label: string, text: string) {
  await act(async () => {
    const { element } = input(label);
    Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value')!.set!.call(element, text);
    element.dispatchEvent(new Event('input', { bubbles: true }));
  });
}

describe('the position encoding knobs', () => {
  it('turn every kind into a recipe that parses, and back', async () => {
    const { rope_theta } = rope();
    const kinds = [...container.querySelectorAll('option')].map(({ value }) => value);
    expect(kinds).toEqual(expect.arrayContaining(['xpos', 'nope', 'longrope']));
    for (const kind of kinds) {
      await choose(kind);
      expect(parseRecipe(page.store.getState().draft).rope_parameters).toMatchObject({ rope_type: kind, rope_theta });
    }
    await choose('default');
    expect(rope()).toEqual({ rope_type: 'default', rope_theta });
  });

  it('take scale_base of xPos', async () => {
    await choose('xpos');
    await type('Scale base (tokens)', '64');
    expect(rope()).toMatchObject({ rope_type: 'xpos', scale_base: 64 });
  });

  it('take a list of one factor per pair, and say what is wrong with another', async () => {
    await choose('longrope');
    // head_dim 32.
    expect(rope()).toMatchObject({ short_factor: new Array(16).fill(1), long_factor: new Array(16).fill(1) });
    const list = Array.from({ length: 16 }, (_, i) => 1 + i / 2);
    await type('Long factors', list.join(', '));
    expect(rope()).toMatchObject({ long_factor: list });
    await type('Long factors', '1, 2');
    expect(input('Long factors').problem).toBe('16 numbers, one per rotary pair, not 2');
    expect(input('Long factors').element.getAttribute('aria-invalid')).toBe('true');
    await type('Long factors', '1, x');
    expect(input('Long factors').problem).toBe('numbers with commas between');
    await type('Long factors', list.with(3, 0).join(','));
    expect(input('Long factors').problem).toBe('at least 0.01 each');
    expect(rope()).toMatchObject({ long_factor: list });
    const { element } = input('Long factors');
    await act(async () => element.closest('.field')?.querySelector<HTMLButtonElement>('.reset')?.click());
    expect(rope()).toMatchObject({ long_factor: new Array(16).fill(1) });
  });

  it('take layers without rotation, within the model', async () => {
    await type('Layers without rotation', '0, 3');
    expect(rope().nope_layers).toEqual([0, 3]);
    await type('Layers without rotation', '0, 4');
    expect(input('Layers without rotation').problem).toBe('0 to 3');
    await type('Layers without rotation', '1.5');
    expect(input('Layers without rotation').problem).toBe('whole numbers from 0');
    expect(rope().nope_layers).toEqual([0, 3]);
    await type('Layers without rotation', '');
    expect(rope()).not.toHaveProperty('nope_layers');
  });

  it('take a share of dims that fits the head', async () => {
    await type('Share of dims that turn', '0.5');
    expect(rope().partial_rotary_factor).toBe(0.5);
    await type('Share of dims that turn', '0.3');
    expect(input('Share of dims that turn').problem).toBe('9 of 32 dims; it must be an even number of at least 2');
    expect(rope().partial_rotary_factor).toBe(0.5);
    await type('Share of dims that turn', '1');
    expect(rope()).not.toHaveProperty('partial_rotary_factor');
    expect(input('Share of dims that turn').problem).toBeUndefined();
  });
});

describe('lists of numbers', () => {
  it.each([
    ['', []],
    ['1, 1.5,2', [1, 1.5, 2]],
    [' 3 4e1,', [3, 40]],
    ['1,,2', [1, Number.NaN, 2]],
  ])('reads %j', (text, values) => expect(parseNumbers(text)).toEqual(values));
});
