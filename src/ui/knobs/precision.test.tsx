import { act } from 'react';
import { createRoot, type Root } from 'react-dom/client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FACTS, type FakePage, fakePage } from '../../store/testing/fakeLab';
import { LabProvider } from '../labContext';
import { ModelKnobs } from './ModelKnobs';
import { PlanCard } from './PlanCard';

let page: FakePage;
let root: Root;
let container: HTMLElement;

/** The model's knobs and the plan, on an adapter with these features. */
async function show(features: string[]) {
  page.lab.open = async (_assetsBase, onEvent) => {
    page.lab.onEvent = onEvent;
    return { ...FACTS, adapter: { ...FACTS.adapter, features } };
  };
  await page.store.getState().boot();
  await act(async () =>
    root.render(
      <LabProvider value={page.store}>
        <ModelKnobs />
        <PlanCard />
      </LabProvider>,
    ),
  );
}

function knob() {
  const label = [...container.querySelectorAll('label')].find((each) => each.textContent?.startsWith('Precision'));
  const field = label?.closest('.field');
  const select = label?.querySelector('select');
  const half = select?.querySelector<HTMLOptionElement>('option[value="float16"]');
  if (!field || !select || !half) throw new Error('the precision knob is not there');
  return { field, select, half };
}

async function choose(precision: string) {
  const { select } = knob();
  await act(async () => {
    select.value = precision;
    select.dispatchEvent(new Event('change', { bubbles: true }));
  });
}

beforeEach(() => {
  vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true);
  page = fakePage();
  container = document.body.appendChild(document.createElement('div'));
  root = createRoot(container);
});

afterEach(async () => {
  await act(async () => root.unmount());
  container.remove();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('the precision knob', () => {
  it('changes the recipe, as something that needs a run of its own, and goes back', async () => {
    await show(['shader-f16']);
    expect(knob().half.disabled).toBe(false);
    expect(knob().select.getAttribute('aria-describedby')).toBeNull();
    expect(knob().field.querySelector('.badge')?.textContent).toBe('new run');

    await choose('float16');
    expect(page.store.getState().draft.precision).toBe('float16');
    expect(page.hash.value).toContain('precision=float16');
    expect(page.store.getState().pendingChanges()).toEqual([{ path: 'precision', from: 'float32', to: 'float16' }]);
    expect(knob().field.classList).toContain('changed');

    await act(async () => knob().field.querySelector<HTMLButtonElement>('.reset')?.click());
    expect(page.store.getState().draft.precision).toBe('float32');
    expect(knob().select.value).toBe('float32');
  });

  it('offers no float16 without shader-f16, and says why', async () => {
    await show(['timestamp-query']);
    const { select, half } = knob();
    expect(half.disabled).toBe(true);
    expect(select.disabled).toBe(false);
    const reason = document.getElementById(select.getAttribute('aria-describedby') ?? '');
    expect(reason?.textContent).toMatch(/shader-f16.*adapter does not have/);
  });

  it('shows a recipe that asks for float16 all the same, with the sentence of the plan, and leads back', async () => {
    vi.useFakeTimers();
    await show([]);
    page.lab.failing = { name: 'plan', message: 'recipe: expected precision float32, since this adapter has no shader-f16' };
    await act(async () => {
      page.store.getState().load({ ...page.store.getState().draft, precision: 'float16' });
      await vi.runAllTimersAsync();
    });
    expect(knob().select.value).toBe('float16');
    expect(container.querySelector('.field-problem')?.textContent).toMatch(/no shader-f16/);

    await choose('float32');
    await act(async () => void (await vi.runAllTimersAsync()));
    expect(page.store.getState().draft.precision).toBe('float32');
    expect(container.querySelector('.field-problem')).toBeNull();
  });
});
