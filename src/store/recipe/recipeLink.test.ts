import { describe, expect, it } from 'vitest';
import type { Recipe } from '../../core/recipe';
import { fakePage } from '../testing/fakeLab';
import { FIXTURE_RECIPE } from '../testing/recordedFixture';
import { changeKind, describeChange, kindOfChange, recipeChanges } from './recipeFields';
import { recipeFromHash, recipeToHash } from './recipeLink';

const presets = [FIXTURE_RECIPE];

function edited(change: (recipe: Recipe) => void): Recipe {
  const recipe = structuredClone(FIXTURE_RECIPE);
  change(recipe);
  return recipe;
}

describe('a recipe link', () => {
  it('names the preset only where nothing differs', () => {
    expect(recipeToHash(FIXTURE_RECIPE, FIXTURE_RECIPE)).toBe('#p=extend-base');
  });

  it('reads as fields and values', () => {
    const recipe = edited((draft) => {
      draft.rope_parameters.rope_theta = 1e6;
      draft.curriculum.stages = [
        { sequence_length: 128, share: 0.5 },
        { sequence_length: 2048, share: 0.5 },
      ];
    });
    expect(recipeToHash(FIXTURE_RECIPE, recipe)).toBe(
      '#p=extend-base&rope_parameters.rope_theta=1000000&curriculum.stages=128:0.5,2048:0.5',
    );
  });

  it('names a preset by the words of its name', () => {
    const preset = edited((draft) => void (draft.name = 'Extend the base, 256 to 1,024 tokens'));
    const hash = recipeToHash(preset, preset);
    expect(hash).toBe('#p=extend-the-base-256-to-1-024-tokens');
    expect(recipeFromHash(hash, [FIXTURE_RECIPE, preset]).preset).toBe(preset);
  });

  const recipes: [string, Recipe][] = [
    [
      'layers',
      edited(
        (r) =>
          void (r.rope_parameters = {
            rope_type: 'longrope',
            rope_theta: 10_000,
            factor: 4,
            original_max_position_embeddings: 64,
            short_factor: [1, 1.5],
            long_factor: [2],
            nope_layers: [3],
          }),
      ),
    ],
    ['another encoding', edited((r) => void (r.rope_parameters = { rope_type: 'linear', rope_theta: 10_000, factor: 4 }))],
    [
      'a new model',
      edited((r) => {
        r.model = {
          shape: {
            vocab_size: 259,
            hidden_size: 64,
            intermediate_size: 192,
            num_hidden_layers: 2,
            num_attention_heads: 2,
            num_key_value_heads: 1,
            head_dim: 32,
            rms_norm_eps: 1e-5,
            tie_word_embeddings: true,
            initializer_range: 0.02,
          },
        };
        r.tokenizer = 'bytes';
      }),
    ],
    [
      'betas and mix',
      edited((r) => {
        r.optimizer.betas = [0.8, 0.99];
        r.data.sources = [{ name: 'my:notes', share: 1 }];
      }),
    ],
    ['a name that looks like a number', edited((r) => void (r.name = '42'))],
    ['a name with separators', edited((r) => void (r.name = 'a & b = c #1, 100 %'))],
  ];
  it.each(recipes)('brings back %s', (_, recipe) => {
    expect(recipeFromHash(recipeToHash(FIXTURE_RECIPE, recipe), presets).recipe).toEqual(recipe);
  });

  it('is the first preset when empty', () => {
    expect(recipeFromHash('', presets)).toEqual({ preset: FIXTURE_RECIPE, recipe: FIXTURE_RECIPE });
  });

  const broken: [string, RegExp][] = [
    ['#p=nope', /p to name one of extend-base, got nope/],
    ['#nonsense', /name=value/],
    ['#p=extend-base&rope_parameters.rope_theta=big', /rope_parameters\.rope_theta/],
    ['#p=extend-base&colour=red', /Unrecognized key/],
    ['#p=extend-base&curriculum.stages=long', /list like 256:0\.4/],
    ['#p=extend-base&__proto__.x=1', /names of recipe fields/],
    ['#p=extend-base&name.first=x', /hold other fields/],
    ['#p=%E0%A4%A', /percent-encoded/],
  ];
  it.each(broken)('refuses %s with a sentence', (hash, message) => {
    expect(() => recipeFromHash(hash, presets)).toThrow(message);
  });

  it('is reported, not thrown, when the page opens with a broken one', async () => {
    const page = fakePage();
    page.hash.value = '#p=nope';
    await page.store.getState().boot();
    expect(page.store.getState().problems[0].message).toMatch(/p to name one of/);
    expect(page.store.getState().draft).toEqual(FIXTURE_RECIPE);
  });

  it('follows the knobs', async () => {
    const page = fakePage();
    await page.store.getState().boot();
    page.store.getState().edit((draft) => void (draft.seed = 3));
    expect(page.hash.value).toBe('#p=extend-base&seed=3');
    page.hash.value = '#p=short';
    page.store.getState().followLink();
    expect(page.store.getState().draft.name).toBe('short');
  });
});

describe('recipe changes', () => {
  it('are short sentences', () => {
    const recipe = edited((draft) => void (draft.rope_parameters.rope_theta = 10_000));
    expect(recipeChanges(recipe, FIXTURE_RECIPE).map(describeChange)).toEqual(['rope_theta 1e4 → 5e5']);
  });

  it('know which knob acts how', () => {
    expect(changeKind('optimizer.learning_rate')).toBe('live');
    expect(changeKind('curriculum.stages')).toBe('fork');
    expect(changeKind('rope_parameters.rope_theta')).toBe('fork');
    expect(changeKind('model.shape.hidden_size')).toBe('new');
    expect(kindOfChange({ path: 'data.sources', from: 'a:1', to: 'a:0.5,b:0.5' })).toBe('fork');
    expect(kindOfChange({ path: 'data.sources', from: 'a:0.5,b:0.5', to: 'a:0.2,b:0.8' })).toBe('live');
    expect(kindOfChange({ path: 'data.sources', from: 'a:1', to: 'a:1,b:0' })).toBe('label');
  });
});
