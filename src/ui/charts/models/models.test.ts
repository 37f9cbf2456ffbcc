import { describe, expect, it } from 'vitest';
import { fakePage } from '../../../store/testing/fakeLab';
import { fixtureRun, fixtureSummary } from '../../../store/testing/recordedFixture';
import { attentionTable, attentionView, binLabel, histogramChange } from '../../attention/attentionView';
import { positionModel, positionTable } from './positionModel';
import { retrievalModel, retrievalTable } from './retrievalModel';
import { latestValidation, validationModel, validationTable } from './validationModel';

/** A page with the recorded run and a second run of the same records under another name. */
function twoRuns() {
  const { store } = fakePage();
  const file = fixtureRun();
  store.getState().addRecorded(file);
  store.getState().receiveRun(fixtureSummary({ id: 'child', name: 'child', start: file.run.start }));
  store.getState().receiveRecords(
    'child',
    file.records.map((record) => (record.type === 'validation' ? { ...record, loss: record.loss - 0.1 } : record)),
  );
  return store;
}

describe('the validation chart', () => {
  it('draws training loss of the viewed run behind both losses of every run', () => {
    const store = twoRuns();
    const labels = validationModel(store.getState()).series.map(({ label }) => label);
    expect(labels).toEqual([
      'training, raw',
      'training',
      'child val_short',
      'child val_long',
      'extend-base val_short',
      'extend-base val_long',
    ]);
  });

  it('dims other runs, leaves out hidden ones, and keeps the baseline bright', () => {
    const store = twoRuns();
    const opacity = () => validationModel(store.getState()).series.find(({ label }) => label === 'child val_long')?.opacity;
    expect(opacity()).toBe(0.4);
    store.getState().pin('child');
    expect(opacity()).toBe(1);
    store.getState().toggleHidden('child');
    expect(opacity()).toBeUndefined();
  });

  it('marks the stage switch on the chosen axis', () => {
    const store = twoRuns();
    store.getState().select({ xAxis: 'steps' });
    expect(validationModel(store.getState()).marks).toEqual([{ x: 26, label: 'T 1024' }]);
  });

  it('draws one curve per source on demand', () => {
    const store = twoRuns();
    store.getState().select({ perSource: true });
    expect(validationModel(store.getState()).series.map(({ label }) => label)).toContain('keyed-facts val_long');
  });

  it('counts the difference from the baseline at the same tokens', () => {
    const store = twoRuns();
    store.getState().view('child');
    store.getState().pin('recorded');
    expect(latestValidation(store.getState(), 'long')?.difference).toBeCloseTo(-0.1, 12);
  });

  it('has every training loss of the viewed run and every validation in its table', () => {
    const { columns, rows } = validationTable(twoRuns().getState());
    const kind = columns.indexOf('kind');
    expect(rows.filter((row) => row[kind] === 'training')).toHaveLength(100);
    expect(rows.filter((row) => row[kind] !== 'training')).toHaveLength(44);
    expect(columns).toContain('loss keyed-facts');
    expect(new Set(rows.map((row) => row.length))).toEqual(new Set([columns.length]));
  });
});

describe('the position chart', () => {
  it('shows the last and the first record and marks the base length', () => {
    const { series, marks } = positionModel(twoRuns().getState());
    expect(series.map(({ label }) => label)).toEqual(['step 0', 'step 100']);
    expect(marks).toEqual([{ x: 256, label: 'base 256' }]);
    expect(positionTable(twoRuns().getState()).rows[0].slice(0, 2)).toEqual([1, 1]);
  });
});

describe('the retrieval chart', () => {
  it('shows the control beside the answers', () => {
    expect(retrievalModel(twoRuns().getState()).series.map(({ label }) => label)).toEqual([
      'control, not told',
      'answer, step 0',
      'answer, step 100',
    ]);
    expect(retrievalTable(twoRuns().getState()).rows).toHaveLength(66);
  });
});

describe('the attention table', () => {
  it('has a row per head and one for a uniform head, in full precision', () => {
    const state = twoRuns().getState();
    const { columns, rows } = attentionTable(state);
    expect(rows).toHaveLength(17);
    expect(rows.at(-1)?.[0]).toBe('uniform');
    const mass = columns.indexOf('mass 2–3');
    expect(rows[5][mass]).toBe(attentionView(state)?.record.histogram[5 * 11 + 2]);
  });

  it('follows the newest record until one is chosen', () => {
    const store = twoRuns();
    expect(attentionView(store.getState())?.record.step).toBe(100);
    store.getState().selectAttention({ record: 3 });
    expect(attentionView(store.getState())?.record.step).toBe(30);
    store.getState().followLive();
    expect(attentionView(store.getState())?.index).toBe(10);
  });

  it('counts changes from the first record; they sum to zero in each row', () => {
    const view = attentionView(twoRuns().getState());
    const change = view ? histogramChange(view.record, view.first) : new Float64Array();
    expect(change.slice(0, 11).reduce((sum, x) => sum + x, 0)).toBeCloseTo(0, 12);
    expect(Math.max(...change)).toBeGreaterThan(0);
  });

  it('names bins by the distances they hold', () => {
    expect([0, 1, 2, 3, 10].map(binLabel)).toEqual(['0', '1', '2–3', '4–7', '512–1023']);
  });
});
