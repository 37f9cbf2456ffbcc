import { describe, expect, it } from 'vitest';
import { fakePage } from '../store/testing/fakeLab';
import { handleShortcut } from './shortcuts';

async function press(key: string, target: Element = document.body, page = fakePage()) {
  if (page.store.getState().phase !== 'open') await page.store.getState().boot();
  const event = new KeyboardEvent('keydown', { key, cancelable: true });
  Object.defineProperty(event, 'target', { value: target });
  handleShortcut(page.store, event);
  await new Promise((resolve) => setTimeout(resolve));
  return { page, event };
}

describe('shortcuts', () => {
  it('train and pause with the space bar', async () => {
    const { page } = await press(' ');
    expect(page.lab.calls).toContain('train');
    await press(' ', document.body, page);
    expect(page.lab.calls).toContain('pause');
  });

  it('leave text fields alone', async () => {
    const { page, event } = await press('s', document.createElement('textarea'));
    expect(page.lab.calls).not.toContain('step');
    expect(event.defaultPrevented).toBe(false);
  });

  it('leave the space bar to buttons, and other keys not', async () => {
    const button = document.createElement('button');
    expect((await press(' ', button)).page.lab.calls).not.toContain('train');
    expect((await press('s', button)).page.lab.calls).toContain('step');
  });

  it('open the help', async () => {
    expect((await press('?')).page.store.getState().dialog).toBe('help');
  });
});
